"""A real server with models, jobs and people, and a real browser to look at them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from examples.demo.images import EXAMPLES
from tests.browser.looking import SCREENSHOTS, Visitor, new_visitor
from tests.journeys.conftest import end_server
from tests.journeys.server import Server

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
PASSWORD = "correct horse battery staple"
PEOPLE = {
    "Alice": (["DEVELOPER", "DATA_SCIENTIST"], "Acme"),
    "Bob": (["DEVELOPER"], "Acme"),
    "Charlie": (["DEVELOPER"], "Elsewhere"),
}
"""Their roles and teams; Olga administers."""


@dataclass
class Site:
    """What the tests look at."""

    server: Server
    models: dict[str, str] = field(default_factory=dict)
    """Identifiers by example."""
    jobs: dict[str, str] = field(default_factory=dict)

    def email(self, person: str) -> str:
        """The address to sign in with."""
        return f"{person.lower()}@example.org"

    def account(self) -> str:
        """The identifier of the account that everybody is in."""
        return str(self.server.call("GET", "/api/accounting/accounts").json[0]["identifier"])

    def model_path(self, example: str) -> str:
        """Path of a model's page."""
        return f"/models/{self.models[example]}/{self.version(example)}"

    def version(self, example: str) -> str:
        """The version that is active."""
        return str(self.server.call("GET", f"/api/models/{self.models[example]}").json["latestActiveVersion"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Not for longer: meanwhile no other test of this process can have a loop of its own."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with two example models, jobs that have ended, and people."""
    place = tmp_path_factory.mktemp("site")
    password = place / "password"
    password.write_text(PASSWORD)
    settings = {"MODELYARD_ADMIN_PASSWORD_FILE": str(password), "MODELYARD_ADMIN_EMAIL": "olga@example.org"}
    server = Server(place / "data", settings=settings)
    try:
        server.start()
        found = Site(server)
        for person, (roles, team) in PEOPLE.items():
            _invite(found, person, roles, team)
        for name in ("sentiment", "digits"):
            found.models[name] = _deploy(server, name)
            shown = server.call("PATCH", f"/api/models/{found.models[name]}/visibility", {"scope": "ACCOUNT"})
            assert shown.status == 200, shown.body
        yield found
    finally:
        end_server(server)


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Visitor]]:
    """Opens a browser for somebody; in the end nothing may have gone wrong on any page."""
    with ExitStack() as stack:
        visitors: list[Visitor] = []

        def arrive(person: str = "", **options: Any) -> Visitor:
            visitor = new_visitor(browser, site.server.url, **options)
            stack.callback(visitor.context.close)
            visitors.append(visitor)
            if person:
                visitor.sign_in(site.email(person), PASSWORD)
            return visitor

        yield arrive
        assert not [problem for visitor in visitors for problem in visitor.problems]


def _invite(site: Site, person: str, roles: list[str], team: str) -> None:
    """Invites somebody into a team, which is made unless it is there, and accepts for them."""
    call = site.server.call
    teams = {one["name"]: one["identifier"] for one in call("GET", "/api/accounting/teams").json}
    if team not in teams:
        teams[team] = call("POST", "/api/accounting/teams", {"name": team}).json["identifier"]
    about = {"firstName": person, "lastName": "Example", "email": site.email(person), "team": teams[team]}
    invited = call("POST", f"/api/accounting/accounts/{site.account()}/users", {**about, "roles": roles})
    assert invited.status == 201, invited.body
    token = invited.json["invitation"]["url"].rpartition("/")[2]
    accepted = call("POST", f"/auth/invitations/{token}", {"password": PASSWORD})
    assert accepted.status == 200, accepted.body


def _deploy(server: Server, name: str) -> str:
    """Builds and deploys an example as its README says; returns the model's identifier."""
    subprocess.run([sys.executable, str(EXAMPLES / "build.py"), name], check=True, capture_output=True)
    archive = server.data_dir.parent / f"{name}.tar"
    tag = f"localhost/modelyard/{name}:1.0.0"
    subprocess.run(["podman", "save", "--quiet", "--output", str(archive), tag], check=True, capture_output=True)
    command = [
        sys.executable,
        "-m",
        "modelyard",
        "deploy",
        str(EXAMPLES / name / "model.yaml"),
        "--archive",
        str(archive),
    ]
    environment = {**os.environ, "MODELYARD_URL": server.url, "MODELYARD_API_KEY": server.key}
    ran = subprocess.run([*command, "--json"], env=environment, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout.decode() + ran.stderr.decode()
    archive.unlink()
    return str(json.loads(ran.stdout)["address"]).split("/models/")[1].partition("/")[0]
