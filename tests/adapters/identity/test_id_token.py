"""Tokens that do not prove what they should are refused, however they are made."""

import base64
import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.util import urlsafe_b64encode

from modelyard.adapters.identity.base import Identity, SignInRejected
from modelyard.adapters.identity.id_token import read_keys
from modelyard.adapters.identity.openid import OpenIdProvider
from tests.adapters.identity.scripted import ACCESS_TOKEN, CLIENT_ID, NONCE, Key, Scripted
from tests.manual_clock import ManualClock

Finish = Callable[[], Awaitable[Identity]]


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("RS256", RSAKey.generate_key(2048, auto_kid=True)),
        ("PS512", RSAKey.generate_key(2048, auto_kid=True)),
        ("ES256", ECKey.generate_key("P-256", auto_kid=True)),
        ("ES384", ECKey.generate_key("P-384", auto_kid=True)),
        ("Ed25519", OKPKey.generate_key("Ed25519", auto_kid=True)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_usual_signatures(scripted: Scripted, finish: Finish, algorithm: str, key: Key) -> None:
    scripted.algorithm, scripted.key = algorithm, key

    assert (await finish()).subject == "alice-1"


@pytest.mark.parametrize("header", [{"kid": None}, {"typ": "at+jwt", "x-vendor": "1"}])
async def test_header_may_say_less_or_more(scripted: Scripted, finish: Finish, header: dict[str, Any]) -> None:
    scripted.header = header

    assert (await finish()).issuer == scripted.issuer


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": []},
        {"aud": None},
        {"aud": ["another-client", {"x": CLIENT_ID}]},
        {"aud": [CLIENT_ID, "another-client"]},
        {"aud": [CLIENT_ID, "another-client"], "azp": "another-client"},
        {"azp": "another-client"},
        {"exp": 1},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": [9_999_999_999]},
        {"exp": True},
        {"iat": 9_999_999_999},
        {"iat": None},
        {"nbf": 9_999_999_999},
        {"nonce": "nonce-of-another-sign-in"},
        {"nonce": None},
        {"nonce": ["nonce-of-this-sign-in"]},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": ["alice-1"]},
        {"sub": "x" * 256},
        {"sub": "alice\r\nroot"},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        {"at_hash": 17},
        {"at_hash": ["a"]},
        {"amr": "pwd"},
        {"auth_time": "now"},
    ],
    ids=str,
)
async def test_claims_of_another_sign_in(scripted: Scripted, finish: Finish, claims: dict[str, Any]) -> None:
    scripted.claims = claims

    with pytest.raises(SignInRejected):
        await finish()


async def test_infinite_life(scripted: Scripted, finish: Finish) -> None:
    for forever in ("Infinity", "NaN", "1e999"):
        payload = json.dumps({"iss": scripted.issuer, "sub": "alice-1", "aud": CLIENT_ID, "iat": 1, "nonce": NONCE})
        text = payload.removesuffix("}") + f', "exp": {forever}}}'
        scripted.id_token = jws.serialize_compact({"alg": "ES256"}, text, scripted.key)
        with pytest.raises(SignInRejected):
            await finish()


async def test_own_clock_decides(scripted: Scripted) -> None:
    provider = OpenIdProvider(scripted.issuer, CLIENT_ID, clock=ManualClock())

    with pytest.raises(SignInRejected):
        await provider.finish(code="c", redirect_uri="https://here.example", nonce=NONCE, code_verifier="v" * 43)


async def test_small_differences_of_clocks_are_fine(scripted: Scripted, finish: Finish) -> None:
    scripted.claims = {"iat": int(time.time()) + 30, "exp": int(time.time()) - 30}

    assert (await finish()).subject == "alice-1"


async def test_signature_of_a_stranger(scripted: Scripted, finish: Finish) -> None:
    stranger = Scripted(issuer=scripted.issuer)
    scripted.id_token = stranger.sign()
    with pytest.raises(SignInRejected, match="not signed"):
        await finish()

    stranger.header = {"kid": scripted.key.kid}
    scripted.id_token = stranger.sign()
    with pytest.raises(SignInRejected, match="not signed"):
        await finish()


