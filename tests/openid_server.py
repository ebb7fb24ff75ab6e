"""A real OpenID provider on this machine, and a browser that signs in there without anybody."""

import html
import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from tests.environments import python_with
from tests.servers import free_port, wait_until_listening

CLIENT_ID, CLIENT_SECRET = "modelyard", "client-secret-of-the-tests"
_PROGRAM = Path(__file__).parent / "openid_program.py"
_MOST_PAGES = 10


@dataclass(frozen=True)
class OpenidUser:
    """Somebody with an account at the provider."""

    user_name: str
    given_name: str
    family_name: str
    email: str
    email_verified: bool = True
    groups: tuple[str, ...] = ()
    password: str = "a password at the provider ☃"


ALICE = OpenidUser("alice", "Alice", "Ångström", "alice@example.org", groups=("data-science", "ops"))
BOB = OpenidUser("bob", "Bob", "Builder", "bob@example.org")
MALLORY = OpenidUser("mallory", "Mallory", "Alias", "alice@example.org", email_verified=False, groups=("ops",))
"""Says that Alice's address is hers, which nobody has verified."""
USERS = (ALICE, BOB, MALLORY)


@dataclass(frozen=True)
class OpenidServer:
    """A running provider, and what a client has to know of it."""

    issuer: str
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET

    @property
    def settings(self) -> dict[str, str]:
        """Of a server whose people come from here: data scientists into the team Vision, and ops as auditors."""
        return {
            "MODELYARD_OIDC_ISSUER": self.issuer,
            "MODELYARD_OIDC_CLIENT_ID": self.client_id,
            "MODELYARD_OIDC_CLIENT_SECRET": self.client_secret,
            "MODELYARD_OIDC_SCOPES": "openid email profile groups",
            "MODELYARD_OIDC_TEAMS": "data-science=Vision:DATA_SCIENTIST;ops=Administrators:AUDITOR",
        }


@contextmanager
def openid_server(
    directory: Path, redirect_uris: Sequence[str], users: Sequence[OpenidUser] = USERS
) -> Iterator[OpenidServer]:
    """Runs a provider until the block ends.

    Args:
        directory: where its log goes, in `openid.log`.
        redirect_uris: where it may send browsers back to.
    """
    port = free_port()
    described = {
        "port": port,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uris": list(redirect_uris),
        "users": [asdict(user) for user in users],
    }
    command = [str(python_with("openid-provider")), "-I", "-W", "ignore", str(_PROGRAM)]
    path = directory / "openid.log"
    with path.open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=directory)
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(described).encode() + b"\n")
            process.stdin.close()
            wait_until_listening(f"127.0.0.1:{port}", process, path)
            yield OpenidServer(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(10)


class SignInFailed(Exception):
    """The provider did not send the browser back."""


def sign_in(address: str, user: OpenidUser, back_to: str) -> str:
    """Fills in the provider's forms, and gives the address below `back_to` that it sends the browser to."""
    with httpx.Client(follow_redirects=False, timeout=20) as browser:
        page = browser.get(address)
        for _ in range(_MOST_PAGES):
            if page.is_redirect:
                target = str(page.url.join(page.headers["Location"]))
                if target.startswith(back_to):
                    return target
                page = browser.get(target)
            elif page.status_code == 200:
                page = browser.post(page.url, data=_fill_in(page.text, user))
            else:
                break
    raise SignInFailed(f"{page.status_code} {page.url}: {page.text[-2000:]}")


def _fill_in(page: str, user: OpenidUser) -> dict[str, str]:
    answers = {"login": user.user_name, "password": user.password}
    filled = {}
    for tag in re.findall(r"<input[^>]*>", page):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        name = attributes.get("name", "")
        if name in answers or attributes.get("type") == "hidden":
            filled[name] = answers.get(name) or html.unescape(attributes.get("value", ""))
    return filled
