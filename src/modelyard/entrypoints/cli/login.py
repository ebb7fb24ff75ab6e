"""`modelyard login`, `logout` and `whoami`."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from modelyard.entrypoints.cli.access import (
    USUAL_URL,
    Access,
    api_key_header,
    check_url,
    find_profile,
    profile_access,
)
from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.key_choice import Wishes, find_held_key, take
from modelyard.entrypoints.cli.over_rest import (
    connection_options,
    opened,
    over_rest,
    profile_option,
    url_option,
    warn_of_plain,
)
from modelyard.entrypoints.cli.profile_file import USUAL_NAME, Profile, ProfileFile, Profiles, check_name
from modelyard.entrypoints.cli.secret_input import read_secret
from modelyard.entrypoints.cli.shown import Column, Screen
from modelyard.entrypoints.cli.surroundings import Surroundings, find_surroundings
from modelyard.entrypoints.cli.times import readable

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.remote import Remote

WHO: list[Column] = [
    ("user", "user.email"),
    ("name", "user.firstName+lastName"),
    ("account", "account.name"),
    ("team", "team.name"),
    ("project", "project.name"),
    ("roles", "roles"),
    ("entitlements", "entitlements"),
    ("key", "accessKey"),
    ("scopes", "scopes"),
    ("networks", "networks"),
    ("holds until", "expiresAt"),
    ("server", "server"),
]


@click.command()
@click.option("--email", help="E-mail address to sign in with.")
@click.option("--team", help="Team to act for, by identifier or name.  [default: your first]")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--api-key-stdin", is_flag=True, help="Store the API key on standard input instead of signing in.")
@click.option("--replace-key", is_flag=True, help="Make a new key body when the old one was fetched before.")
@click.option("--token", "only_token", is_flag=True, help="Store a token that holds for a while, and no key.")
@profile_option
@url_option
@connection_options
def login(
    *,
    email: str | None,
    team: str | None,
    password_stdin: bool,
    api_key_stdin: bool,
    replace_key: bool,
    only_token: bool,
    profile: str | None,
    url: str | None,
    timeout: float,
    verbose: bool,
) -> None:
    """Sign in, and store your API key for this server in a profile.

    Your key is fetched when nobody has fetched it yet. If it was, choose: --replace-key makes a new one, and programs
    with the old one stop working; or a token is stored, which holds for about an hour.
    """
    from modelyard.entrypoints.cli.sign_in import check_server

    around, screen = find_surroundings(), Screen()
    file = ProfileFile(around.config_directory)
    address = _find_address(around, url, profile)
    name = check_name(profile or around.profile or name_for(file.read(), address))
    if not (api_key_stdin or around.is_interactive or (email and password_stdin)):
        raise click.UsageError("Nobody is here to type: give --email and --password-stdin, or --api-key-stdin.")
    warn_of_plain(address, screen)
    with file.changing() as draft:  # it can be written, which is better known before a key is shown for the only time
        before = draft.profiles
    with opened(Access(address), screen, timeout, verbose) as server:
        check_server(server)
    if api_key_stdin:
        stored = _check_given_key(address, screen, timeout, verbose)
    else:
        wishes = Wishes(email, team, replace_key, only_token, password_stdin)
        held = find_held_key(before.by_name.get(name), address, screen, timeout, verbose)
        stored = _sign_in(around, address, screen, wishes, held, lambda one: _store(file, name, one), timeout, verbose)
    _store(file, name, stored)
    screen.done(f"Signed in to {address}. {_told(name, stored, before)}", {})


@click.command()
@profile_option
@connection_options
def logout(profile: str | None, timeout: float, verbose: bool) -> None:
    """Forget the key or token of a profile. A token ends; a key goes on to work: `keys deactivate` ends it."""
    around, screen = find_surroundings(), Screen()
    found = find_profile(around, profile)
    if found is None or not (found.api_key or found.token):
        raise CommandFailed("You are not logged in.", Exit.NOT_AUTHENTICATED)
    file = ProfileFile(around.config_directory)
    name = profile or around.profile or file.read().current or USUAL_NAME
    if found.token:
        _end_token(found, screen, timeout, verbose)
    with file.changing() as draft:
        current = draft.profiles.current
        draft.profiles = draft.profiles.with_profile(name, Profile(found.url, found.email)).using(current)
    screen.done(f"The profile {name} has forgotten its {'token' if found.token else 'key'}.", {})


@click.command()
@over_rest
def whoami(server: "Remote", screen: Screen) -> None:
    """Show who the server takes you for, and how you get in."""
    from modelyard.entrypoints.cli.sign_in import who

    screen.thing(who(server), WHO)


def name_for(profiles: Profiles, address: str) -> str:
    """A name for the profile of an address: the one that it has, the usual one, or the name of the host."""
    for name, profile in profiles.by_name.items():
        if profile.url == address:
            return name
    if USUAL_NAME not in profiles.by_name:
        return USUAL_NAME
    parts = urlsplit(address)
    name = re.sub(r"[^A-Za-z0-9.-]", "-", f"{parts.hostname}{f'-{parts.port}' if parts.port else ''}").lstrip("-.")[:64]
    if name in profiles.by_name:
        raise CommandFailed(f"There is a profile {name} already; name another with --profile.", Exit.USAGE)
    return name


def _find_address(around: Surroundings, url: str | None, profile: str | None) -> str:
    if url or (around.url and not profile):
        return check_url(url or around.url)
    profiles = ProfileFile(around.config_directory).read()
    known = profiles.by_name.get(profile or around.profile or profiles.current or USUAL_NAME)
    usual = (known.url if known else "") or USUAL_URL
    if not around.is_interactive or known:
        return check_url(usual)
    return check_url(click.prompt("Address of the server", default=usual, err=True))


def _check_given_key(address: str, screen: Screen, seconds: float, verbose: bool) -> Profile:
    from modelyard.entrypoints.cli.sign_in import check_key

    key = read_secret()
    access = Access(address, api_key_header(key), origin="standard input")
    with opened(access, screen, seconds, verbose) as server:
        check_key(server)
    return Profile(address, api_key=key)


def _sign_in(
    around: Surroundings,
    address: str,
    screen: Screen,
    wishes: Wishes,
    held: str,
    store: Callable[[Profile], None],
    seconds: float,
    verbose: bool,
) -> Profile:
    from modelyard.entrypoints.cli.sign_in import SignedIn

    email, password = _ask_person(wishes)
    with opened(Access(address), screen, seconds, verbose) as server:
        signed_in = SignedIn(server, email, password)
        if wishes.team:
            signed_in.act_for(wishes.team)
        try:
            stored = take(around, signed_in, screen, wishes, held)
        except (CommandFailed, click.Abort):
            signed_in.end()
            raise
        if stored.api_key:
            store(stored)  # at once: nobody shows it again
            signed_in.end()
    return stored


def _told(name: str, stored: Profile, before: Profiles) -> str:
    """What the profile has now, and whether it took the place of another."""
    what = f"the key {stored.key_prefix}"
    if not stored.api_key:
        what = f"a token that holds until {readable(stored.expires_at)}"
    old = before.by_name.get(name)
    instead = f" instead of the key {old.key_prefix}" if old and old.api_key not in {"", stored.api_key} else ""
    used = "" if before.current == name else " and is in use from now on"
    return f"The profile {name} has {what}{instead}{used}."


def _ask_person(wishes: Wishes) -> tuple[str, str]:
    """E-mail address and password."""
    email = wishes.email or click.prompt("E-mail", err=True)
    if wishes.password_stdin:
        return email, read_secret()
    return email, str(click.prompt("Password", hide_input=True, err=True))


def _store(file: ProfileFile, name: str, profile: Profile) -> None:
    with file.changing() as draft:
        draft.profiles = draft.profiles.with_profile(name, profile)


def _end_token(profile: Profile, screen: Screen, seconds: float, verbose: bool) -> None:
    from modelyard.entrypoints.cli.sign_in import end_token

    try:
        with opened(profile_access(profile), screen, seconds, verbose) as server:
            end_token(server)
    except CommandFailed as error:
        screen.note(f"The token was not ended on the server: {error.message}")
