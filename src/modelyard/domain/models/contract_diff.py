"""What changed between the contracts of two versions, and whom that breaks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from modelyard.domain.models.contract import covers, media_types
from modelyard.domain.models.requirements import EDGE_ID
from modelyard.domain.models.schema_loosening import is_same_check, takes_all_of

_Entry = Mapping[str, Any]


class Effect(StrEnum):
    """What a change means for those who use a version."""

    COMPATIBLE = "compatible"
    BREAKING = "breaking"
    INFORMATIVE = "informative"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; the sentence says whom it breaks, or what it means."""

    path: str
    before: Any
    after: Any
    effect: Effect
    sentence: str


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """What is compared of a version: as it is on the wire, timeouts in milliseconds."""

    version: str
    inputs: Sequence[_Entry] = ()
    outputs: Sequence[_Entry] = ()
    status_timeout: int | None = None
    run_timeout: int | None = None
    hardware: Mapping[str, Any] | None = None
    statistics: Sequence[_Entry] = ()
    card: Mapping[str, Any] = field(default_factory=dict)
    input_schema: str = ""


def contract_diff(old: ContractFacts, new: ContractFacts) -> list[Change]:
    """All changes from one version to another, in the order of the contract."""
    return [
        *_entries("inputs", "input", old.inputs, new.inputs, _input_removed, _input_added, _input_changes),
        *_entries("outputs", "output", old.outputs, new.outputs, _output_removed, _output_added, _output_changes),
        *_schema_changes(old.input_schema, new.input_schema),
        *_timeout_changes(old, new),
        *_hardware_changes(old.hardware, new.hardware),
        *_metric_changes(old.statistics, new.statistics),
        *_card_changes(old.card, new.card),
    ]


def breaking(changes: Sequence[Change]) -> list[Change]:
    """Those that break somebody."""
    return [change for change in changes if change.effect == Effect.BREAKING]


def _entries(
    path: str, kind: str, old: Sequence[_Entry], new: Sequence[_Entry], removed: Any, added: Any, changed: Any
) -> Iterator[Change]:
    before, after = {entry["name"]: entry for entry in old}, {entry["name"]: entry for entry in new}
    renamed = _renamed(before, after)
    for name, entry in before.items():
        place = f"{path}[{name}]"
        if name in after:
            yield from changed(place, name, entry, after[name])
        elif name in renamed:
            yield _rename(place, kind, name, renamed[name])
            yield from changed(place, name, entry, after[renamed[name]])
        else:
            yield removed(place, name, entry)
    for name, entry in after.items():
        if name not in before and name not in renamed.values():
            yield added(f"{path}[{name}]", name, entry)


def _renamed(before: Mapping[str, _Entry], after: Mapping[str, _Entry]) -> dict[str, str]:
    """The one that is gone and the one that is new, when they are alike in type and size."""
    gone, new = before.keys() - after.keys(), after.keys() - before.keys()
    if len(gone) != 1 or len(new) != 1:
        return {}
    old_name, new_name = gone.pop(), new.pop()
    alike = all(
        before[old_name].get(member) == after[new_name].get(member)
        for member in ("acceptedMediaTypes", "mediaType", "maximumSize")
    )
    return {old_name: new_name} if alike else {}


def _rename(place: str, kind: str, old: str, new: str) -> Change:
    whom = "Whoever sends" if kind == "input" else "Whoever reads"
    sentence = f"{whom} the {kind} {old!r} has to call it {new!r}."
    return Change(place, old, new, Effect.BREAKING, sentence)


def _input_removed(place: str, name: str, entry: _Entry) -> Change:
    sentence = f"Items that have the input {name!r} fail: the model has no such input any more."
    return Change(place, entry, None, Effect.BREAKING, sentence)


def _input_added(place: str, name: str, entry: _Entry) -> Change:
    sentence = f"Items made for the version before lack the input {name!r} and fail: every input has to be sent."
    return Change(place, None, entry, Effect.BREAKING, sentence)


def _output_removed(place: str, name: str, entry: _Entry) -> Change:
    return Change(place, entry, None, Effect.BREAKING, f"Whoever reads the output {name!r} finds none any more.")


def _output_added(place: str, name: str, entry: _Entry) -> Change:
    sentence = f"Results have the output {name!r} as well; nobody has to read it."
    return Change(place, None, entry, Effect.COMPATIBLE, sentence)


def _input_changes(place: str, name: str, old: _Entry, new: _Entry) -> Iterator[Change]:
    before, after = media_types(old["acceptedMediaTypes"]), media_types(new["acceptedMediaTypes"])
    lost, gained = _not_covered(before, after), _not_covered(after, before)
    values = (f"{place}.acceptedMediaTypes", old["acceptedMediaTypes"], new["acceptedMediaTypes"])
    if lost:
        sentence = f"Items that send {name!r} as {', '.join(lost)} fail: that is not accepted any more."
        yield Change(*values, Effect.BREAKING, sentence)
    elif gained:
        yield Change(*values, Effect.COMPATIBLE, f"The input {name!r} may also be {', '.join(gained)}.")
    yield from _size_change(
        f"{place}.maximumSize",
        old["maximumSize"],
        new["maximumSize"],
        lowered=f"Items whose {name!r} has more than {new['maximumSize']} bytes fail.",
        raised=(Effect.COMPATIBLE, f"The input {name!r} may have up to {new['maximumSize']} bytes."),
    )
    yield from _description_change(place, name, old, new)


