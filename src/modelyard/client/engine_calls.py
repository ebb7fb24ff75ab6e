"""Operations on engines: which containers run, and what they write."""

from modelyard.client.errors import NotOffered, Refused, is_unknown_route
from modelyard.client.exchange import Operation, Request, call, get_list
from modelyard.client.paths import at
from modelyard.client.things import Engine, engines_of

LOGS = "the logs of engines"


def list_engines() -> Operation[list[Engine]]:
    """The engines of all versions that you may see."""
    return engines_of((yield from get_list(at("resources", "processing", "models"))))


def read_logs(engine: str | Engine, *, tail: int | None = None) -> Operation[str]:
    """What an engine has written, or its last lines. Raises NotFound, NotOffered."""
    name = engine.name if isinstance(engine, Engine) else engine
    try:
        answer = yield from call(Request("GET", logs_path(name), {"lines": tail}))
    except Refused as error:
        raise told_apart(error) from None
    return answer.content.decode("utf-8", "replace")


def logs_path(name: str) -> str:
    """Where the logs of an engine are."""
    return at("resources", "processing", "engines", name, "logs")


def told_apart(error: Refused) -> Refused:
    """The same error, or that the server has no logs: then it knows not even the route."""
    return NotOffered(LOGS) if is_unknown_route(error) else error
