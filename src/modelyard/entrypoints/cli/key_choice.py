"""Which key or token `modelyard login` stores; a key that works is never lost without a word."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.access import profile_access
from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.over_rest import opened
from modelyard.entrypoints.cli.profile_file import Profile
from modelyard.entrypoints.cli.shown import Screen
from modelyard.entrypoints.cli.surroundings import Surroundings

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.sign_in import OwnKey, SignedIn


@dataclass(frozen=True)
class Wishes:
    """What the options of `login` say."""

    email: str | None
    team: str | None
    replace_key: bool
    only_token: bool
    password_stdin: bool


def find_held_key(profile: Profile | None, address: str, screen: Screen, seconds: float, verbose: bool) -> str:
    """The key that the profile would lose; nothing when it has none, or one that its server knows no more."""
    from modelyard.entrypoints.cli.sign_in import check_key

    if profile is None or not profile.api_key:
        return ""
    if profile.url == address:
        try:
            with opened(profile_access(profile), screen, seconds, verbose) as server:
                check_key(server)
        except CommandFailed as error:
            if error.code == Exit.NOT_AUTHENTICATED:
                return ""
    return profile.api_key


def take(around: Surroundings, signed_in: "SignedIn", screen: Screen, wishes: Wishes, held: str) -> Profile:
    """The key that the profile holds, or one that may be fetched, or a token. Raises CommandFailed, Abort."""
    key, held_prefix = signed_in.find_key(), held.partition(".")[0]
    is_held = bool(key.prefix) and key.prefix == held_prefix
    if is_held and not (wishes.replace_key or wishes.only_token):
        screen.note(f"The profile has the key {held_prefix} already, and it works: it stays.")
        return signed_in.keep_key(held)
    if key.prefix and not wishes.only_token and _may_take(around, wishes, key):
        if held and not is_held:
            _give_up(around, wishes, held_prefix, f"the key {key.prefix}")
        return signed_in.take_key(key)
    if key.prefix and not wishes.only_token:
        screen.note(
            f"The key {key.prefix} was fetched before; --replace-key makes a new one. A token has to do for now."
        )
    if held:
        _give_up(around, wishes, held_prefix, "a token")
    return signed_in.take_token(key)


def _may_take(around: Surroundings, wishes: Wishes, key: "OwnKey") -> bool:
    """Whether to fetch the key, although programs with its old body stop working."""
    question = f"The key {key.prefix} was fetched before. Replace it? Programs with the old body stop working."
    if not key.was_fetched or wishes.replace_key:
        return True
    return around.is_interactive and not wishes.password_stdin and click.confirm(question, err=True)


def _give_up(around: Surroundings, wishes: Wishes, prefix: str, instead: str) -> None:
    """Goes on only when somebody wants the key gone, which nobody shows again. Raises CommandFailed, Abort."""
    loss = f"The profile holds the key {prefix}, whose body nobody shows again."
    if around.is_interactive and not wishes.password_stdin:
        click.confirm(f"{loss} Put {instead} in its place?", abort=True, err=True)
    elif not wishes.only_token:
        hint = "Name another profile with --profile, or run `modelyard logout` before."
        raise CommandFailed(f"{loss} It is not replaced by {instead}. {hint}", Exit.CONFLICT)
