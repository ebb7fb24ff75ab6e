"""Runs inside the environment of `canaille`: an OpenID provider on this machine, as a JSON document describes it.

The document stands on the first line of the input: `{"port", "client_id", "client_secret", "redirect_uris": [],
"users": [{"user_name", "password", "given_name", "family_name", "email", "email_verified", "groups": []}]}`.
"""

import json
import os
import secrets
import sys
from datetime import UTC, datetime
from typing import Any

from canaille import create_app  # type: ignore[import-not-found]
from canaille.app import models  # type: ignore[import-not-found]
from canaille.backends import Backend  # type: ignore[import-not-found]
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server


def main() -> None:
    """Serves until it is ended."""
    described = json.loads(sys.stdin.readline())
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # plain http, on this machine only
    app = create_app(config=configuration(described["port"]))
    with app.app_context():
        save_people(described["users"])
        save_client(described)
        unverified = [user["user_name"] for user in described["users"] if not user["email_verified"]]
        mapping = app.config["CANAILLE_OIDC"]["USERINFO_MAPPING"]
        mapping["EMAIL_VERIFIED"] = f"{{{{ 'false' if user.user_name in {unverified!r} else 'true' }}}}"
    make_server("127.0.0.1", described["port"], app, threaded=True).serve_forever()


def configuration(port: int) -> dict[str, Any]:
    """Everything in memory, with a new signing key."""
    key = RSAKey.generate_key(2048, auto_kid=True)
    return {
        "SECRET_KEY": secrets.token_hex(),
        "PREFERRED_URL_SCHEME": "http",
        "SERVER_NAME": f"127.0.0.1:{port}",
        "CANAILLE": {"DATABASE": "memory", "JAVASCRIPT": False, "ACL": {"DEFAULT": {"PERMISSIONS": ["use_oidc"]}}},
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [key.as_dict(private=True)]},
    }


def save_people(users: list[dict[str, Any]]) -> None:
    """All users and the groups that they are in."""
    members: dict[str, list[Any]] = {}
    for described in users:
        names = ("user_name", "password", "given_name", "family_name")
        formatted = f"{described['given_name']} {described['family_name']}"
        user = models.User(
            **{name: described[name] for name in names}, formatted_name=formatted, emails=[described["email"]]
        )
        Backend.instance.save(user)
        for group in described["groups"]:
            members.setdefault(group, []).append(user)
    for name, people in members.items():
        Backend.instance.save(models.Group(display_name=name, members=people))


def save_client(described: dict[str, Any]) -> None:
    """The one client, which people need not consent to, for it is on this machine."""
    client = models.Client(
        client_id=described["client_id"],
        client_secret=described["client_secret"],
        client_name="Modelyard",
        client_uri="http://127.0.0.1",
        client_id_issued_at=datetime.now(UTC),
        redirect_uris=described["redirect_uris"],
        grant_types=["authorization_code"],
        response_types=["code"],
        scope=["openid", "profile", "email", "groups"],
        token_endpoint_auth_method="client_secret_basic",
    )
    Backend.instance.save(client)
    client.audience = [client]
    Backend.instance.save(client)


if __name__ == "__main__":
    main()