def _output_changes(place: str, name: str, old: _Entry, new: _Entry) -> Iterator[Change]:
    if set(media_types(old["mediaType"])) != set(media_types(new["mediaType"])):
        sentence = f"Whoever reads the output {name!r} as {old['mediaType']} gets {new['mediaType']}."
        yield Change(f"{place}.mediaType", old["mediaType"], new["mediaType"], Effect.BREAKING, sentence)
    yield from _size_change(
        f"{place}.maximumSize",
        old["maximumSize"],
        new["maximumSize"],
        lowered=f"Items whose output {name!r} has more than {new['maximumSize']} bytes fail.",
        raised=(Effect.INFORMATIVE, f"The output {name!r} may have up to {new['maximumSize']} bytes now."),
    )
    yield from _description_change(place, name, old, new)


def _size_change(place: str, before: int, after: int, *, lowered: str, raised: tuple[Effect, str]) -> Iterator[Change]:
    if after < before:
        yield Change(place, before, after, Effect.BREAKING, lowered)
    elif after > before:
        yield Change(place, before, after, *raised)


def _description_change(place: str, name: str, old: _Entry, new: _Entry) -> Iterator[Change]:
    before, after = old.get("description") or "", new.get("description") or ""
    if before != after:
        sentence = f"The description of {name!r} changed."
        yield Change(f"{place}.description", before, after, Effect.INFORMATIVE, sentence)


def _not_covered(wanted: Sequence[str], known: Sequence[str]) -> list[str]:
    return sorted({each for each in wanted if not any(covers(one, each) for one in known)})


def _schema_changes(old: str, new: str) -> Iterator[Change]:
    if old == new:
        return
    before, after = _schema(old), _schema(new)
    effect, sentence = Effect.BREAKING, "Items that the schema before took may fail: it asks for something else now."
    if is_same_check(before, after):
        effect, sentence = Effect.INFORMATIVE, "The schema of inputs is written in another way, and takes the same."
    elif takes_all_of(before, after):
        effect, sentence = Effect.COMPATIBLE, "The schema of inputs takes all that it took before, and more."
    elif not old:
        sentence = "Items that break the new schema of inputs fail; before there was none."
    yield Change("inputValidationSchema", old, new, effect, sentence)


def _schema(text: str) -> Any:
    return msgspec.json.decode(text) if text else True


def _timeout_changes(old: ContractFacts, new: ContractFacts) -> Iterator[Change]:
    before, after = old.run_timeout, new.run_timeout
    if before != after:
        effect, sentence = Effect.INFORMATIVE, "The run timeout is set, or is set no more."
        if before is not None and after is not None:
            is_lower = after < before
            effect = Effect.BREAKING if is_lower else Effect.COMPATIBLE
            sentence = (
                f"Items that the model works on for more than {after} ms fail."
                if is_lower
                else f"The model may work on an item for up to {after} ms."
            )
        yield Change("timeout.run", before, after, effect, sentence)
    if old.status_timeout != new.status_timeout:
        sentence = "An engine may take another time to start; jobs wait for it as before."
        yield Change("timeout.status", old.status_timeout, new.status_timeout, Effect.INFORMATIVE, sentence)


def _hardware_changes(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[Change]:
    if old == new:
        return
    was_edge, is_edge = (facts is not None and facts["requirementId"] == EDGE_ID for facts in (old, new))
    effect, sentence = Effect.INFORMATIVE, "Engines run on other hardware: speed and cost may differ."
    if is_edge and not was_edge:
        effect, sentence = Effect.BREAKING, "Whoever submits jobs is refused: the version is for edge devices only."
    elif was_edge and not is_edge:
        effect, sentence = Effect.COMPATIBLE, "Jobs can be submitted; the version before was for edge devices only."
    yield Change("requirement", old, new, effect, sentence)


def _metric_changes(old: Sequence[_Entry], new: Sequence[_Entry]) -> Iterator[Change]:
    before, after = _by_label(old), _by_label(new)
    for label in {**before, **after}:
        if before.get(label) != after.get(label):
            sentence = f"The metric {label!r} changed."
            if label not in after:
                sentence = f"The metric {label!r} is not given any more."
            elif label not in before:
                sentence = f"The metric {label!r} is given as well."
            path = f"statistics[{label}]"
            yield Change(path, before.get(label), after.get(label), Effect.INFORMATIVE, sentence)


def _by_label(statistics: Sequence[_Entry]) -> dict[str, _Entry]:
    """Labels may be missing, or be there twice."""
    found: dict[str, _Entry] = {}
    for position, entry in enumerate(statistics):
        label = entry.get("label") or str(position)
        found[label if label not in found else f"{label} ({position})"] = entry
    return found


def _card_changes(old: _Entry, new: _Entry) -> Iterator[Change]:
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            sentence = f"The card says something else about {name}."
            if name == "risk":
                sentence = "The risk of the model is rated or explained differently; check whether your use is covered."
            yield Change(f"card.{name}", old.get(name), new.get(name), Effect.INFORMATIVE, sentence)
