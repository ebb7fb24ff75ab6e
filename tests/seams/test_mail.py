"""What every mailer promises, asked of the fake and of the real one with a real mail server."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parseaddr

import pytest

from modelyard.adapters.mail.base import BadMailAddress, Mail, Mailer, MailRefused, MailUnavailable
from modelyard.adapters.mail.fake import FakeMailer
from modelyard.adapters.mail.smtp import mailer_from
from tests.mail_server import HOST, REFUSED, Mailbox, mail_server
from tests.servers import free_port


@dataclass
class Post:
    """A mailer, one whose server is away, one without any server, and what has arrived."""

    mailer: Mailer
    away: Mailer
    unconfigured: Mailer
    arrived: Callable[[], list[Mail]]


@pytest.fixture(params=["fake", "real"])
def post(request: pytest.FixtureRequest) -> Iterator[Post]:
    if request.param == "fake":
        fake, closed = FakeMailer(), FakeMailer()
        fake.refused.add(REFUSED)
        closed.is_away = True
        yield Post(fake, closed, FakeMailer(is_configured=False), lambda: fake.sent)
        return
    sender = "Modelyard <modelyard@example.org>"
    with mail_server() as mailbox:
        mailer = mailer_from(url=f"smtp+insecure://{HOST}:{mailbox.port}", sender=sender)
        away = mailer_from(url=f"smtp+insecure://{HOST}:{free_port()}", sender=sender)
        yield Post(mailer, away, mailer_from(url=""), lambda: _read(mailbox))


def _read(mailbox: Mailbox) -> list[Mail]:
    for message, recipients in zip(mailbox.arrived, mailbox.recipients, strict=True):
        assert [parseaddr(message["To"])[1]] == recipients
    return [
        Mail(recipients[0], str(message["Subject"]), message.get_content().replace("\r\n", "\n"))
        for message, recipients in zip(mailbox.arrived, mailbox.recipients, strict=True)
    ]


async def test_looking_sends_nothing(post: Post) -> None:
    await post.mailer.check()

    assert post.arrived() == []
    for other in (post.away, post.unconfigured):
        with pytest.raises(MailUnavailable):
            await other.check()


@pytest.mark.parametrize(
    "mail",
    [
        Mail("alice@example.org", "Welcome", "Come in.\n"),
        Mail("ålice@exämple.org", "Grüße, 你好 ☃", "Schöne Grüße\n\n你好 ☃\n"),
        Mail("alice@example.org", "Dots", ".\n..\nThe end.\n.\nQUIT\n"),
        Mail("alice@example.org", "Long " + "subject " * 50, "word " * 2000 + "\n" + "x" * 3000 + "\n"),
        Mail("alice+tag@example.org", "", "https://example.org/invitation#token=" + "a1B2" * 40 + "\n"),
    ],
    ids=["plain", "unicode", "dots", "long", "link"],
)
async def test_mail_arrives_as_it_was(post: Post, mail: Mail) -> None:
    await post.mailer.send(mail)

    assert post.arrived() == [mail]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\r\n\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\x00", "\ud800"])
async def test_names_of_strangers_add_no_headers(post: Post, end: str) -> None:
    await post.mailer.send(Mail("alice@example.org", f"Eve{end}Bcc: bob@example.org", f"Eve{end}Bcc: x\n"))

    (mail,) = post.arrived()
    assert mail.to == "alice@example.org"
    assert mail.subject in {"Eve Bcc: bob@example.org", "EveBcc: bob@example.org"}


@pytest.mark.parametrize(
    "address",
    [
        *("", "alice", "@example.org", "alice@", "a@b@c", "Alice <alice@example.org>", "alice@example.org, bob@b.org"),
        *("alice@example.org\r\nBcc: bob@example.org", "alice@example.org\n", "a b@example.org", "a@example.org>"),
        *("a\x00@example.org", "a\ud800@example.org", "a..b@example.org", "x" * 250 + "@example.org"),
    ],
)
def test_other_things_than_addresses_are_refused(address: str) -> None:
    with pytest.raises(BadMailAddress):
        Mail(address, "Welcome", "Come in.")


async def test_refused_recipient(post: Post) -> None:
    with pytest.raises(MailRefused, match=REFUSED):
        await post.mailer.send(Mail(REFUSED, "Welcome", "Come in.\n"))
    assert post.arrived() == []


async def test_server_that_is_away(post: Post) -> None:
    assert post.away.is_configured
    with pytest.raises(MailUnavailable):
        await post.away.send(Mail("alice@example.org", "Welcome", "Come in.\n"))


async def test_no_server_at_all(post: Post) -> None:
    assert post.mailer.is_configured
    assert not post.unconfigured.is_configured
    with pytest.raises(MailUnavailable):
        await post.unconfigured.send(Mail("alice@example.org", "Welcome", "Come in.\n"))
