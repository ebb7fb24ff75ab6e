"""Sealed texts and fingerprints."""

import stat
from pathlib import Path

import pytest

from modelyard.core.sealing import Fingerprinter, Sealer, SecretKeyWrong, read_or_create_secret
from tests.cast import SECRET


@pytest.mark.parametrize("text", ["", "password", "pässwörd ☃", "x" * 100_000])
def test_sealed_text_comes_back(sealer: Sealer, text: str) -> None:
    sealed = sealer.seal(text)

    assert sealer.open(sealed) == text
    assert not text or text not in sealed


def test_same_text_is_sealed_differently(sealer: Sealer) -> None:
    assert sealer.seal("password") != sealer.seal("password")


@pytest.mark.parametrize("damage", [lambda text: text[:-5], lambda text: "A" + text[1:], lambda _: "", lambda _: "ä"])
def test_damaged_text_is_not_opened(sealer: Sealer, damage: object) -> None:
    assert callable(damage)
    with pytest.raises(SecretKeyWrong):
        sealer.open(damage(sealer.seal("password")))


def test_another_key_does_not_open(sealer: Sealer) -> None:
    with pytest.raises(SecretKeyWrong, match="another secret key"):
        Sealer(b"another").open(sealer.seal("password"))


def test_what_an_earlier_key_has_sealed_is_opened_and_sealed_again(sealer: Sealer) -> None:
    sealed = sealer.seal("password")
    newer = Sealer(b"newer", SECRET.encode())

    again = newer.seal_again(sealed)

    assert newer.open(sealed) == "password"
    assert Sealer(b"newer").open(again) == "password"
    with pytest.raises(SecretKeyWrong):
        Sealer(b"newer").seal_again(sealed)


def test_fingerprint_depends_on_text_and_key() -> None:
    one, other = Fingerprinter(b"one"), Fingerprinter(b"other")

    assert one.of("a") == one.of("a") != one.of("b")
    assert one.of("a") != other.of("a")
    assert len(one.of("a")) == 64
    assert one.matches("a", one.of("a"))
    assert not one.matches("a", other.of("a"))
    assert not one.matches("a", None)


def test_secret_is_made_once_and_for_this_user_only(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    secret = read_or_create_secret(file)

    assert len(secret) >= 32
    assert read_or_create_secret(file) == secret
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret.key"]


def test_given_secret_is_read_without_its_line_end(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    file.write_text("given\n")

    assert read_or_create_secret(file) == b"given"
