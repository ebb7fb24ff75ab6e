"""Reads image registries through the HTTP API that all of them serve (version 2)."""

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from modelyard.adapters.registries import image_documents as documents
from modelyard.adapters.registries.addresses import require_allowed
from modelyard.adapters.registries.base import (
    ImageDescription,
    ImageMissing,
    Reference,
    RegistryFailed,
    RegistryRefused,
    RegistryUnreachable,
)
from modelyard.adapters.registries.bounded_http import Answer, BoundedHttp, open_http
from modelyard.adapters.registries.challenges import (
    BearerChallenge,
    basic_authorization,
    bearer_authorization,
    read_challenge,
)
from modelyard.adapters.registries.reference import DOCKER_HUB, parse_reference, split_host

MANIFEST_LIMIT = 4 * 1024 * 1024
CONFIG_LIMIT = 8 * 1024 * 1024
_TOKEN_LIMIT = 256 * 1024
_HUB_API = "registry-1.docker.io"


class HttpRegistry:
    """Registry over HTTP.

    Args:
        insecure: `host:port` of the registries that speak plain http; only these may be on this machine.
        total_seconds: for everything that one description takes.
        connect_seconds: for the name look-up and connection of each request.
        names: who resolves names; this machine unless given.
    """

    def __init__(
        self,
        insecure: frozenset[str] = frozenset(),
        *,
        total_seconds: float = 10.0,
        connect_seconds: float = 4.0,
        names: AbstractResolver | None = None,
    ) -> None:
        self._names = names
        self._insecure = frozenset(entry.lower() for entry in insecure)
        self._total_seconds = total_seconds
        self._connect_seconds = connect_seconds

    def parse(self, url: str) -> Reference:
        reference = parse_reference(url)
        host, port = split_host(reference.registry)
        require_allowed(host, port or (80 if self.is_insecure(reference) else 443), self._insecure)
        return reference

    def is_insecure(self, reference: Reference) -> bool:
        _, port = split_host(reference.registry)
        return (reference.registry if port else f"{reference.registry}:80") in self._insecure

    async def describe(
        self, reference: Reference, *, username: str = "", password: str = "", architecture: str = "amd64"
    ) -> ImageDescription:
        try:
            async with (
                asyncio.timeout(self._total_seconds),
                open_http(self._insecure, connect_seconds=self._connect_seconds, names=self._names) as http,
            ):
                credentials = basic_authorization(username, password) if username or password else ""
                conversation = _Conversation(http, reference, self._base_of(reference), credentials)
                return await conversation.describe(architecture)
        except documents.Malformed as error:
            raise RegistryFailed(f"The image {reference} {error}.") from error
        except TimeoutError as error:
            raise RegistryUnreachable(f"The registry {reference.registry} does not answer in time.") from error
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            raise RegistryUnreachable(_explain(reference, error), f"{type(error).__name__}: {error}") from error

    def _base_of(self, reference: Reference) -> URL:
        host = _HUB_API if reference.registry == DOCKER_HUB else reference.registry
        return URL(f"{'http' if self.is_insecure(reference) else 'https'}://{host}/v2/{reference.repository}/")


@dataclass
class _Conversation:
    """What one description asks, with the authorization that the registry gave meanwhile."""

    http: BoundedHttp
    reference: Reference
    base: URL
    credentials: str = field(repr=False)
    authorization: str = field(default="", repr=False)

    async def describe(self, architecture: str) -> ImageDescription:
        wanted = self.reference.digest or self.reference.tag or "latest"
        manifest, digest = await self._manifest(wanted)
        offered: tuple[str, ...] = ()
        if manifest.manifests is not None:
            entries = documents.platforms(manifest)
            offered = documents.architectures(entries)
            manifest, digest = await self._manifest(documents.choose(entries, architecture).digest)
        config = documents.config_of(manifest)
        blob = await self._fetch(f"blobs/{config.digest}", limit=CONFIG_LIMIT)
        self._require_digest(blob.body, config.digest)
        return documents.describe_image(
            documents.decode(documents.Configuration, blob.body),
            digest=digest,
            size=sum(layer.size for layer in manifest.layers or ()),
            offered=offered,
        )

    async def _manifest(self, wanted: str) -> tuple[documents.Manifest, str]:
        accept = ", ".join(documents.MANIFEST_TYPES)
        answer = await self._fetch(f"manifests/{wanted}", limit=MANIFEST_LIMIT, accept=accept)
        # A registry that says no digest for a tag is believed; what was asked for by digest is always checked.
        said = answer.headers.get("Docker-Content-Digest") or documents.sha256_of(answer.body)
        digest = wanted if ":" in wanted else said
        self._require_digest(answer.body, digest)
        return documents.read_manifest(answer.body), digest

    async def _fetch(self, path: str, *, limit: int, accept: str = "*/*") -> Answer:
        url = URL(f"{self.base}{path}")
        answer = await self.http.get(url, limit=limit, accept=accept, authorization=self.authorization)
        if answer.status == HTTPStatus.UNAUTHORIZED and not self.authorization and answer.url.origin() == url.origin():
            self.authorization = await self._authorize(answer)
            answer = await self.http.get(url, limit=limit, accept=accept, authorization=self.authorization)
        self._require_success(answer.status)
        return answer

    async def _authorize(self, answer: Answer) -> str:
        challenge = read_challenge(answer.challenges, insecure=self.base.scheme == "http")
        if isinstance(challenge, BearerChallenge):
            query = {"service": challenge.service, "scope": f"repository:{self.reference.repository}:pull"}
            token_url = challenge.realm.update_query(query)
            found = await self.http.get(token_url, limit=_TOKEN_LIMIT, authorization=self.credentials)
            self._require_success(found.status)
            return bearer_authorization(found.body)
        if challenge is None or not self.credentials:
            self._require_success(answer.status)
        return self.credentials

    def _require_success(self, status: int) -> None:
        name = self.reference.registry
        if status == HTTPStatus.NOT_FOUND:
            raise ImageMissing(f"The registry has no image {self.reference}.")
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            hint = "The user or password is wrong" if self.credentials else "It needs a user and password"
            raise RegistryRefused(f"The registry {name} refuses {self.reference}. {hint}, or there is no such image.")
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise RegistryUnreachable(f"The registry {name} allows no more requests for now. Try again later.")
        if status in {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}:
            raise RegistryUnreachable(f"The registry {name} does not work at the moment. Try again later.")
        if status != HTTPStatus.OK:
            raise RegistryFailed(f"The registry {name} answers with status {status} instead of {self.reference}.")

    def _require_digest(self, document: bytes, digest: str) -> None:
        if not documents.has_digest(document, digest):
            raise RegistryFailed(
                f"The registry {self.reference.registry} answers with bytes that are not {digest[:80]}."
            )


def _explain(reference: Reference, error: Exception) -> str:
    name = reference.registry
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"There is no registry {name}: its name cannot be resolved."
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"The certificate of the registry {name} is not trusted."
    if isinstance(error, aiohttp.ClientSSLError):
        return f"The registry {name} does not speak https. Plain http has to be declared in the settings."
    return f"The registry {name} cannot be reached."
