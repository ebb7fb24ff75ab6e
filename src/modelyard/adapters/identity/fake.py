"""A provider that vouches for whomever it is told to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlencode, urlsplit

from modelyard.adapters.identity.base import Identity, ProviderUnavailable, SignInRejected


@dataclass(frozen=True, slots=True)
class _Visit:
    redirect_uri: str
    nonce: str
    code_verifier: str
    name: str


class FakeIdentityProvider:
    """Signs people in without asking them anything.

    Args:
        people: by the name under which `approve` signs them in.
    """

    def __init__(self, people: Mapping[str, Identity], issuer: str = "https://identity.example") -> None:
        self._issuer = issuer
        self._people = people
        self._verifiers: dict[str, str] = {}
        self._visits: dict[str, _Visit] = {}
        self.is_away = False
        """The provider does not answer."""

    async def check(self) -> None:
        self._require_there()

    async def start(self, *, redirect_uri: str, state: str, nonce: str, code_verifier: str) -> str:
        self._require_there()
        self._verifiers[state] = code_verifier
        query = urlencode({"redirect_uri": redirect_uri, "state": state, "nonce": nonce})
        return f"{self._issuer}/authorize?{query}"

    def approve(self, address: str, name: str) -> str:
        """What a browser does: signs in there, and gets the address that it is sent back to."""
        asked = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self._visits)}"
        verifier = self._verifiers[asked["state"]]
        self._visits[code] = _Visit(asked["redirect_uri"], asked["nonce"], verifier, name)
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    async def finish(self, *, code: str, redirect_uri: str, nonce: str, code_verifier: str) -> Identity:
        self._require_there()
        visit = self._visits.pop(code, None)
        if visit != _Visit(redirect_uri, nonce, code_verifier, visit.name if visit else ""):
            raise SignInRejected("The identity provider does not know this sign-in. Start anew.")
        assert visit is not None  # noqa: S101 - None equals no visit
        return replace(self._people[visit.name], issuer=self._issuer)

    def _require_there(self) -> None:
        if self.is_away:
            raise ProviderUnavailable("The identity provider does not answer. Try again later.")
