"""What became of a job: each item with its outputs, or its error."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from modelyard.client.errors import ItemsFailed
from modelyard.client.exchange import Thing
from modelyard.client.things import number, time_of
from modelyard.core.counted import counted

MEMBERS = frozenset(
    {
        *("status", "engine", "error", "errorSide", "inputFetching", "outputUploading", "modelLatency", "queueTime"),
        *("startTime", "updateTime", "endTime", "elapsedTime", "voting"),
    }
)
"""What an item's result has beside its outputs."""


@dataclass(frozen=True, slots=True)
class OutputFile:
    """An output that is not JSON: it is fetched by itself."""

    job_id: str
    item: str
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """One finished item. Outputs are JSON values, or files to fetch; times in milliseconds."""

    name: str
    is_successful: bool
    outputs: Mapping[str, Any]
    error: str
    """Why there are no outputs; empty when there are."""
    error_side: str
    """Whose it is to mend: `caller`, `model` or `platform`; empty where the server does not say."""
    engine: str
    latency_ms: int
    queue_ms: int
    started_at: datetime | None
    ended_at: datetime | None
    raw: Thing = field(repr=False, compare=False)

    @property
    def output(self) -> Any:
        """The output of an item that has just one; None when it failed. Raises ValueError when there are several."""
        if len(self.outputs) > 1:
            raise ValueError(f"The item has several outputs: {', '.join(self.outputs)}; name one.")
        return next(iter(self.outputs.values()), None)

    @property
    def result(self) -> Any:
        """What the model answered: `data.result` of an output of that form, else the output itself."""
        return _data(self.output, "result")

    @property
    def explanation(self) -> Any:
        """Why, where the job asked for it and the model can tell; else None."""
        return self._part("explanation")

    @property
    def drift(self) -> Any:
        """What the model says about drift; None when it says nothing."""
        return self._part("drift")

    def _part(self, name: str) -> Any:
        parts = (output["data"].get(name) for output in self.outputs.values() if has_data(output))
        return next((part for part in parts if part is not None), None)


class Results(Mapping[str, Item]):
    """Finished items of a job by name, in the order in which they were submitted where that is known."""

    def __init__(self, job_id: str, items: Mapping[str, Item], *, total: int, is_complete: bool) -> None:
        self.job_id = job_id
        self.total = total
        self.is_complete = is_complete
        """Whether the job has ended, so that no more come."""
        self._items = dict(items)

    def __getitem__(self, name: str) -> Item:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        state = "" if self.is_complete else ", more to come"
        items = counted(self.total, "item")
        return f"<Results of {self.job_id}: {len(self)} of {items}, {len(self.failures)} failed{state}>"

    @property
    def successes(self) -> dict[str, Item]:
        """Items with outputs."""
        return {name: item for name, item in self._items.items() if item.is_successful}

    @property
    def failures(self) -> dict[str, Item]:
        """Items with errors."""
        return {name: item for name, item in self._items.items() if not item.is_successful}

    def raise_for_failures(self) -> "Results":
        """These results, when no item failed. Raises ItemsFailed."""
        if failures := self.failures:
            raise ItemsFailed(self.job_id, {name: item.error for name, item in failures.items()})
        return self

    def to_frame(self) -> Any:
        """A `pandas.DataFrame` with a row for each item, named so. Raises PandasMissing.

        Columns are `status`, `error`, `error_side` and `latency_ms`, and what the model answered, spread out.
        """
        from modelyard.client.frames import frame_of_results

        return frame_of_results(self)


def results_of(job_id: str, thing: Thing, order: tuple[str, ...] = ()) -> Results:
    """Reads the results of a job; items that `order` names come first, in this order."""
    found: dict[str, Item] = {}
    for group in ("results", "failures"):
        members = thing.get(group)
        for name, entry in members.items() if isinstance(members, dict) else ():
            if isinstance(entry, dict):
                found[name] = item_of(job_id, name, entry, failed=group == "failures")
    ordered = {name: found[name] for name in order if name in found} | found
    return Results(job_id, ordered, total=number(thing, "total"), is_complete=thing.get("finished") is True)


def item_of(job_id: str, name: str, thing: Thing, *, failed: bool | None = None) -> Item:
    """Reads the result of one item."""
    is_successful = thing.get("status") == "SUCCESSFUL" if failed is None else not failed
    error, side = thing.get("error"), thing.get("errorSide")
    outputs = {key: _output(job_id, name, key, value) for key, value in thing.items() if key not in MEMBERS}
    return Item(
        name=name,
        is_successful=is_successful,
        outputs=outputs if is_successful else {},
        error=str(error or ("" if is_successful else "The server does not say why.")),
        error_side=side.lower() if isinstance(side, str) else "",
        engine=str(thing.get("engine") or ""),
        latency_ms=number(thing, "modelLatency"),
        queue_ms=number(thing, "queueTime"),
        started_at=time_of(thing, "startTime"),
        ended_at=time_of(thing, "endTime"),
        raw=thing,
    )


def has_data(output: Any) -> bool:
    """Whether an output has the form `{"data": {"result": …}}`."""
    return isinstance(output, dict) and isinstance(output.get("data"), dict) and "result" in output["data"]


def _data(output: Any, name: str) -> Any:
    return output["data"].get(name) if has_data(output) else output


def _output(job_id: str, item: str, name: str, value: Any) -> Any:
    """The value, or the file that it is the address of."""
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        path = unquote(urlsplit(value.strip()).path)
        forms = (f"/api/results/{job_id}/datasource/{item}/output/{name}", f"/api/results/{job_id}/{item}/{name}")
        if path.endswith(forms):
            return OutputFile(job_id, item, name)
    return value
