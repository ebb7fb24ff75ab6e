"""Signs in on a server for the command line: gets the person's key, or a token that holds for a while."""

import re
from dataclasses import dataclass

from modelyard.entrypoints.cli.access import Access, api_key_header
from modelyard.entrypoints.cli.answers import Thing, things
from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.failures import NotOurServer
from modelyard.entrypoints.cli.paths import accounting, at
from modelyard.entrypoints.cli.profile_file import Profile
from modelyard.entrypoints.cli.remote import Remote

SESSION_COOKIE = "modelyard_session"
ANY_VALUE = {"X-CSRF-Token": "command-line"}


@dataclass(frozen=True)
class OwnKey:
    """One's key for the team that one signed in for; nobody's when there is none that works."""

    team: str
    team_name: str = ""
    prefix: str = ""
    was_fetched: bool = False


class SignedIn:
    """A session on the server. Every method raises CommandFailed."""

    def __init__(self, server: Remote, email: str, password: str) -> None:
        self._server = server
        self._email = email
        answer = server.call("POST", at("auth", "sign-in"), body={"email": email, "password": password})
        cookie = answer.cookies.get(SESSION_COOKIE)
        if not cookie or not isinstance(answer.content, dict):
            raise CommandFailed(f"{server.access.url} let you in, but opened no session. Is the address right?")
        server.always_send({"Cookie": f"{SESSION_COOKIE}={cookie}", **ANY_VALUE})
        self._team = str(answer.content.get("teamIdentifier", ""))

    def act_for(self, team: str) -> None:
        """Acts for another of one's teams, named by identifier or name."""
        for own in things(self._profile().get("teams")):
            if team == own.get("identifier") or team.casefold() == str(own.get("name", "")).casefold():
                self._team = str(own.get("identifier"))
                self._server.patch(at("auth", "session"), {"team": self._team})
                return
        raise CommandFailed(f"You are in no team {team!r}.", Exit.NOT_FOUND)

    def find_key(self) -> OwnKey:
        """One's key for the team."""
        profile = self._profile()
        names = {team.get("identifier"): str(team.get("name")) for team in things(profile.get("teams"))}
        for key in things(profile.get("listAccessKeys")):
            team = key.get("team")
            if isinstance(team, dict) and team.get("identifier") == self._team and key.get("status") == "Active":
                prefix = str(key.get("prefix"))
                was_fetched = bool(self._server.get(accounting("access-keys", prefix)).get("retrieved"))
                return OwnKey(self._team, names.get(self._team, ""), prefix, was_fetched)
        return OwnKey(self._team, names.get(self._team, ""))

    def take_key(self, key: OwnKey) -> Profile:
        """Fetches the body of the key, a new one when it was fetched before."""
        way = "replace" if key.was_fetched else "hash"
        text = str(self._server.post(accounting("access-keys", key.prefix, way), {}).get("key", ""))
        api_key_header(text)
        return Profile(self._server.access.url, self._email, api_key=text)

    def keep_key(self, key: str) -> Profile:
        """A profile with a key that one has."""
        return Profile(self._server.access.url, self._email, api_key=key)

    def take_token(self, key: OwnKey) -> Profile:
        """Gets a token; it ends with this session."""
        token = self._server.get(at("auth", "token"))
        members = {name: str(token.get(name, "")) for name in ("token", "teamIdentifier", "expiresAt")}
        if not re.fullmatch(r"[!-~]{1,500}", members["token"]):
            raise CommandFailed(f"{self._server.access.url} gave no token. Is the address right?")
        return Profile(
            self._server.access.url,
            self._email,
            token=members["token"],
            team=members["teamIdentifier"] or key.team,
            expires_at=members["expiresAt"],
        )

    def change_password(self, old: str, new: str) -> None:
        """All other sessions of the person end."""
        self._server.post(at("auth", "password"), {"old": old, "new": new})

    def end(self) -> None:
        """Ends the session."""
        self._server.post(at("auth", "sign-out"))

    def _profile(self) -> Thing:
        return self._server.get(accounting("profile"))


def check_server(server: Remote) -> None:
    """Returns when a modelyard server answers, which is better known before a password is asked for."""
    if server.get(at("healthz")).get("status") != "ok":
        raise NotOurServer(server.access, "no word of its health")


def check_key(server: Remote) -> None:
    """Returns when the server knows the key. Raises CommandFailed."""
    server.things(accounting("entitlements"))


def end_token(server: Remote) -> None:
    """Ends the token that the server is asked with."""
    server.call("POST", at("auth", "sign-out"), headers=ANY_VALUE)


def who(server: Remote) -> Thing:
    """Who the server takes one for, and what one may do there. Raises CommandFailed."""
    access: Access = server.access
    found = _of_key(server) if access.key_prefix else _of_session(server)
    entitlements = len(server.things(accounting("entitlements")))
    return {"server": access.url, **found, "entitlements": entitlements}


def _of_key(server: Remote) -> Thing:
    prefix = server.access.key_prefix
    try:
        key = server.get(accounting("access-keys", prefix))
    except CommandFailed as error:
        if error.code != Exit.NOT_ALLOWED:
            raise
        return _of_person(server.get(accounting("profile"))) | {"accessKey": prefix}  # a role that sees no keys
    wanted = ("user", "account", "team", "project", "roles", "expiresAt", "scopes", "networks")
    return {"accessKey": prefix} | {name: key[name] for name in wanted if key.get(name)}


def _of_session(server: Remote) -> Thing:
    session = server.get(at("auth", "session"))
    found = _of_person(server.get(accounting("profile")))
    team = next((team for team in found.pop("teams") if team.get("identifier") == session.get("actsFor")), None)
    return found | {"team": team, "roles": session.get("roles"), "expiresAt": session.get("expiresAt")}


def _of_person(profile: Thing) -> Thing:
    person = {name: profile.get(name) for name in ("identifier", "firstName", "lastName", "email")}
    return {"user": person, "account": profile.get("account"), "teams": things(profile.get("teams"))}
