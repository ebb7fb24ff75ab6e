"""What a request brings to prove who sends it, and the errors of proving it wrongly."""

from dataclasses import dataclass, field

from modelyard.core.errors import NotAllowed, NotAuthenticated


class KeyMissing(NotAuthenticated):
    """The request carries no key."""

    def __init__(self) -> None:
        super().__init__("This address needs an API key; send the header 'Authorization: ApiKey <prefix>.<body>'.")


class KeyUnknown(NotAuthenticated):
    """No active key is like the one that was sent."""

    def __init__(self) -> None:
        super().__init__("The API key is unknown or no longer active; check it, or ask an administrator for a new one.")


class SessionUnknown(NotAuthenticated):
    """The session or token has ended, or never was one."""

    def __init__(self) -> None:
        super().__init__("You are not signed in, or no longer; sign in again.")


class NetworkNotAllowed(NotAllowed):
    """The key is limited to other networks."""

    def __init__(self, address: str) -> None:
        super().__init__(f"This key may not be used from {address or 'here'}; ask an administrator to add the network.")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request brought.

    Args:
        authorization: the header's value: `ApiKey <prefix>.<body>`, or `Bearer <token>` with a team.
        team_id: the `Modzy-Team-Id` header.
        session_token: the cookie of a signed-in person; counts when there is no Authorization.
        address: where the request comes from.
    """

    authorization: str | None = field(default=None, repr=False)
    team_id: str | None = None
    session_token: str | None = field(default=None, repr=False)
    address: str = ""

    def read_authorization(self) -> tuple[str, str]:
        """The scheme in lower case and what follows. Raises KeyMissing."""
        scheme, _, text = (self.authorization or "").strip().partition(" ")
        if scheme.lower() not in {"apikey", "bearer"} or not text.strip():
            raise KeyMissing
        return scheme.lower(), text.strip()
