"""The file of profiles: which servers one knows, and what proves there who one is. Only its owner can read it."""

import fcntl
import json
import os
import re
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit

USUAL_NAME = "default"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HEAD = "# Written by `modelyard login` and `modelyard profiles`. It holds keys: show it to nobody.\n"


@dataclass(frozen=True)
class Profile:
    """A server, and a key or a token that it knows."""

    url: str
    email: str = ""
    api_key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    team: str = ""
    expires_at: str = ""
    """Until when the token holds."""

    @property
    def key_prefix(self) -> str:
        """The part of the key that is no secret."""
        return self.api_key.partition(".")[0]


@dataclass(frozen=True)
class Profiles:
    """All profiles, and the one in use."""

    current: str = ""
    by_name: Mapping[str, Profile] = field(default_factory=dict)

    def with_profile(self, name: str, profile: Profile) -> "Profiles":
        """The same with this one in it, in use."""
        return Profiles(name, {**self.by_name, name: profile})

    def without(self, name: str) -> "Profiles":
        """The same without it."""
        left = {other: profile for other, profile in self.by_name.items() if other != name}
        return Profiles("" if self.current == name else self.current, left)

    def using(self, name: str) -> "Profiles":
        """The same with another one in use."""
        return replace(self, current=name)


class NoSuchProfile(CommandFailed):
    """A profile was named that is not in the file."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no profile {name!r}; `modelyard profiles list` shows those there are.", Exit.USAGE)


class ProfileFile:
    """The file below the user's directory of configuration."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "profiles.toml"

    def read(self) -> Profiles:
        """What is in the file; nothing when there is none. Raises CommandFailed."""
        try:
            content = tomllib.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Profiles()
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise CommandFailed(f"The profiles in {self.path} cannot be read: {error}", Exit.USAGE) from None
        entries = content.get("profiles")
        named = entries.items() if isinstance(entries, dict) else ()
        by_name = {name: _profile(entry) for name, entry in named if isinstance(entry, dict)}
        return Profiles(str(content.get("current", "")), by_name)

    def is_open_to_others(self) -> bool:
        """Whether other users of this machine can read the keys."""
        try:
            return bool(self.path.stat().st_mode & 0o077)
        except OSError:
            return False

    @contextmanager
    def changing(self) -> Iterator["Draft"]:
        """Reads, lets change `draft.profiles`, and replaces the file at once; two of these do not mix."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with (self.path.parent / "profiles.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                draft = Draft(self.read())
                yield draft
                self._write(draft.profiles)
        except OSError as error:
            raise CommandFailed(f"The profiles in {self.path} cannot be written: {error}", Exit.USAGE) from None

    def _write(self, profiles: Profiles) -> None:
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".profiles-")  # made with mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(_toml(profiles))
                file.flush()
                os.fsync(handle)
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


@dataclass
class Draft:
    """Profiles that are being changed."""

    profiles: Profiles


def check_name(name: str) -> str:
    """The name, when it is one for a profile. Raises CommandFailed."""
    if not _NAME.fullmatch(name):
        raise CommandFailed(f"A profile's name has letters, digits, '.', '_' and '-', not {name!r}.", Exit.USAGE)
    return name


def _profile(entry: Mapping[str, object]) -> Profile:
    known = {one.name: value for one in fields(Profile) if isinstance(value := entry.get(one.name), str)}
    return Profile(**{"url": "", **known})


def _toml(profiles: Profiles) -> str:
    lines = [_HEAD, f"current = {_quoted(profiles.current)}\n"]
    for name, profile in sorted(profiles.by_name.items()):
        members = [f"{member} = {_quoted(value)}\n" for member, value in asdict(profile).items() if value]
        lines += [f"\n[profiles.{_quoted(name)}]\n", *members]
    return "".join(lines)


def _quoted(text: str) -> str:
    """A basic string of TOML, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
