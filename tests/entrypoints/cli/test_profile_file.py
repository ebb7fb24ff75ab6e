"""The file of profiles: only its owner reads it, it is replaced at once, and what is wrong with it is told."""

import threading
from pathlib import Path

import pytest

from modelyard.entrypoints.cli.exit_codes import CommandFailed
from modelyard.entrypoints.cli.profile_file import Profile, ProfileFile, Profiles, check_name

KEY = "prefix12.body5678"


@pytest.fixture
def file(tmp_path: Path) -> ProfileFile:
    return ProfileFile(tmp_path / "config" / "modelyard")


def _add(file: ProfileFile, name: str, profile: Profile) -> None:
    with file.changing() as draft:
        draft.profiles = draft.profiles.with_profile(name, profile)


def test_no_file_means_no_profiles(file: ProfileFile) -> None:
    assert file.read() == Profiles()
    assert not file.is_open_to_others()


def test_what_is_written_is_read(file: ProfileFile) -> None:
    profile = Profile('http://a"b\\c', "zoë@example.org", api_key=KEY, team="team\t1")
    _add(file, "one.two-3", profile)
    _add(file, "other", Profile("http://other", token="t", expires_at="2026-01-01T00:00:00+00:00"))

    found = file.read()

    assert found.by_name["one.two-3"] == profile
    assert found.by_name["one.two-3"].key_prefix == "prefix12"
    assert found.current == "other"


def test_only_the_owner_can_read_it(file: ProfileFile) -> None:
    _add(file, "one", Profile("http://one", api_key=KEY))

    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.path.parent.stat().st_mode & 0o777 == 0o700
    file.path.chmod(0o644)
    assert file.is_open_to_others()
    _add(file, "two", Profile("http://two"))
    assert not file.is_open_to_others()


def test_a_failure_leaves_the_file_as_it_was(file: ProfileFile) -> None:
    _add(file, "one", Profile("http://one", api_key=KEY))
    before = file.path.read_bytes()

    with pytest.raises(ZeroDivisionError), file.changing() as draft:
        draft.profiles = Profiles(str(1 / 0))

    assert file.path.read_bytes() == before
    assert [path.name for path in file.path.parent.iterdir() if path.name.startswith(".")] == []


def test_two_that_write_at_once_do_not_mix(file: ProfileFile) -> None:
    threads = [threading.Thread(target=_add, args=(file, f"p{number}", Profile("http://x"))) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(file.read().by_name) == 20


@pytest.mark.parametrize("content", [b"current = ", b"\xff\xfe", b"[profiles]\nprofiles = [\n"])
def test_a_broken_file_is_told(file: ProfileFile, content: bytes) -> None:
    file.path.parent.mkdir(parents=True)
    file.path.write_bytes(content)

    with pytest.raises(CommandFailed, match="cannot be read"):
        file.read()


@pytest.mark.parametrize("content", ["current = 5", "profiles = 5", "[profiles]\none = 5", "[profiles.one]\nurl = 5"])
def test_odd_values_are_no_profiles(file: ProfileFile, content: str) -> None:
    file.path.parent.mkdir(parents=True)
    file.path.write_text(content)

    assert all(profile.url == "" for profile in file.read().by_name.values())


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()

    with pytest.raises(CommandFailed, match="cannot be written"), ProfileFile(tmp_path / "taken").changing():
        pass


@pytest.mark.parametrize("name", ["", ".hidden", "a b", "a/b", "a\nb", "x" * 65, "ä"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(CommandFailed, match="name"):
        check_name(name)


def test_no_secret_in_what_is_printed_by_accident() -> None:
    assert "body5678" not in repr(Profile("http://one", api_key=KEY, token="body5678"))
