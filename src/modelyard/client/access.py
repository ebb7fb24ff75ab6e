"""Which server a program talks to, and what proves there who it is: arguments, then environment, then profile.

The rules, the variables and the file of profiles are those of the command line, and its code is what reads them.
"""

import os
from dataclasses import dataclass, field

from modelyard.client.errors import NotConfigured


@dataclass(frozen=True, slots=True)
class Access:
    """A server and the headers that say who asks."""

    url: str
    authorization: str = field(repr=False)
    team: str = ""
    is_local: bool = False
    """Whether requests stay on this machine."""

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        team = {"Modzy-Team-Id": self.team} if self.team else {}
        return {"Authorization": self.authorization, **team}


def find_access(url: str | None, api_key: str | None, profile: str | None) -> Access:
    """Resolves what the arguments leave open. Raises NotConfigured."""
    from modelyard.entrypoints.cli import access
    from modelyard.entrypoints.cli.exit_codes import CommandFailed
    from modelyard.entrypoints.cli.surroundings import read_surroundings

    try:
        around = read_surroundings(os.environ)
        if api_key:
            known = None if url else access.find_profile(around, profile)
            address = access.find_url(around, url, profile, known)
            return Access(address, access.api_key_header(api_key), "", access.is_local(address))
        found = access.find_access(around, url, profile)
    except CommandFailed as error:
        raise NotConfigured(error.message) from None
    return Access(found.url, found.authorization, found.team, access.is_local(found.url))
