"""`modelyard accept` and `modelyard password`: choosing a password, and changing it."""

from shlex import quote
from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.access import Access, find_profile, find_url
from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.one_time_link import Link, read_link
from modelyard.entrypoints.cli.over_rest import connection_options, opened, profile_option, url_option, warn_of_plain
from modelyard.entrypoints.cli.paths import at
from modelyard.entrypoints.cli.secret_input import ask_new_password, read_secret
from modelyard.entrypoints.cli.shown import Screen
from modelyard.entrypoints.cli.surroundings import Surroundings, find_surroundings

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.remote import Remote


@click.command()
@click.argument("link")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@profile_option
@url_option
@connection_options
def accept(
    *, link: str, password_stdin: bool, profile: str | None, url: str | None, timeout: float, verbose: bool
) -> None:
    """Accept an invitation or choose a new password, with the LINK that you were sent.

    Asks for the password twice. The server is that of the link; where one is named as well, it has to be the same.
    """
    around, screen, wanted = find_surroundings(), Screen(), read_link(link)
    access = Access(_server_of(wanted, around, url, profile))
    warn_of_plain(access.url, screen)
    with opened(access, screen, timeout, verbose) as server:
        path = at("auth", wanted.kind, wanted.token)
        person = server.get(path)
        email = str(person.get("email", ""))
        account = (person.get("account") or {}).get("name", "")
        what = f"An invitation to {account}" if wanted.is_invitation else "A new password"
        screen.note(f"{what} for {email} at {access.url}.")
        server.post(path, {"password": ask_new_password(around, password_stdin)})
    screen.done(f"Now sign in: `modelyard login --url {access.url} --email {quote(email)}`", {})


@click.command()
@click.option("--email", help="Whose password it is.  [default: that of the profile]")
@click.option("--passwords-stdin", is_flag=True, help="Read the old and the new one from standard input, a line each.")
@profile_option
@url_option
@connection_options
def password(
    *, email: str | None, passwords_stdin: bool, profile: str | None, url: str | None, timeout: float, verbose: bool
) -> None:
    """Change your password. Asks for the old one, and for the new one twice; all other sessions end.

    The old password signs you in for it, so a key is not needed. Whoever forgot it is sent a link for `accept`.
    """
    around, screen = find_surroundings(), Screen()
    known = find_profile(around, profile)
    access = Access(find_url(around, url, profile, known))
    email = email or (known.email if known and known.url == access.url else "")
    if not around.is_interactive and not (email and passwords_stdin):
        raise click.UsageError("Nobody is here to type: give --email and --passwords-stdin.")
    warn_of_plain(access.url, screen)
    email = email or str(click.prompt("E-mail", err=True))
    old = read_secret() if passwords_stdin else str(click.prompt("Old password", hide_input=True, err=True))
    new = ask_new_password(around, passwords_stdin)
    with opened(access, screen, timeout, verbose) as server:
        _change(server, email, old, new)
    screen.done(f"The password of {email} is changed. All other sessions have ended.", {})
    if known and known.token and known.url == access.url:
        screen.note("So has the token of the profile: run `modelyard login`.")


def _change(server: "Remote", email: str, old: str, new: str) -> None:
    from modelyard.entrypoints.cli.sign_in import SignedIn

    signed_in = SignedIn(server, email, old)
    try:
        signed_in.change_password(old, new)
    finally:
        signed_in.end()


def _server_of(link: Link, around: Surroundings, url: str | None, profile: str | None) -> str:
    """The server of the link, which has to be the one that was named, if one was. Raises CommandFailed."""
    is_named = bool(url or profile or around.url or around.profile)
    if not link.server or is_named:
        named = find_url(around, url, profile, find_profile(around, profile))
        if link.server not in {"", named}:
            hint = "If that is the same server, give the link without it: only /invitations/… or /new-password/…."
            raise CommandFailed(f"The link leads to {link.server}, not to {named}. {hint}", Exit.USAGE)
        return named
    return link.server
