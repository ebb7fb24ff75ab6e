"""Which server a command talks to, and what proves there who one is: options, then environment, then profile."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.profile_file import USUAL_NAME, NoSuchProfile, Profile, ProfileFile
from modelyard.entrypoints.cli.surroundings import Surroundings
from modelyard.entrypoints.cli.times import is_past, readable

USUAL_URL = "http://127.0.0.1:8080"
_KEY = re.compile(r"[!-~]{1,500}\.[!-~]{1,500}")


@dataclass(frozen=True)
class Access:
    """A server and what it is told about the caller."""

    url: str
    authorization: str = field(default="", repr=False)
    team: str = ""
    origin: str = ""
    """Where the key comes from, for messages."""

    @property
    def secret(self) -> str:
        """What must not be shown."""
        return self.authorization.partition(" ")[2].rpartition(".")[2]

    @property
    def key_prefix(self) -> str:
        """The part of the key that is no secret; empty for a token."""
        scheme, _, key = self.authorization.partition(" ")
        return key.partition(".")[0] if scheme == "ApiKey" else ""


def find_access(around: Surroundings, url: str | None, profile_name: str | None) -> Access:
    """Resolves what the options leave open. Raises CommandFailed, also when nothing proves who one is."""
    profile = find_profile(around, profile_name)
    address = find_url(around, url, profile_name, profile)
    if around.api_key and not profile_name:
        return Access(address, api_key_header(around.api_key), origin="MODELYARD_API_KEY")
    if profile is None or check_url(profile.url) != address:  # a key goes only to the server that it was stored for
        hint = f"Run `modelyard login --url {address}`, or set MODELYARD_API_KEY."
        raise CommandFailed(f"There is no key for {address}. {hint}", Exit.NOT_AUTHENTICATED)
    return profile_access(profile)


def profile_access(profile: Profile) -> Access:
    """How a profile gets in. Raises CommandFailed."""
    if profile.api_key:
        return Access(check_url(profile.url), api_key_header(profile.api_key), origin="the profile")
    if not profile.token:
        hint = f"Run `modelyard login --url {profile.url}`."
        raise CommandFailed(f"The profile for {profile.url} has no key. {hint}", Exit.NOT_AUTHENTICATED)
    if is_past(profile.expires_at):
        hint = "Run `modelyard login` again."
        raise CommandFailed(f"The sign-in ended at {readable(profile.expires_at)}. {hint}", Exit.NOT_AUTHENTICATED)
    return Access(check_url(profile.url), f"Bearer {profile.token}", profile.team, "the profile")


def find_profile(around: Surroundings, name: str | None) -> Profile | None:
    """The profile that is named, or in use; None when there is none in use. Raises NoSuchProfile."""
    profiles = ProfileFile(around.config_directory).read()
    wanted = name or around.profile
    if wanted and wanted not in profiles.by_name:
        raise NoSuchProfile(wanted)
    return profiles.by_name.get(wanted or profiles.current or USUAL_NAME)


def find_url(around: Surroundings, url: str | None, profile_name: str | None, profile: Profile | None) -> str:
    """The address of the server. Raises CommandFailed."""
    from_environment = "" if profile_name else around.url
    return check_url(url or from_environment or (profile.url if profile else "") or USUAL_URL)


def check_url(text: str) -> str:
    """An address without `/api` and slashes at its end. Raises CommandFailed."""
    try:
        parts = urlsplit(text.strip())
        is_usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or not text.strip().isprintable() or parts.username or parts.query or parts.fragment:
        raise CommandFailed("The address of the server must be like https://models.example.org:8080.", Exit.USAGE)
    path = parts.path.rstrip("/").removesuffix("/api").rstrip("/")
    return f"{parts.scheme}://{parts.netloc.lower()}{path}"


def is_local(url: str) -> bool:
    """Whether requests to the address stay on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def api_key_header(key: str) -> str:
    """The header of a key, which no message repeats. Raises CommandFailed."""
    if not _KEY.fullmatch(key):
        raise CommandFailed("The API key does not look like one: it must be prefix.body.", Exit.NOT_AUTHENTICATED)
    return f"ApiKey {key}"
