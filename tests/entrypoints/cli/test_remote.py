"""Servers that answer wrongly, slowly or not at all end a command with a message and a code, and learn nothing."""

import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.entrypoints.cli import remote
from tests.entrypoints.cli.shell import Canned, Shell, canned, http
from tests.mail_server import tls_contexts
from tests.servers import free_port

KEY = "prefix12.verysecretbody"
ANSI = "\x1b[31mred\x1b[0m \u202e"


@pytest.fixture
def user(shell: Shell) -> Shell:
    shell.variables["MODELYARD_API_KEY"] = KEY
    return shell


def _fails(user: Shell, server: Canned, code: int, *options: str) -> str:
    result = user.run("teams", "list", "--url", server.url, *options)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert "verysecretbody" not in result.output
    assert "Traceback" not in result.output
    assert all(line.isprintable() for line in result.stderr.splitlines())
    return result.stderr


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("400 Bad Request", 7),
        ("401 Unauthorized", 3),
        ("403 Forbidden", 4),
        ("404 Not Found", 5),
        ("405 Method Not Allowed", 1),
        ("409 Conflict", 6),
        ("413 Too Large", 7),
        ("418 Teapot", 1),
        ("422 Unprocessable", 7),
        ("429 Too Many", 8),
        ("500 Oh", 1),
        ("502 Bad Gateway", 9),
        ("503 Unavailable", 9),
        ("504 Timeout", 9),
        ("799 Odd", 1),
    ],
)
def test_each_kind_of_error_has_its_code(user: Shell, status: str, code: int) -> None:
    with canned(http(json.dumps({"message": "It is so."}).encode(), status)) as server:
        assert _fails(user, server, code).startswith("Error: It is so.")


