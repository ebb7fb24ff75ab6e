"""Each kind of error of the platform has an exit code, and each exit code a meaning."""

from modelyard.core import errors
from modelyard.entrypoints.cli.exit_codes import BY_STATUS, CommandFailed, Exit
from modelyard.entrypoints.rest.errors import STATUS


def test_every_kind_of_error_has_a_code() -> None:
    codes = {kind: BY_STATUS.get(status, Exit.FAILED) for kind, status in STATUS.items()}

    assert [kind.__name__ for kind, code in codes.items() if code == Exit.FAILED] == ["PlatformError"]
    assert codes[errors.NotAuthenticated] != codes[errors.NotAllowed] != codes[errors.NotFound]


def test_codes_mean_something_each() -> None:
    assert [code.value for code in Exit] == list(range(10))
    assert len({code.meaning for code in Exit}) == 10


def test_messages_are_clean() -> None:
    assert CommandFailed("a\x1b[1m\nb").message == "a\\x1b[1m\nb"
    assert CommandFailed("a", Exit.CONFLICT).exit_code == 6