async def test_signature_of_other_claims(scripted: Scripted, finish: Finish) -> None:
    header, _, signature = scripted.sign().split(".")
    _, payload, _ = scripted.sign(sub="root").split(".")
    scripted.id_token = f"{header}.{payload}.{signature}"

    with pytest.raises(SignInRejected, match="not signed"):
        await finish()


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS1", "ES256K", ["ES256"], {}, None, 1])
async def test_untrusted_algorithms(scripted: Scripted, finish: Finish, algorithm: Any) -> None:
    _, payload, signature = scripted.sign().split(".")
    header = urlsafe_b64encode(json.dumps({"alg": algorithm, "kid": scripted.key.kid}).encode()).decode()
    for mark in ("", signature):
        scripted.id_token = f"{header}.{payload}.{mark}"
        with pytest.raises(SignInRejected):
            await finish()


async def test_public_key_is_no_password(scripted: Scripted, finish: Finish) -> None:
    secret = OctKey.import_key(scripted.key.as_bytes(private=False).hex())
    scripted.id_token = jwt.encode({"alg": "HS256", "kid": scripted.key.kid}, {"sub": "root"}, secret)

    with pytest.raises(SignInRejected, match="not trusted"):
        await finish()


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "a.b.c.d.e",
        "é.é.é",
        "x" * 300_000,
        "e30.e30.e30",
        "bnVsbA.e30.e30",
        "W10.e30.",
    ],
    ids=lambda token: ascii(token)[:12],
)
async def test_unreadable_tokens(scripted: Scripted, finish: Finish, token: str) -> None:
    scripted.id_token = token

    with pytest.raises(SignInRejected):
        await finish()


@pytest.mark.parametrize("payload", ["[]", "null", "1", '"x"', "{", "[" * 50_000, "\x00"], ids=lambda text: text[:4])
async def test_payload_that_is_no_object(scripted: Scripted, finish: Finish, payload: str) -> None:
    scripted.id_token = jws.serialize_compact({"alg": "ES256"}, payload, scripted.key)

    with pytest.raises(SignInRejected):
        await finish()


def test_only_usable_keys_are_read() -> None:
    good: list[Key] = [RSAKey.generate_key(2048), ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519")]
    fine = [key.as_dict(private=False) for key in good]
    rsa = fine[0]
    odd: list[Any] = [
        *(
            None,
            1,
            "key",
            [],
            {},
            {"kty": "RSA"},
            {"kty": ["RSA"]},
            {"kty": {}},
            {"kty": "XYZ"},
            {"kty": "RSA", "n": 1, "e": 2},
        ),
        {"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0"},
        {**rsa, "use": "enc"},
        {**rsa, "use": ["sig"]},
        {**rsa, "n": "AQAB" * 500},
        {**rsa, "n": "AQAB"},
        {**rsa, "e": rsa["n"]},
        {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
        {"kty": "EC", "crv": "P-0", "x": "AAAA", "y": "AAAA"},
        good[1].as_dict(private=True),
    ]

    assert len(read_keys({"keys": odd + fine})) == len(fine)
    assert read_keys({}) == read_keys({"keys": None}) == read_keys({"keys": {"a": 1}}) == ()
    assert len(read_keys({"keys": fine * 1000})) <= 50


async def test_keys_that_change(scripted: Scripted) -> None:
    clock = ManualClock()
    now = int(clock.now().timestamp())
    scripted.claims = {"iat": now, "exp": now + 3000}
    provider = OpenIdProvider(scripted.issuer, CLIENT_ID, clock=clock)

    async def sign_in() -> None:
        await provider.finish(code="c", redirect_uri="https://here.example", nonce=NONCE, code_verifier="v" * 43)

    await sign_in()
    await sign_in()
    assert scripted.paths().count("/keys") == 1

    scripted.key = ECKey.generate_key("P-256", auto_kid=True)
    with pytest.raises(SignInRejected, match="not signed"):
        await sign_in()
    assert scripted.paths().count("/keys") == 1, "asked again at once"

    await clock.advance(11)
    await sign_in()
    assert scripted.paths().count("/keys") == 2
    assert scripted.paths().count("/.well-known/openid-configuration") == 1


async def test_access_token_belongs_to_the_id_token(scripted: Scripted, finish: Finish) -> None:
    half = hashlib.sha256(ACCESS_TOKEN.encode()).digest()[:16]
    scripted.claims = {"at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode()}

    assert (await finish()).subject == "alice-1"
