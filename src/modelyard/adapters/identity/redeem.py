"""Exchanges the code that a browser brought back for tokens."""

import base64
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from authlib.oauth2.rfc6749.parameters import prepare_token_request  # type: ignore[import-untyped]

from modelyard.adapters.identity.base import ProviderUnavailable, SignInRejected
from modelyard.adapters.identity.discovery import Endpoints
from modelyard.adapters.identity.provider_http import Answer, ProviderHttp


@dataclass(frozen=True, slots=True)
class Client:
    """How the provider knows us; some clients have no secret."""

    identifier: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a code is good for; the access token may be empty."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)


async def redeem(
    http: ProviderHttp, endpoints: Endpoints, client: Client, *, code: str, redirect_uri: str, code_verifier: str
) -> Tokens:
    """Raises ProviderUnavailable, SignInRejected."""
    request = prepare_token_request("authorization_code", "", redirect_uri, code=code, code_verifier=code_verifier)
    form, authorization = _authenticate(endpoints.authentication, client, request)
    answer = await http.post(endpoints.token, form, authorization=authorization)
    if answer.status in {400, 401, 403}:
        raise _refusal(answer)
    answer.require_success("a token")
    found = answer.document()
    id_token, access_token = found.get("id_token"), found.get("access_token")
    if not isinstance(id_token, str):
        raise ProviderUnavailable("The identity provider answers without an id token; is the scope openid missing?")
    return Tokens(id_token, _bearer(access_token))


def _authenticate(methods: frozenset[str], client: Client, form: str) -> tuple[str, str]:
    """The form with who we are in it, or without and the header that says so: both at once would be refused."""
    identifier, secret = quote_plus(client.identifier), quote_plus(client.secret)
    if not secret:
        return f"{form}&client_id={identifier}", ""
    # Servers differ in whether they decode the parts of the header; with a form there is no doubt.
    is_plain = (identifier, secret) == (client.identifier, client.secret)
    if "client_secret_post" in methods and not ("client_secret_basic" in methods and is_plain):
        return f"{form}&client_id={identifier}&client_secret={secret}", ""
    return form, "Basic " + base64.b64encode(f"{identifier}:{secret}".encode()).decode()


def _refusal(answer: Answer) -> ProviderUnavailable | SignInRejected:
    """Only the kind of error is read: descriptions are free text, which may repeat what was sent."""
    error = str(answer.document().get("error"))
    if error == "invalid_grant":
        return SignInRejected("The identity provider does not know this sign-in, or it is over already. Start anew.")
    if error in {"invalid_client", "unauthorized_client"}:
        return ProviderUnavailable("The identity provider refuses our client id or secret; see the settings.")
    return ProviderUnavailable(f"The identity provider refuses to finish the sign-in with status {answer.status}.")


def _bearer(token: Any) -> str:
    is_usable = isinstance(token, str) and token.isascii() and token.isprintable() and " " not in token
    return str(token) if is_usable else ""
