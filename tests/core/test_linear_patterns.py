"""Patterns of strangers: what they find, what is refused, and that none is slow."""

import pytest

from modelyard.core.linear_patterns import PatternRejected, TextTooLong, compile_pattern, pattern_size


@pytest.mark.parametrize(
    ("pattern", "text", "is_in"),
    [
        ("b", "abc", True),
        ("^b", "abc", False),
        ("^[0-9]{4}-[0-9]{2}$", "2026-01", True),
        ("^[0-9]{4}-[0-9]{2}$", "2026-01\n", False),
        (r"^\p{Lu}\w+$", "Größe", True),
        (r"\/", "a/b", True),
        (r"\u0041", "A", True),
        ("(?i)abc", "xABCx", True),
        (r"^[\[\]]$", "[", True),
        (r"^[[:digit:]]+$", "123", True),
        (r"\[a[x(?x)]", "[ax", True),
    ],
)
def test_found(pattern: str, text: str, is_in: bool) -> None:
    assert compile_pattern(pattern).is_in(text) is is_in


@pytest.mark.parametrize(
    "pattern", ["(a*)*b", "^(a|a)*$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(.*a){12}", "(a?){100}a{100}$"]
)
def test_patterns_that_make_others_track_back(pattern: str) -> None:
    assert compile_pattern(pattern).is_in("a" * 50_000 + "!") in {True, False}


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(?=a)", "look-around"),
        (r"(a)\1", "backreferences"),
        ("[", "unclosed"),
        ("a{2,1}", "repetition"),
        ("(((a{100}){100}){100})", "too large"),
        (r"\w{1000}", "too large"),
        ("x" * 1001, "too large"),
        (r"(?x)(?:[ab]*a[ab]{ 1000 }){ 4 }", "flag x"),
        ("(?i-x:a)", "flag x"),
        (r"[a[\w]]{90}", "class inside a class"),
        ("[a-z&&[b]]", "class inside a class"),
    ],
)
def test_refused(pattern: str, reason: str) -> None:
    with pytest.raises(PatternRejected, match=reason):
        compile_pattern(pattern)


def test_a_text_too_long_for_a_large_pattern() -> None:
    with pytest.raises(TextTooLong):
        compile_pattern("(abc){1000}").is_in("a" * 100_000)


@pytest.mark.parametrize(
    ("pattern", "size"),
    [
        ("", 0),
        ("abc", 3),
        ("[0-9a-f]{8}", 8),
        ("(ab){3}", 6),
        ("((a{2}){3}){4}", 24),
        (r"\d", 50),
        ("[[:alpha:]]{2}", 100),
        (r"\{3}", 3),
        ("a)", 2),
    ],
)
def test_sizes(pattern: str, size: int) -> None:
    assert pattern_size(pattern) == size
