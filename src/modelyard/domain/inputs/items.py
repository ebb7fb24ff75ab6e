"""Items as they were submitted, before they run; and what is wrong with single ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from modelyard.core.errors import InvalidInput, TooLarge
from modelyard.domain.models.contract import DeclaredInput

LONGEST_NAME = 1000
LONGEST_NAMES = 8_000_000
"""Characters of the names of all items of a job together: whoever looks at the job gets them all."""


class SourcesRejected(InvalidInput):
    """The submission's input cannot be read at all."""


class NamesTooLong(TooLarge):
    """The names of the items take too much room together."""

    def __init__(self) -> None:
        super().__init__(
            f"The names of a job's items may have {LONGEST_NAMES} characters together; use shorter ones or split it."
        )


@dataclass(frozen=True, slots=True)
class InputFacts:
    """What is known of one input without its bytes."""

    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class InputValue:
    """One input of one item: in memory, or, with a location, where it is to be fetched from."""

    name: str
    media_type: str
    data: bytes
    location: Mapping[str, str] | None = None

    @property
    def facts(self) -> InputFacts:
        """What is known of it without its bytes."""
        return InputFacts(self.name, self.media_type, len(self.data))


@dataclass(frozen=True, slots=True)
class SubmittedItem:
    """One named group of inputs. With an error it is not run: the caller's mistake is its result."""

    name: str
    values: tuple[InputValue, ...] = ()
    error: str | None = None
    size: int = field(default=0)


def check_item(name: str, values: list[InputValue], declared: tuple[DeclaredInput, ...]) -> SubmittedItem:
    """Compares an item with what the version declares: names, presence, sizes, media types."""
    problem = problem_of([value.facts for value in values], declared)
    size = sum(len(value.data) for value in values)
    return SubmittedItem(name, error=problem, size=size) if problem else SubmittedItem(name, tuple(values), None, size)


def problem_of(values: Sequence[InputFacts], declared: tuple[DeclaredInput, ...]) -> str | None:
    """What is wrong with an item that has these inputs; None when nothing is."""
    known = {entry.name: entry for entry in declared}
    given = {value.name for value in values}
    if missing := [name for name in known if name not in given]:
        return f"the input {missing[0]!r} is missing; the model's inputs are {list(known)}"
    for value in values:
        entry = known.get(value.name)
        if entry is None:
            return f"the model has no input named {value.name[:255]!r}; its inputs are {list(known)}"
        if value.size > entry.maximum_size:
            return f"the input {value.name!r} has {value.size} bytes; at most {entry.maximum_size} are allowed"
        if not entry.accepts(value.media_type):
            accepted = ", ".join(entry.media_types)
            return f"the input {value.name!r} is {value.media_type[:100]}; accepted are: {accepted}"
    return None
