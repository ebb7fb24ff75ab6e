"""What can go wrong between the command line and a server, in words that say what to do."""

import json
import ssl
from http import HTTPStatus

import httpx

from modelyard.entrypoints.cli.access import Access
from modelyard.entrypoints.cli.clean_text import clean
from modelyard.entrypoints.cli.exit_codes import BY_STATUS, CommandFailed, Exit

_LONGEST_SHOWN = 200
_SHORTEST_SECRET = 8
"""What is shorter is no secret that a server made, and in ordinary words, too."""
_PHRASES = {int(status): status.phrase for status in HTTPStatus}


class NotOurServer(CommandFailed):
    """Something answers at the address, but not as a modelyard server does."""

    def __init__(self, access: Access, what: str) -> None:
        shown = clean(what[:_LONGEST_SHOWN]) or "nothing readable"
        super().__init__(f"What answers at {access.url} is not a modelyard server ({shown}). Is the address right?")


def failure_of_answer(access: Access, response: httpx.Response, content: bytes) -> CommandFailed:
    """The failure that an answer of 300 and above tells of."""
    status = response.status_code
    if status < 400:
        target = response.headers.get("location", "elsewhere")[:_LONGEST_SHOWN]
        hint = "Redirects are not followed; give the address itself with --url."
        return CommandFailed(without_secret(access, f"{access.url} points to {target}. {hint}"))
    code = BY_STATUS.get(status, Exit.FAILED)
    lines = [_message(access, status, content), *_hints(access, response)]
    return CommandFailed(without_secret(access, "\n".join(lines)), code)


def failure_of_connection(
    access: Access, error: httpx.HTTPError | httpx.InvalidURL | httpx.StreamError, seconds: float | None
) -> CommandFailed:
    """The failure of a request that was not answered, or not to the end; `seconds` when time was over."""
    url = access.url
    if seconds is not None or isinstance(error, httpx.TimeoutException):
        after = f" within {seconds:g} s" if seconds is not None else " in time"
        return CommandFailed(f"{url} did not answer{after}. --timeout gives it longer.", Exit.UNAVAILABLE)
    reason = _root_of(error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        hint = "Name the file of the authority that signed it in SSL_CERT_FILE."
        message = f"The certificate of {url} cannot be trusted: {reason.verify_message}. {hint}"
    elif isinstance(reason, ssl.SSLError):
        message = f"{url} does not speak TLS ({reason.reason or 'unknown'}). Does its address begin with http://?"
    elif isinstance(error, httpx.ConnectError):
        message = f"No server answers at {url} ({reason}). Is it running? --url names another."
    else:
        message = f"{url} did not answer to the end, or not in HTTP ({reason})."
    return CommandFailed(without_secret(access, message), Exit.UNAVAILABLE)


def without_secret(access: Access, text: str) -> str:
    """The text, in which nobody can make us show the key."""
    key = access.authorization.partition(" ")[2]
    hidden = text.replace(key, f"{access.key_prefix}.…" if access.key_prefix else "…") if key else text
    return hidden.replace(access.secret, "…") if len(access.secret) >= _SHORTEST_SECRET else hidden


def _message(access: Access, status: int, content: bytes) -> str:
    try:
        body = json.loads(content)
        message, details = body["message"], body.get("technicalInformation")
        if isinstance(message, str) and message:
            return f"{message}\n{details}" if isinstance(details, str) and details else message
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    phrase = _PHRASES.get(status, "unknown")
    hint = "It is not a modelyard server, or something stands before it that refuses. Is the address right?"
    return f"What is at {access.url} answered {status} ({phrase}) without a reason that can be read. {hint}"


def _hints(access: Access, response: httpx.Response) -> list[str]:
    if response.status_code == 401 and access.origin:
        return [f"{access.url} was asked with the key of {access.origin}; `modelyard login` gets another."]
    after = response.headers.get("retry-after", "")
    return [f"Try again in {after} s."] if after.isascii() and after.isdigit() and len(after) < 6 else []


def _root_of(error: BaseException) -> BaseException:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error
