"""Reads pull strings and manifest addresses into references, by docker's rules."""

import ipaddress
import re

from modelyard.adapters.registries.base import BadReference, Reference

MAX_TEXT = 600
MAX_NAME = 255
"""Registry and repository together, as docker counts."""
DOCKER_HUB = "docker.io"

_HUB_NAMES = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})
_WORD = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_WORD}(?:/{_WORD})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(?P<host>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:.]+\])(?::(?P<port>[0-9]{{1,5}}))?")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_ADDRESS = re.compile(r"https?://(?P<host>[^/]*)(?P<path>/.*)?", re.IGNORECASE | re.DOTALL)
_MANIFEST_PATH = re.compile(r"/v2/(?P<repository>.+)/manifests/(?P<suffix>[^/]+)", re.DOTALL)


def parse_reference(text: str) -> Reference:
    """Reads `[registry/]repository[:tag][@digest]` or `https://registry/v2/repository/manifests/<tag or digest>`.

    Raises BadReference, whose message says which part is wrong.
    """
    text = text.strip()
    if not text:
        raise BadReference("No image is named. Give a pull string such as docker.io/team/model:1.0.")
    if len(text) > MAX_TEXT:
        raise BadReference(f"The image name has {len(text)} characters; at most {MAX_TEXT} are possible.")
    if "://" in text:
        return _parse_manifest_address(text)
    return _parse_pull_string(text)


def split_host(registry: str) -> tuple[str, int | None]:
    """Host without brackets, and port, of a reference's registry."""
    found = _HOST.fullmatch(registry)
    if found is None:
        raise BadReference(f"{registry[:100]!r} is not the address of a registry (host or host:port).")
    return found["host"].strip("[]"), int(found["port"]) if found["port"] else None


def _parse_manifest_address(text: str) -> Reference:
    address = _ADDRESS.fullmatch(text)
    path = _MANIFEST_PATH.fullmatch(address["path"] or "") if address else None
    if address is None or path is None:
        raise BadReference(
            "The image's address is neither a pull string (registry/repository:tag) "
            "nor a manifest address (https://registry/v2/repository/manifests/tag)."
        )
    if "@" in address["host"]:
        raise BadReference("The image's address must not contain a user or password; give them separately.")
    suffix = path["suffix"].replace("%3A", ":").replace("%3a", ":")
    is_digest = ":" in suffix
    return _build(
        address["host"], path["repository"], tag=None if is_digest else suffix, digest=suffix if is_digest else None
    )


def _parse_pull_string(text: str) -> Reference:
    name, at, digest = text.partition("@")
    first, slash, rest = name.partition("/")
    names_registry = bool(slash) and ("." in first or ":" in first or first.lower() == "localhost")
    registry, name = (first, rest) if names_registry else (DOCKER_HUB, name)
    repository, colon, given_tag = name.partition(":")
    default_tag = None if at else "latest"
    return _build(registry, repository, tag=given_tag if colon else default_tag, digest=digest if at else None)


def _build(registry: str, repository: str, *, tag: str | None, digest: str | None) -> Reference:
    registry = _clean_registry(registry)
    if registry == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    _require_repository(registry, repository)
    if tag is not None and not _TAG.fullmatch(tag):
        raise BadReference(
            f"{tag[:150]!r} is not a tag: up to 128 letters, digits, '_', '.' and '-', not starting with '.' or '-'."
        )
    if digest is not None and not _DIGEST.fullmatch(digest):
        raise BadReference(f"{digest[:150]!r} is not a digest: 'sha256:' and 64 lower-case hexadecimal digits.")
    return Reference(registry, repository, tag, digest)


def _require_repository(registry: str, repository: str) -> None:
    if len(registry) + 1 + len(repository) > MAX_NAME:
        raise BadReference(f"The image's registry and repository have more than {MAX_NAME} characters together.")
    if _REPOSITORY.fullmatch(repository):
        return
    hint = " It must be lower-case." if _REPOSITORY.fullmatch(repository.lower()) else ""
    raise BadReference(
        f"{repository[:100]!r} is not a repository: segments of a-z and 0-9, with '.', '_', '__' or '-' "
        f"between them, separated by '/'.{hint}"
    )


def _clean_registry(registry: str) -> str:
    host, port = split_host(registry)
    if port is not None and not 1 <= port <= 65535:
        raise BadReference(f"{port} is not a port of a registry (1 to 65535).")
    if ":" in host or _NUMBER.fullmatch(host.rpartition(".")[2]):
        host = _canonical_address(host)
    host = host.lower()
    if host in _HUB_NAMES and port in {None, 443}:
        return DOCKER_HUB
    return host if port is None else f"{host}:{port}"


def _canonical_address(host: str) -> str:
    """Numeric hosts only in their usual form: 127.1 and 0x7f000001 are ways to hide an address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise BadReference(f"{host[:100]!r} is not an IP address in its usual form.") from None
    return f"[{address}]" if address.version == 6 else str(address)
