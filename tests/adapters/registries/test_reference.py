"""Pull strings mean what they mean to docker; everything else is refused with a reason."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.adapters.registries.base import BadReference, Reference
from modelyard.adapters.registries.reference import parse_reference

_SHA = "sha256:" + "0a" * 32
_ALNUM = string.ascii_lowercase + string.digits

_words = st.lists(st.text(_ALNUM, min_size=1, max_size=8), min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from([".", "_", "__", "-", "---"]).map(lambda separator: separator.join(parts))
)
_repositories = st.lists(_words, min_size=1, max_size=4).map("/".join)
_tags = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", fullmatch=True, alphabet=st.characters(max_codepoint=127))
_digests = st.binary(min_size=32, max_size=32).map(lambda data: f"sha256:{data.hex()}")
_registries = st.sampled_from(
    ["example.org", "127.0.0.1:5000", "localhost", "localhost:80", "a-b.example:65535", "[::1]:5000", "10.0.0.1"]
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("python", "docker.io/library/python:latest"),
        ("python:3.11", "docker.io/library/python:3.11"),
        ("modzy/sentiment:1.0.1", "docker.io/modzy/sentiment:1.0.1"),
        ("docker.io/python", "docker.io/library/python:latest"),
        ("docker.io:443/python", "docker.io/library/python:latest"),
        ("index.docker.io/a/b:c", "docker.io/a/b:c"),
        ("registry.hub.docker.com/a/b:c", "docker.io/a/b:c"),
        ("ghcr.io/a/b/c/d:1", "ghcr.io/a/b/c/d:1"),
        ("GHCR.io/a/b:1", "ghcr.io/a/b:1"),
        ("localhost/model", "localhost/model:latest"),
        ("localhost:5000/model", "localhost:5000/model:latest"),
        ("127.0.0.1:5000/team/model:1", "127.0.0.1:5000/team/model:1"),
        ("[::1]:5000/model:1", "[::1]:5000/model:1"),
        ("[0:0::1]:5000/model:1", "[::1]:5000/model:1"),
        (f"python@{_SHA}", f"docker.io/library/python@{_SHA}"),
        (f"a/b:tag@{_SHA}", f"docker.io/a/b@{_SHA}"),
        ("  a/b:1\n", "docker.io/a/b:1"),
        ("https://registry.hub.docker.com/v2/user/image/manifests/1.0", "docker.io/user/image:1.0"),
        ("https://registry-1.docker.io/v2/library/python/manifests/3", "docker.io/library/python:3"),
        ("HTTPS://ghcr.io/v2/a/b/manifests/x", "ghcr.io/a/b:x"),
        ("http://127.0.0.1:5000/v2/a/manifests/x", "127.0.0.1:5000/a:x"),
        (f"https://ghcr.io/v2/a/b/manifests/{_SHA}", f"ghcr.io/a/b@{_SHA}"),
        (f"https://ghcr.io/v2/a/b/manifests/{_SHA.replace(':', '%3A')}", f"ghcr.io/a/b@{_SHA}"),
        ("https://example.org/v2/manifests/manifests/latest", "example.org/manifests:latest"),
    ],
)
def test_meaning(text: str, expected: str) -> None:
    assert str(parse_reference(text)) == expected


def test_tag_is_kept_beside_digest() -> None:
    assert parse_reference(f"a/b:tag@{_SHA}") == Reference("docker.io", "a/b", "tag", _SHA)
    assert parse_reference(f"a/b@{_SHA}") == Reference("docker.io", "a/b", None, _SHA)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "No image"),
        ("   ", "No image"),
        ("a" * 601, "at most 600"),
        ("a" * 256, "more than 255"),
        ("Team/model", "lower-case"),
        ("team/Model:1", "lower-case"),
        ("a//b", "not a repository"),
        ("a/", "not a repository"),
        ("/a", "not a repository"),
        ("ghcr.io/", "not a repository"),
        ("ghcr.io/../../etc", "not a repository"),
        ("a/..", "not a repository"),
        ("a__b___c", "not a repository"),
        ("a b", "not a repository"),
        ("a?x=1", "not a repository"),
        ("a#x", "not a repository"),
        ("a%2fb", "not a repository"),
        ("größe/x", "not a repository"),
        ("a\x00b", "not a repository"),
        ("a:b:c", "not a tag"),
        ("a:", "not a tag"),
        ("a:-x", "not a tag"),
        ("a:" + "x" * 129, "not a tag"),
        ("a:x\ny", "not a tag"),
        ("a@", "not a digest"),
        ("a@sha256:12", "not a digest"),
        ("a@md5:" + "0" * 32, "not a digest"),
        ("a@sha256:" + "A" * 64, "not a digest"),
        (f"a@{_SHA}@{_SHA}", "not a digest"),
        (f"a:@{_SHA}", "not a tag"),
        ("host:0/a", "not a port"),
        ("host:65536/a", "not a port"),
        ("host:x/a", "not the address"),
        ("-host.org/a", "not the address"),
        ("host..org/a", "not the address"),
        ("host.org./a", "not the address"),
        ("user:password@host.org/a", "not a digest"),
        ("127.1:5000/a", "usual form"),
        ("2130706433:80/a", "usual form"),
        ("0x7f000001:80/a", "usual form"),
        ("127.0.0.01:80/a", "usual form"),
        ("0x7f.0.0.0x1/a", "usual form"),
        ("[::zz]/a", "not the address"),
        ("[1::2::3]:80/a", "usual form"),
        ("[fe80::1%eth0]:80/a", "not the address"),
        ("https://ghcr.io/a/b:1", "manifest address"),
        ("https://ghcr.io/v2/a/manifests/", "manifest address"),
        ("https://ghcr.io/v2/a/blobs/x", "manifest address"),
        ("ftp://ghcr.io/v2/a/manifests/x", "manifest address"),
        ("docker://ghcr.io/a", "manifest address"),
        ("https:///v2/a/manifests/x", "not the address"),
        ("https://u:p@ghcr.io/v2/a/manifests/x", "user or password"),
        ("https://ghcr.io/v2/a/manifests/x?y=1", "not a tag"),
        ("https://ghcr.io/v2/a/../b/manifests/x", "not a repository"),
        ("https://ghcr.io/x/v2/a/manifests/x", "manifest address"),
    ],
)
def test_refusals(text: str, reason: str) -> None:
    with pytest.raises(BadReference, match=reason) as refused:
        parse_reference(text)
    assert len(refused.value.message) < 400


def test_password_is_not_repeated() -> None:
    with pytest.raises(BadReference) as refused:
        parse_reference("https://alice:hunter2@ghcr.io/v2/a/manifests/x")
    assert "hunter2" not in str(refused.value)


@given(_registries, _repositories, _tags, st.none() | _digests)
def test_parts_come_back(registry: str, repository: str, tag: str, digest: str | None) -> None:
    text = f"{registry}/{repository}:{tag}" + (f"@{digest}" if digest else "")
    assert parse_reference(text) == Reference(registry, repository, tag, digest)
    assert parse_reference(str(parse_reference(text))).digest == digest


@given(_registries, _repositories, _tags | _digests)
def test_manifest_address_equals_pull_string(registry: str, repository: str, suffix: str) -> None:
    mark = "@" if ":" in suffix else ":"
    pull_string = parse_reference(f"{registry}/{repository}{mark}{suffix}")
    assert parse_reference(f"https://{registry}/v2/{repository}/manifests/{suffix}") == pull_string


@given(
    st.text(st.characters())
    | st.text("a./:@[]%-_~\\ \n0é", max_size=40)
    | st.text("a./:@v2", max_size=20).map("https://h.io/v2/a/manifests/".__add__)
)
def test_anything_is_read_or_refused(text: str) -> None:
    try:
        reference = parse_reference(text)
    except BadReference:
        return
    assert parse_reference(str(reference)).repository == reference.repository
