"""Somebody signs in through a real OpenID provider, in a browser's steps, and works with what that opened."""

from pathlib import Path

import httpx
import pytest

from tests.containers import can_run_containers
from tests.journeys.conftest import end_server
from tests.journeys.server import Server
from tests.openid_server import ALICE, BOB, MALLORY, openid_server, sign_in
from tests.servers import free_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("openid"),
    pytest.mark.skipif(not can_run_containers(), reason="a server gets ready where containers can run"),
]


def test_people_come_from_the_provider(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    callback = f"{url}/auth/oidc/callback"
    with openid_server(tmp_path, [callback]) as provider:
        server = Server(tmp_path / "data", settings=provider.settings, url=url)
        try:
            server.start()
            _alice_works(url, callback)
            _others_are_refused(url, callback)
        finally:
            end_server(server)


def _alice_works(url: str, callback: str) -> None:
    with httpx.Client(base_url=url, headers={"X-CSRF-Token": "1"}) as browser:
        started = browser.get("/auth/oidc/start", params={"next": "/api/docs"})
        finished = browser.get(sign_in(started.headers["location"], ALICE, callback))
        assert (finished.status_code, finished.headers["location"]) == (302, "/api/docs"), finished.text
        me = browser.get("/auth/session").json()
        assert me["user"] == {
            "identifier": me["user"]["identifier"],
            "firstName": ALICE.given_name,
            "lastName": ALICE.family_name,
            "email": ALICE.email,
        }
        teams = {team["name"]: team["identifier"] for team in browser.get("/api/accounting/teams").json()}
        assert set(teams) == {"Vision", "Administrators"}
        new = {"name": "mine", "version": "0.1.0"}
        vision = {"Modzy-Team-Id": teams["Vision"]}
        assert browser.post("/api/models", json=new, headers=vision).status_code == 201
        auditor = {"Modzy-Team-Id": teams["Administrators"]}
        assert browser.post("/api/models", json=new, headers=auditor).status_code == 403
        shown = browser.get("/auth/token").json()
        browser.post("/auth/sign-out").raise_for_status()
        assert browser.get("/auth/session").status_code == 401
        bearer = {"Authorization": f"Bearer {shown['token']}", "Modzy-Team-Id": shown["teamIdentifier"]}
        assert httpx.get(f"{url}/api/models", headers=bearer).status_code == 401


def _others_are_refused(url: str, callback: str) -> None:
    for somebody, words in ((BOB, "none of your groups"), (MALLORY, "not verified")):
        with httpx.Client(base_url=url) as browser:
            started = browser.get("/auth/oidc/start")
            finished = browser.get(sign_in(started.headers["location"], somebody, callback))
            assert finished.status_code == 401
            assert words in finished.json()["message"]
            assert browser.get("/auth/session").status_code == 401
