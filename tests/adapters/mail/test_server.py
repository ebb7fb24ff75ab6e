"""How operators write their mail server."""

import pytest

from modelyard.adapters.mail.server import BadMailServer, MailServer, Protection, Sender, parse_sender, parse_server
from modelyard.adapters.mail.smtp import mailer_from


@pytest.mark.parametrize(
    ("url", "password", "expected"),
    [
        ("smtp://mail.example", "", MailServer("mail.example", 587, Protection.STARTTLS)),
        ("smtps://me@mail.example", "geheim", MailServer("mail.example", 465, Protection.TLS, "me", "geheim")),
        ("smtp+insecure://[::1]:2525/", "", MailServer("::1", 2525, Protection.NONE)),
        ("smtp://me%40b.org@m:26", "x", MailServer("m", 26, Protection.STARTTLS, "me@b.org", "x")),
    ],
)
def test_server(url: str, password: str, expected: MailServer) -> None:
    assert parse_server(url, password) == expected


@pytest.mark.parametrize(
    ("url", "password", "problem"),
    [
        ("mail.example", "", "smtp://user@host:port"),
        ("http://mail.example", "", "smtp://user@host:port"),
        ("smtp://mail.example:99999", "", "smtp://user@host:port"),
        ("smtp://", "", "must be a host"),
        ("smtp://mail.example/path", "", "must be a host"),
        ("smtp://me:geheim@mail.example", "", "setting of its own"),
        ("smtp://me@mail.example", "", "needs both"),
        ("smtp://mail.example", "geheim", "needs both"),
        ("smtp://me@mail.example", "geheim ☃", "must be ASCII"),
    ],
)
def test_wrong_server(url: str, password: str, problem: str) -> None:
    with pytest.raises(BadMailServer, match=problem) as caught:
        parse_server(url, password)
    assert "geheim" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("modelyard@example.org", Sender("", "modelyard@example.org")),
        ("Model Yard <modelyard@example.org>", Sender("Model Yard", "modelyard@example.org")),
        ('"Yard, Model" <modelyard@example.org>', Sender("Yard, Model", "modelyard@example.org")),
        ("Eve\r\nBcc: x <modelyard@example.org>", Sender("Eve Bcc: x", "modelyard@example.org")),
    ],
)
def test_sender(text: str, expected: Sender) -> None:
    assert parse_sender(text) == expected


@pytest.mark.parametrize("text", ["", "modelyard", "Modelyard <>", "Modelyard <a@b@c>", "möbel@example.org"])
def test_wrong_sender(text: str) -> None:
    with pytest.raises(BadMailServer, match="Name <address>"):
        mailer_from(url="smtp://mail.example", sender=text)


def test_password_is_not_shown() -> None:
    assert "geheim" not in repr(parse_server("smtp://me@mail.example", "geheim"))
