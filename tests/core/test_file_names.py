"""Names of strangers as names of files."""

import pytest

from modelyard.core.file_names import LONGEST, UniqueNames, disposition, safe_file_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("results.json", "results.json"),
        ("a/b\\c:d", "a_b_c_d"),
        ("..", "__"),
        ("../../etc", "___.._etc"),
        (".hidden", "_hidden"),
        ("end. ", "end_"),
        ("con.txt", "_con.txt"),
        ("", "_"),
        ("  ", "_"),
        ("a\r\nb\u202e", "a__b_"),
        ("😀 é", "😀 é"),
        ("e\u0301", "é"),
    ],
)
def test_safe_names(text: str, name: str) -> None:
    assert safe_file_name(text) == name


def test_long_names_keep_their_ending() -> None:
    for text in ("x" * 5000 + ".json", "😀" * 500 + ".json", "x." + "y" * 5000):
        assert len(safe_file_name(text).encode()) <= LONGEST
    assert safe_file_name("x" * 5000 + ".json").endswith("x.json")


def test_names_of_one_folder_are_different_in_any_case() -> None:
    texts = ["list", "a.txt", "A.TXT", "a~2.txt", "a.txt", "x/y", "x_y", "x" * 200, "x" * 201]
    first, second = UniqueNames("List"), UniqueNames("List")
    names = [first.take(text) for text in texts]

    assert names[:5] == ["list~2", "a.txt", "A~2.TXT", "a~2~2.txt", "a~3.txt"]
    assert len({name.casefold() for name in names}) == len(names)
    assert [second.take(text) for text in texts] == names


def test_the_header_that_names_a_file() -> None:
    assert disposition("a.png", is_shown=True) == 'inline; filename="a.png"'
    assert disposition('ü"\r\n.png') == "attachment; filename=\"____.png\"; filename*=UTF-8''%C3%BC___.png"
