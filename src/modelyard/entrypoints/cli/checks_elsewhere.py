"""The checks of `modelyard doctor` that ask other servers: the one for mail, and the OpenID provider."""

from collections.abc import Awaitable

from modelyard.adapters.identity.base import IdentityProvider
from modelyard.adapters.mail.base import Mailer
from modelyard.adapters.runtimes.probe import Finding
from modelyard.app import identity_provider_of, mailer_of
from modelyard.core.errors import PlatformError
from modelyard.settings import Settings


async def findings_elsewhere(settings: Settings) -> list[Finding]:
    """Whether the servers that the settings name are there and let us in."""
    try:
        mailer, provider = mailer_of(settings), identity_provider_of(settings)
    except PlatformError as error:
        return [Finding("SETTINGS-01", False, error.message, "Change that setting.")]
    return [*await _mail(mailer, settings), await _provider(provider, settings)]


async def _mail(mailer: Mailer, settings: Settings) -> list[Finding]:
    if not mailer.is_configured:
        return [Finding("MAIL-01", True, "No mail server is set; links are shown to administrators instead.")]
    reached = await _asked(
        mailer.check(),
        "MAIL-01",
        "The mail server lets us in.",
        "Look at MODELYARD_SMTP_URL and its password.",
    )
    if settings.public_url:
        return [reached, Finding("MAIL-02", True, f"Letters lead people to {settings.public_url}.")]
    hint = "Set MODELYARD_PUBLIC_URL to the address under which people reach this server."
    return [reached, Finding("MAIL-02", False, "Letters lead people to whatever address a request came by.", hint)]


async def _provider(provider: IdentityProvider | None, settings: Settings) -> Finding:
    if provider is None:
        return Finding("OIDC-01", True, "No OpenID provider is set; people sign in with passwords.")
    there = f"The OpenID provider {settings.oidc_issuer} answers."
    hint = "Look at MODELYARD_OIDC_ISSUER; until it answers, people sign in with passwords alone."
    return await _asked(provider.check(), "OIDC-01", there, hint)


async def _asked(question: Awaitable[None], code: str, good: str, hint: str) -> Finding:
    try:
        await question
    except PlatformError as error:
        said = f" ({error.technical_information})" if error.technical_information else ""
        return Finding(code, False, error.message + said, hint)
    return Finding(code, True, good)
