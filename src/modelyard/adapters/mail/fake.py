"""A mailer that keeps what was sent."""

from modelyard.adapters.mail.base import Mail, MailRefused, MailUnavailable


class FakeMailer:
    """Sends nothing to anybody."""

    def __init__(self, *, is_configured: bool = True) -> None:
        self._is_configured = is_configured
        self.sent: list[Mail] = []
        """Oldest first."""
        self.is_away = False
        """The mail server does not answer."""
        self.refused: set[str] = set()
        """Addresses that the mail server does not take."""

    @property
    def is_configured(self) -> bool:
        return self._is_configured

    async def check(self) -> None:
        if self.is_away or not self._is_configured:
            raise MailUnavailable("The mail server does not answer.")

    async def send(self, mail: Mail) -> None:
        await self.check()
        if mail.to in self.refused:
            raise MailRefused(f"The mail server does not take mail to {mail.to}.")
        self.sent.append(mail)
