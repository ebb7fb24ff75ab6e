"""Sign-in elsewhere: who vouches for people, and what is known of them afterwards."""

from dataclasses import dataclass
from typing import Protocol

from modelyard.core.errors import InvalidInput, NotAuthenticated, Unavailable


class BadProviderSettings(InvalidInput):
    """The settings name no identity provider that can be used."""


class ProviderUnavailable(Unavailable):
    """The identity provider does not answer, or answers nonsense; other ways to sign in still work."""


class SignInRejected(NotAuthenticated):
    """The identity provider does not vouch for whoever wants to sign in; they may start anew."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the provider says of a person. `issuer` and `subject` together never mean anybody else.

    Strings are one line of at most 200 characters (`subject`: 255), and empty where the provider says nothing.
    An e-mail address that is not verified may belong to somebody else.
    """

    subject: str
    issuer: str
    email: str = ""
    email_verified: bool = False
    first_name: str = ""
    last_name: str = ""
    groups: frozenset[str] = frozenset()


class IdentityProvider(Protocol):
    """Signs people in, in two steps with their browser between them.

    `state`, `nonce` and `code_verifier` are fresh random texts for each sign-in (43 to 128 letters, digits, `-` and
    `_`), which the caller keeps beside the browser's session; whether `state` came back, the caller checks.
    """

    async def check(self) -> None:
        """Asks the provider what it says of itself. Raises ProviderUnavailable."""

    async def start(self, *, redirect_uri: str, state: str, nonce: str, code_verifier: str) -> str:
        """The address to send the browser to; it comes back to `redirect_uri` with `state` and `code`.

        Raises ProviderUnavailable.
        """

    async def finish(self, *, code: str, redirect_uri: str, nonce: str, code_verifier: str) -> Identity:
        """Redeems the code that the browser brought back. Raises ProviderUnavailable, SignInRejected."""
