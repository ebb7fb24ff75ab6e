"""The kinds of error that the whole platform shares; each domain names its own below one of them.

PlatformError
├── InvalidInput        the caller sent something that cannot be used
├── NotAuthenticated    the caller did not prove who they are
├── NotAllowed          the caller is known, but may not do this
├── NotFound            there is no such thing, or the caller may not see it
├── Conflict            the thing is not in a state in which this can be done
│   └── Outdated        it has changed since the caller read it
├── TooLarge            more bytes, items or levels than the limit
├── LimitReached        a quota or rate is used up
├── Unavailable         something that we need is not there at the moment
└── UpstreamFailed      a registry, a container or a store answered wrongly
"""


class PlatformError(Exception):
    """An error that a person can act on.

    Args:
        message: one sentence that says what happened and what to do.
        technical_information: what helps to find the cause, such as the last lines of a container's log.
    """

    def __init__(self, message: str, technical_information: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.technical_information = technical_information


class InvalidInput(PlatformError):
    """The caller sent something that cannot be used."""


class NotAuthenticated(PlatformError):
    """The caller did not prove who they are."""


class NotAllowed(PlatformError):
    """The caller is known, but may not do this."""


class NotFound(PlatformError):
    """There is no such thing, or the caller may not see it."""


class Conflict(PlatformError):
    """The thing is not in a state in which this can be done."""


class Outdated(Conflict):
    """The thing has changed since the caller read it; they have to look at it again."""


class TooLarge(PlatformError):
    """More bytes, items or levels than the limit."""


class LimitReached(PlatformError):
    """A quota or rate is used up.

    Args:
        retry_after: seconds until trying again makes sense, where that is known.
    """

    def __init__(
        self, message: str, technical_information: str | None = None, *, retry_after: int | None = None
    ) -> None:
        super().__init__(message, technical_information)
        self.retry_after = retry_after


class Unavailable(PlatformError):
    """Something that we need is not there at the moment; trying again later can help."""

    retry_after: int | None = None
    """Seconds until trying again makes sense; only of what certainly changed nothing, so that it may be tried again."""


class UpstreamFailed(PlatformError):
    """A registry, a container or a store answered wrongly; trying again does not help."""
