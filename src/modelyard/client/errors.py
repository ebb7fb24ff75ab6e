"""What can go wrong between a program and a server, each with a sentence that says what to do."""

from http import HTTPStatus

from modelyard.core.counted import counted


class ClientError(Exception):
    """The root of all errors of the client; `message` is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotConfigured(ClientError):
    """Nobody said which server, or nothing proves there who one is."""


class BadInputs(ClientError):
    """What was given as inputs of a job cannot be sent."""


class PandasMissing(ClientError):
    """A table was asked for, and pandas is not installed."""

    def __init__(self) -> None:
        super().__init__("Tables need pandas: pip install 'modelyard[pandas]'.")


class Unreachable(ClientError):
    """No server answers, or not to the end.

    Args:
        was_sent: whether the server may have seen the request, and done what it asks for.
    """

    def __init__(self, message: str, *, was_sent: bool) -> None:
        super().__init__(message)
        self.was_sent = was_sent


class NotOurServer(ClientError):
    """Something answers at the address, but not as a modelyard server does."""

    def __init__(self, what: str) -> None:
        super().__init__(f"What answers is not a modelyard server ({what}). Is the address right?")


class JobTakesLonger(ClientError):
    """The job had not ended when the time to wait was over. It goes on."""

    def __init__(self, job_id: str, seconds: float) -> None:
        super().__init__(f"The job {job_id} has not ended after {seconds:g} s; it goes on, wait for it again.")
        self.job_id = job_id


class ItemsFailed(ClientError):
    """Some items of a job have errors instead of outputs.

    Args:
        errors: error by name of the item.
    """

    def __init__(self, job_id: str, errors: dict[str, str]) -> None:
        shown = "; ".join(f"{name}: {error}" for name, error in list(errors.items())[:3])
        more = f" (and {len(errors) - 3} more)" if len(errors) > 3 else ""
        super().__init__(f"{counted(len(errors), 'item')} of the job {job_id} failed: {shown}{more}.")
        self.errors = errors


class Refused(ClientError):
    """The server's answer is an error; `message` is the server's.

    Args:
        status: of HTTP.
        details: what else the server says, such as the last output of a container.
        retry_after: seconds after which trying again can help.
    """

    def __init__(self, message: str, *, status: int, details: str = "", retry_after: float | None = None) -> None:
        super().__init__(f"{message}\n{details}" if details else message)
        self.status = status
        self.details = details
        self.retry_after = retry_after


class InvalidInput(Refused):
    """The server cannot use a value (400, 422)."""


class NotAuthenticated(Refused):
    """No key, or one that is wrong, inactive or expired (401)."""


class NotAllowed(Refused):
    """The key may not do this (403)."""


class NotFound(Refused):
    """There is no such thing, or the key may not see it (404)."""


class Conflict(Refused):
    """The thing is not in a state in which this can be done (409, 412)."""


class TooLarge(Refused):
    """The server takes no so large or so many values (413)."""


class LimitReached(Refused):
    """A quota or a rate is used up (429)."""


class Unavailable(Refused):
    """The server is not ready (502, 503, 504)."""


class ServerFailed(Refused):
    """The server failed at something that is not the caller's fault (any other status)."""


class NotOffered(NotFound):
    """The server does not know what was asked for: it is older than this client."""

    def __init__(self, what: str, status: int = 404) -> None:
        super().__init__(f"This server does not offer {what}; it is older than this client.", status=status)


def is_unknown_route(error: Refused) -> bool:
    """Whether the server refuses because it does not know the address at all, rather than what it names."""
    return error.status == 405 or (error.status == 404 and error.message.startswith("There is nothing at"))


BY_STATUS: dict[int, type[Refused]] = {
    400: InvalidInput,
    401: NotAuthenticated,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    413: TooLarge,
    422: InvalidInput,
    429: LimitReached,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def refused(status: int, message: str, details: str = "", retry_after: float | None = None) -> Refused:
    """The error of a status."""
    phrases = {int(one): one.phrase for one in HTTPStatus}
    said = message or f"The server answered {status} ({phrases.get(status, 'unknown')}) without a reason."
    return BY_STATUS.get(status, ServerFailed)(said, status=status, details=details, retry_after=retry_after)
