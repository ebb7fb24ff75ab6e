"""A provider that says whatever a test wants it to say, with real signatures."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from tests.servers import web_server

CLIENT_ID = "modelyard"
NONCE = "nonce-of-this-sign-in"
ACCESS_TOKEN = "access-token-of-this-sign-in"
Key = RSAKey | ECKey | OKPKey


@dataclass
class Scripted:
    """What the provider says; `asked` is what it was asked."""

    issuer: str = ""
    key: Key = field(default_factory=lambda: ECKey.generate_key("P-256", auto_kid=True))
    algorithm: str = "ES256"
    header: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    """In place of the usual ones; None leaves one out."""
    discovery: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    id_token: str | None = None
    """In place of one that is made from the claims."""
    answers: dict[str, web.StreamResponse] = field(default_factory=dict)
    """By path, in place of the usual ones."""
    asked: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append((request.path, request.headers, await request.read()))
        if request.path in self.answers:
            return self.answers[request.path]
        documents: dict[str, Callable[[], Any]] = {
            "/.well-known/openid-configuration": self._discovery,
            "/keys": lambda: {"keys": [self.key.as_dict(private=False)]},
            "/token": self._tokens,
            "/userinfo": lambda: self.userinfo,
        }
        return web.json_response(documents[request.path]())

    def paths(self) -> list[str]:
        return [path for path, _, _ in self.asked]

    def sign(self, **claims: Any) -> str:
        now = int(time.time())
        usual = {"iss": self.issuer, "sub": "alice-1", "aud": CLIENT_ID, "exp": now + 300, "iat": now, "nonce": NONCE}
        said = _without_none(usual | self.claims | claims)
        header = _without_none({"alg": self.algorithm, "kid": self.key.kid} | self.header)
        registry = jws.JWSRegistry(algorithms=[self.algorithm], strict_check_header=False)
        return jwt.encode(header, said, self.key, registry=registry)

    def _discovery(self) -> dict[str, Any]:
        return _without_none(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize?tenant=1",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
            }
            | self.discovery
        )

    def _tokens(self) -> dict[str, Any]:
        id_token = self.sign() if self.id_token is None else self.id_token
        return {"id_token": id_token, "access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 300}


@asynccontextmanager
async def scripted_provider() -> AsyncIterator[Scripted]:
    """Runs until the block ends."""
    scripted = Scripted(userinfo={"sub": "alice-1"})
    async with web_server(scripted.answer) as address:
        scripted.issuer = f"http://{address}"
        yield scripted


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
