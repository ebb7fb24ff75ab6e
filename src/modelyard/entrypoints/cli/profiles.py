"""`modelyard profiles`: the servers that one knows, and which one is in use."""

import click

from modelyard.entrypoints.cli.lazy import Group
from modelyard.entrypoints.cli.over_rest import complete_profile, confirm, output_option, yes_option
from modelyard.entrypoints.cli.profile_file import NoSuchProfile, Profile, ProfileFile
from modelyard.entrypoints.cli.shown import Column, Screen
from modelyard.entrypoints.cli.surroundings import find_surroundings

LISTED: list[Column] = [
    ("in use", "inUse"),
    ("name", "name"),
    ("url", "url"),
    ("email", "email"),
    ("key", "key"),
    ("holds until", "expiresAt"),
]
_NAME = click.argument("name", shell_complete=complete_profile)


@click.group(cls=Group)
def profiles() -> None:
    """Servers that you have logged in to. `modelyard login --profile NAME` adds one."""


@profiles.command("list")
@output_option
def list_profiles(form: str) -> None:
    """List them, without their keys."""
    found = _file().read()
    shown = [
        _shown(name, profile) | {"inUse": name == found.current} for name, profile in sorted(found.by_name.items())
    ]
    Screen(form).rows([shown], LISTED)


@profiles.command("use")
@_NAME
def use_profile(name: str) -> None:
    """Use the profile NAME from now on."""
    with _file().changing() as draft:
        if name not in draft.profiles.by_name:
            raise NoSuchProfile(name)
        draft.profiles = draft.profiles.using(name)
    Screen().done(f"The profile {name} is in use.", {})


@profiles.command("remove")
@_NAME
@yes_option
def remove_profile(name: str, yes: bool) -> None:
    """Forget the profile NAME and its key. On the server the key goes on to work."""
    if name not in _file().read().by_name:
        raise NoSuchProfile(name)
    confirm(f"Forget the profile {name} and its key?", yes)
    with _file().changing() as draft:
        draft.profiles = draft.profiles.without(name)
    Screen().done(f"The profile {name} is forgotten.", {})


def _file() -> ProfileFile:
    return ProfileFile(find_surroundings().config_directory)


def _shown(name: str, profile: Profile) -> dict[str, object]:
    key = profile.key_prefix or ("a token" if profile.token else None)
    return {"name": name, "url": profile.url, "email": profile.email, "key": key, "expiresAt": profile.expires_at}
