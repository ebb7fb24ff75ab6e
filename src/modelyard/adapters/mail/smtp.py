"""Sends letters through a mail server with SMTP."""

import asyncio
import smtplib
import socket
import ssl
from collections.abc import Callable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from modelyard.adapters.mail.base import Mail, Mailer, MailRefused, MailUnavailable
from modelyard.adapters.mail.server import MailServer, Protection, Sender, parse_sender, parse_server
from modelyard.core.clock import Clock, SystemClock

ANSWER_SECONDS = 10.0
"""For each answer of the server."""
TOTAL_SECONDS = 30.0
_AT_ONCE = 4
_ABOUT_US = (
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPDataError,
)
"""What a server answers when it works; other answers of 500 and above come from one that does not."""


class SmtpMailer:
    """Mailer over SMTP: one short connection for each letter.

    Args:
        tls: how the server's certificate is checked; as this machine does it unless given.
        answer_seconds: for each answer of the server.
        total_seconds: for a whole letter.
    """

    def __init__(
        self,
        server: MailServer,
        sender: Sender,
        *,
        clock: Clock | None = None,
        tls: ssl.SSLContext | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._server = server
        self._sender = sender
        self._clock = clock or SystemClock()
        self._tls = tls
        self._answer_seconds = answer_seconds
        self._total_seconds = total_seconds
        self._places = asyncio.Semaphore(_AT_ONCE)

    @property
    def is_configured(self) -> bool:
        return True

    async def check(self) -> None:
        await self._visit(lambda _: None, to="")

    async def send(self, mail: Mail) -> None:
        message = self._compose(mail)
        await self._visit(
            lambda connection: connection.send_message(message, self._sender.address, [mail.to]), to=mail.to
        )

    async def _visit(self, act: Callable[[smtplib.SMTP], object], *, to: str) -> None:
        try:
            async with asyncio.timeout(self._total_seconds), self._places:
                await asyncio.to_thread(self._act_there, act)
        except smtplib.SMTPException as error:
            raise _translate(error, self._server.host, to) from error
        except ssl.SSLError as error:
            raise MailUnavailable(f"The mail server {self._server.host} cannot be trusted: {error.reason}.") from error
        except (OSError, UnicodeError) as error:  # TimeoutError and names that cannot be resolved are among them
            raise MailUnavailable(f"The mail server {self._server.host} does not answer.", str(error)) from error

    def _compose(self, mail: Mail) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = _address(self._sender.address, self._sender.name)
        message["To"] = _address(mail.to)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = make_msgid(domain=self._sender.address.partition("@")[2])
        message["Auto-Submitted"] = "auto-generated"  # so that no holiday notice comes back
        message.set_content(mail.text)
        return message

    def _act_there(self, act: Callable[[smtplib.SMTP], object]) -> None:
        with self._connect() as connection:
            if self._server.protection is Protection.STARTTLS:
                connection.starttls(context=self._tls_context())
            if self._server.user:
                connection.login(self._server.user, self._server.password)
            act(connection)

    def _connect(self) -> smtplib.SMTP:
        server, own_name = self._server, socket.gethostname()
        if server.protection is Protection.TLS:
            context = self._tls_context()
            return smtplib.SMTP_SSL(server.host, server.port, own_name, timeout=self._answer_seconds, context=context)
        return smtplib.SMTP(server.host, server.port, own_name, timeout=self._answer_seconds)

    def _tls_context(self) -> ssl.SSLContext:
        return self._tls or ssl.create_default_context()


class NoMailer:
    """Where no mail server was configured."""

    @property
    def is_configured(self) -> bool:
        return False

    async def check(self) -> None:
        raise MailUnavailable("No mail server is configured.")

    async def send(self, mail: Mail) -> None:
        raise MailUnavailable("No mail server is configured, so nothing can be sent.")


def mailer_from(*, url: str, password: str = "", sender: str = "") -> Mailer:
    """The mailer that settings ask for; without an address, one that sends nothing. Raises BadMailServer."""
    return SmtpMailer(parse_server(url, password), parse_sender(sender)) if url else NoMailer()


def _address(address: str, name: str = "") -> Address:
    username, _, domain = address.partition("@")
    return Address(name, username, domain)


def _translate(error: smtplib.SMTPException, host: str, to: str) -> MailUnavailable | MailRefused:
    """Answers of 500 and above are final; so is what the server does not offer."""
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return MailRefused(f"The mail server {host} does not offer what is needed: {str(error)[:200]}")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, reason = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, reason = error.smtp_code, _as_bytes(error.smtp_error)
    else:
        return MailUnavailable(f"The mail server {host} ended the conversation.", str(error)[:500])
    said = f"{code} {reason.decode('utf-8', 'replace')}"[:500]
    if code < 500 or not isinstance(error, _ABOUT_US):
        return MailUnavailable(f"The mail server {host} takes no mail at the moment.", said)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return MailRefused(f"The mail server {host} refuses our user or password.")
    return MailRefused(f"The mail server {host} does not take mail to {to}.", said)


def _as_bytes(reason: bytes | str) -> bytes:
    return reason.encode() if isinstance(reason, str) else reason
