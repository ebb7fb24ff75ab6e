"""The ways to a mail server: encrypted, with a password, and through what can go wrong."""

import asyncio
import ssl
from pathlib import Path

import pytest

from modelyard.adapters.mail.base import Mail, MailRefused, MailUnavailable
from modelyard.adapters.mail.server import MailServer, Protection, Sender
from modelyard.adapters.mail.smtp import SmtpMailer
from tests.mail_server import BUSY, HOST, PASSWORD, USER, mail_server, tls_contexts
from tests.manual_clock import START, ManualClock

LETTER = Mail("alice@example.org", "Welcome", "Come in.\n")
SENDER = Sender("Möbel, Yard", "modelyard@example.org")


def _mailer(
    port: int, protection: Protection, tls: ssl.SSLContext | None = None, password: str = "", seconds: float = 10
) -> SmtpMailer:
    server = MailServer(HOST, port, protection, USER if password else "", password)
    return SmtpMailer(server, SENDER, clock=ManualClock(), tls=tls, answer_seconds=seconds, total_seconds=seconds * 2)


async def test_headers() -> None:
    with mail_server() as mailbox:
        await _mailer(mailbox.port, Protection.NONE).send(LETTER)

    (message,) = mailbox.arrived
    assert message["From"].addresses[0].display_name == "Möbel, Yard"
    assert message["From"].addresses[0].addr_spec == SENDER.address
    assert message["Date"].datetime == START.replace(microsecond=0)
    assert message["Message-ID"].endswith("@example.org>")
    assert message["Auto-Submitted"] == "auto-generated"


async def test_starttls_with_password(tmp_path: Path) -> None:
    server, client = tls_contexts(tmp_path)
    with mail_server(starttls=server) as mailbox:
        await _mailer(mailbox.port, Protection.STARTTLS, client, PASSWORD).send(LETTER)
    assert len(mailbox.arrived) == 1


async def test_tls_from_the_start(tmp_path: Path) -> None:
    server, client = tls_contexts(tmp_path)
    with mail_server(tls=server) as mailbox:
        await _mailer(mailbox.port, Protection.TLS, client).send(LETTER)
    assert len(mailbox.arrived) == 1


async def test_wrong_password(tmp_path: Path) -> None:
    server, client = tls_contexts(tmp_path)
    with mail_server(starttls=server) as mailbox, pytest.raises(MailRefused, match="user or password") as caught:
        await _mailer(mailbox.port, Protection.STARTTLS, client, "a wrong one").send(LETTER)
    assert "a wrong one" not in f"{caught.value} {caught.value.technical_information}"
    assert not mailbox.arrived


@pytest.mark.parametrize("protection", [Protection.TLS, Protection.STARTTLS])
async def test_certificate_that_nobody_vouches_for(tmp_path: Path, protection: Protection) -> None:
    server, _ = tls_contexts(tmp_path)
    contexts = {"tls": server} if protection is Protection.TLS else {"starttls": server}
    with mail_server(**contexts) as mailbox, pytest.raises(MailUnavailable, match="cannot be trusted"):
        await _mailer(mailbox.port, protection).send(LETTER)
    assert not mailbox.arrived


async def test_encryption_is_not_given_up_silently() -> None:
    with mail_server() as mailbox, pytest.raises(MailRefused, match="STARTTLS"):
        await _mailer(mailbox.port, Protection.STARTTLS).send(LETTER)
    assert not mailbox.arrived


async def test_refusal_for_now() -> None:
    with mail_server() as mailbox, pytest.raises(MailUnavailable, match="at the moment"):
        await _mailer(mailbox.port, Protection.NONE).send(Mail(BUSY, "Welcome", "Come in.\n"))


@pytest.mark.parametrize("says", [b"", b"220 hello\r\n", b"nonsense\r\n", b"x" * 100_000, b"220-more\r\n" * 10])
async def test_odd_servers_do_not_hold_us_up(says: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(MailUnavailable):
            await asyncio.wait_for(_mailer(port, Protection.NONE, seconds=0.2).send(LETTER), 5)
