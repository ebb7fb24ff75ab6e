"""Choosing a password with a link, and changing it, against a real server."""

import asyncio

import pytest

from modelyard.app import Platform
from modelyard.domain.accounts.passwords import hash_password
from modelyard.domain.accounts.tables import User
from modelyard.entrypoints.cli.profile_file import Profile
from tests.cast import CAST
from tests.entrypoints.cli.shell import Shell

OLD, NEW = "a long horse staple", "another long horse"
ADA = "ada@example.org"
INVITE = ("users", "invite", ADA, "--first-name", "Ada", "--last-name", "Lovelace", "--team", "team-vision")


async def _signs_in(shell: Shell, url: str, email: str, password: str) -> bool:
    signed_in = ("login", "--url", url, "--email", email, "--password-stdin", "--token", "--profile", "check")
    return "Signed in" in (await _any(shell, *signed_in, stdin=password))


async def _any(shell: Shell, *arguments: str, stdin: str) -> str:
    return (await asyncio.to_thread(shell.run, *arguments, stdin=stdin)).output


async def test_an_invitation_is_accepted(olga: Shell, shell: Shell, url: str) -> None:
    link = (await olga.json(*INVITE))["invitation"]["url"]
    nobody = Shell(shell.home)
    said = await nobody.type("accept", link, stdin=f"{NEW}\n{NEW}\n", interactive=True)

    assert f"An invitation to acme for {ADA} at {url}." in said
    assert f"Now sign in: `modelyard login --url {url} --email {ADA}`" in said
    assert NEW not in said
    assert await _signs_in(nobody, url, ADA, NEW)
    assert "not valid" in await nobody.type("accept", link, "--password-stdin", stdin=OLD, code=5)


async def test_a_forgotten_password(olga: Shell, shell: Shell, url: str) -> None:
    token = (await olga.json("users", "reset-password", CAST.bob.email))["url"].rpartition("/")[2]
    nobody = Shell(shell.home, {"MODELYARD_URL": url})

    for elsewhere in ("http://elsewhere.example", "http://127.0.0.1:1"):
        refused = await nobody.type(
            "accept", f"{elsewhere}/new-password/{token}", "--password-stdin", stdin=NEW, code=2
        )
        assert (f"leads to {elsewhere}, not to {url}" in refused, token in refused) == (True, False)
    said = await nobody.type("accept", f"/new-password/{token}", "--password-stdin", stdin=NEW)
    assert f"A new password for {CAST.bob.email}" in said
    assert await _signs_in(nobody, url, CAST.bob.email, NEW)


async def test_a_weak_password_uses_nothing_up(olga: Shell, shell: Shell) -> None:
    link = (await olga.json(*INVITE))["invitation"]["url"]
    await Shell(shell.home).type("accept", link, "--password-stdin", stdin="short", code=7)
    await Shell(shell.home).type("accept", link, "--password-stdin", stdin=NEW)


def test_nobody_is_there_to_type(shell: Shell) -> None:
    assert "--passwords-stdin" in shell.run("password").stderr
    assert "no link" in shell.run("accept", "http://x/y").stderr


@pytest.fixture
async def bob(shell: Shell, url: str, platform: Platform) -> Shell:
    """A shell in which Bob is logged in with a token."""
    async with platform.database.write() as session:
        (await session.get_one(User, CAST.bob.user_id)).password_hash = hash_password(OLD)
    home = Shell(shell.home)
    await home.type("login", "--url", url, "--email", CAST.bob.email, "--password-stdin", "--token", stdin=OLD)
    return home


async def test_a_password_is_changed(bob: Shell, url: str) -> None:
    said = await bob.type("password", stdin=f"{OLD}\n{NEW}\n{NEW}\n", interactive=True)

    assert f"The password of {CAST.bob.email} is changed." in said
    assert "run `modelyard login`" in said
    assert (OLD in said, NEW in said) == (False, False)
    await bob.type("whoami", code=3)
    assert await _signs_in(bob, url, CAST.bob.email, NEW)


async def test_it_is_not_changed_by_somebody_else(bob: Shell, url: str) -> None:
    options = ("--passwords-stdin", "--url", url, "--email")
    assert "wrong" in await bob.type("password", *options, CAST.bob.email, stdin=f"{NEW}\n{NEW}\n", code=3)
    await bob.type("password", *options, CAST.bob.email, stdin=f"{OLD}\nshort\n", code=7)
    assert await _signs_in(bob, url, CAST.bob.email, OLD)


def test_a_profile_with_a_key_alone_names_nobody(shell: Shell) -> None:
    shell.store("default", Profile("http://x", api_key="prefix12.body1234"))

    assert "give --email" in shell.run("password", "--passwords-stdin", stdin="x").stderr