def test_details_and_the_time_to_wait_are_shown(user: Shell) -> None:
    body = json.dumps({"message": "No.", "technicalInformation": "line 1\nline 2"}).encode()
    with canned(http(body, "429 Too Many", "application/json", "Retry-After: 17")) as server:
        assert "No.\nline 1\nline 2\nTry again in 17 s." in _fails(user, server, 8)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>" * 9, b"{", b"[]", b'{"message": 5}', b'"text"', b"null", b"\xff\xfe", b"[" * 100_000, b"1" * 5000],
)
def test_an_error_without_a_reason(user: Shell, body: bytes) -> None:
    with canned(http(body, "500 Oh", "text/html")) as server:
        assert "answered 500" in _fails(user, server, 1)


@pytest.mark.parametrize(
    "body",
    [b"<!doctype html>", b"{}", b"5", b"[5]", b"[[]]", b"null", b"[NaN]", b"[" * 100_000, b"\xff", b"[{}]]", b""],
)
def test_what_is_no_list_is_not_our_server(user: Shell, body: bytes) -> None:
    with canned(http(body, "200 OK", f"text/html; {ANSI}".encode().decode("latin-1"))) as server:
        assert "is not a modelyard server" in _fails(user, server, 1)


def test_a_short_secret_is_no_reason_to_blacken_words(shell: Shell) -> None:
    shell.variables["MODELYARD_API_KEY"] = "prefix12.e"
    with canned(http(b'{"message": "Never prefix12.e again."}', "401 Unauthorized")) as server:
        said = shell.run("teams", "list", "--url", server.url).stderr
    assert said.startswith("Error: Never prefix12.… again.")
    assert f"{server.url} was asked with the key of MODELYARD_API_KEY" in said


@pytest.mark.parametrize("body", [b"[]", b"5", b'"x"'])
def test_what_is_no_object_is_not_our_server(user: Shell, body: bytes) -> None:
    with canned(http(body)) as server:
        result = user.run("quotas", "show", "x", "--url", server.url)
        assert (result.exit_code, "is not a modelyard server" in result.stderr) == (1, True)


def test_no_server(user: Shell) -> None:
    assert "No server answers" in _fails(user, Canned(f"http://127.0.0.1:{free_port()}"), 9)


def test_a_host_that_is_nowhere(user: Shell) -> None:
    assert "No server answers" in _fails(user, Canned("http://nowhere.invalid"), 9)


@pytest.mark.parametrize(
    "sent", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n[", b"\0" * 500]
)
def test_what_is_no_http(user: Shell, sent: bytes) -> None:
    with canned(sent) as server:
        assert "did not answer to the end, or not in HTTP" in _fails(user, server, 9)


def test_tls_where_none_is_spoken(user: Shell) -> None:
    with canned(http(b"[]")) as server:
        assert "http://" in _fails(user, Canned(server.url.replace("http:", "https:")), 9)


@pytest.mark.parametrize(
    "pieces", [[b"H"] * 50, [b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 50], [http(b" " * 99)[:-98], *[b" "] * 50]]
)
def test_who_drips_is_cut_off(user: Shell, pieces: list[bytes]) -> None:
    with canned(pieces, pause=0.1) as server:
        began = time.monotonic()
        assert "did not answer within 0.5 s" in _fails(user, server, 9, "--timeout", "0.5")
        assert time.monotonic() - began < 3


@pytest.mark.parametrize("packed", [False, True])
def test_an_endless_answer_is_cut_off(user: Shell, packed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "LARGEST_ANSWER", 100_000)
    body = b" " * 1_000_000
    head = b"HTTP/1.1 200 OK\r\n" + (b"Content-Encoding: gzip\r\n" if packed else b"") + b"\r\n"
    with canned([head, gzip.compress(body) if packed else body]) as server:
        assert "more than 100000 bytes" in _fails(user, server, 1)


def test_a_packed_answer_that_is_broken(user: Shell) -> None:
    with canned(http(b"no gzip", "200 OK", "application/json", "Content-Encoding: gzip")) as server:
        _fails(user, server, 9)


def test_redirects_are_not_followed(user: Shell) -> None:
    with (
        canned(http(b"[]")) as other,
        canned(http(b"", "302 Found", "text/html", f"Location: {other.url}/x")) as server,
    ):
        assert f"points to {other.url}/x" in _fails(user, server, 1)
        assert other.requests == []


def test_a_next_page_somewhere_else_is_asked_for_here(user: Shell) -> None:
    with canned(http(b"[]")) as other:
        link = f'Link: <{other.url}/evil?page=2&per-page=7>; rel="next"'
        with canned(http(b'[{"name": "one"}]', "200 OK", "application/json", link)) as server:
            result = user.run("teams", "list", "--url", server.url, "--limit", "5")
    assert result.exit_code == 0
    assert other.requests == []
    assert b"GET /api/accounting/teams?page=2&per-page=7 HTTP" in server.seen
    assert result.stdout.count("one") == 2  # the same page for ever is not asked for again


@pytest.mark.parametrize(
    "link", ["<http://[?page=2>; rel=next", "<", ";;==", '<?page=2>; rel="prev", <?page=3>; rel="next"']
)
def test_links_may_be_anything(user: Shell, link: str) -> None:
    with canned(http(b"[]", "200 OK", "application/json", f"Link: {link}")) as server:
        assert user.run("teams", "list", "--url", server.url).exit_code == 0


def test_the_key_is_shown_nowhere(user: Shell) -> None:
    body = json.dumps({"message": f"You sent {KEY}", "technicalInformation": "verysecretbody"}).encode()
    with canned(http(body, "401 Unauthorized")) as server:
        assert "You sent prefix12.…" in _fails(user, server, 3, "--verbose")
        assert b"Authorization: ApiKey prefix12.verysecretbody" in server.seen
    with canned(http(b"", "302 Found", "text/html", f"Location: http://x/{KEY}")) as server:
        _fails(user, server, 1, "-v")


def test_what_is_done_is_told_on_demand(user: Shell) -> None:
    with canned(http(b"[]")) as server:
        result = user.run("teams", "list", "--url", server.url, "--verbose")
    assert f"GET {server.url}/api/accounting/teams: 200 after" in result.stderr
    assert "verysecretbody" not in result.output


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_names_do_not_reach_the_terminal_raw(user: Shell, form: str) -> None:
    team = {"identifier": ANSI, "name": [ANSI, {"name": ANSI}], "account": ANSI, "members": {ANSI: ANSI}, ANSI: 1}
    with canned(http(json.dumps([team]).encode())) as server:
        result = user.run("teams", "list", "--url", server.url, "--output", form)
    assert result.exit_code == 0
    assert all(line.isprintable() for line in result.output.splitlines())
    if form == "json":
        assert json.loads(result.stdout) == [team]


def test_errors_do_not_reach_the_terminal_raw(user: Shell) -> None:
    with canned(http(json.dumps({"message": f"{ANSI}\n{ANSI}" * 2000}).encode(), "409 Conflict")) as server:
        assert len(_fails(user, server, 6)) < 20_000


@pytest.mark.parametrize("word", ["..", ".", "", "a/b", "a\nb", "a\x1b"])
def test_identifiers_stay_one_part_of_the_path(user: Shell, word: str) -> None:
    with canned(http(b"{}")) as server:
        result = user.run("roles", "show", "--url", server.url, "--", word)
    assert (result.exit_code, server.requests) == (2, [])


@pytest.mark.parametrize(("word", "sent"), [("a?b=c", b"a%3Fb%3Dc"), ("a#b", b"a%23b"), ("a%2fb", b"a%252fb")])
def test_odd_identifiers_are_quoted(user: Shell, word: str, sent: bytes) -> None:
    with canned(http(b"{}")) as server:
        assert user.run("roles", "show", word, "--url", server.url).exit_code == 0
    assert b"GET /api/accounting/roles/" + sent + b" HTTP" in server.seen


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Canned]:
    """A proxy that is set in the environment."""
    with canned(http(b"[]")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, server.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        yield server


def test_a_proxy_is_for_other_machines(user: Shell, proxy: Canned) -> None:
    with canned(http(b"[]")) as server:
        assert user.run("teams", "list", "--url", server.url).exit_code == 0
    assert proxy.requests == []
    assert user.run("teams", "list", "--url", "http://models.example.org").exit_code == 0
    assert b"GET http://models.example.org/api/accounting/teams" in proxy.seen


def test_certificates(user: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, _ = tls_contexts(tmp_path)
    with canned(http(b"[]"), tls=context) as server:
        address = server.url.replace("http:", "https:")
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        assert "SSL_CERT_FILE" in _fails(user, Canned(address), 9)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        assert user.run("teams", "list", "--url", address).exit_code == 0
        assert "cannot be trusted" in _fails(user, Canned(address.replace("127.0.0.1", "localhost")), 9)
