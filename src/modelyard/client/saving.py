"""Writes results below a directory, whatever their items and outputs are called."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from modelyard.client.exchange import Operation
from modelyard.client.results import Item, OutputFile, Results

LIST = "results.jsonl"
_LONGEST = 150
"""Bytes of a file's name; file systems take 255, and a number may follow."""
_NEVER = frozenset('/\\:*?"<>|')
Download = Callable[[OutputFile, Path], Operation[None]]


def save_results(results: Results, directory: Path, download: Download) -> Operation[Path]:
    """A folder for each item with its outputs, and a list of all of them. Raises FileExistsError for a second time."""
    directory.mkdir(parents=True, exist_ok=True)
    names = Names({LIST})
    with (directory / LIST).open("x", encoding="utf-8") as listed:
        for item in results.values():
            files = yield from _save_item(item, directory, names, download)
            listed.write(json.dumps(line_of(item, files), ensure_ascii=False) + "\n")
    return directory


def line_of(item: Item, files: dict[str, str] | None = None) -> dict[str, Any]:
    """An item as one line of JSON: outputs in place, others as where they are."""
    outputs = {name: _shown(value) for name, value in item.outputs.items()}
    line: dict[str, Any] = {"item": item.name, "status": "SUCCESSFUL" if item.is_successful else "FAILED"}
    if item.error:
        line["error"] = item.error
    if item.error_side:
        line["errorSide"] = item.error_side
    return line | {"latencyMs": item.latency_ms, "outputs": outputs} | ({"files": files} if files is not None else {})


class Names:
    """Names for files that were not used before, also where upper and lower case are the same."""

    def __init__(self, taken: set[str] | None = None) -> None:
        self._taken = {name.casefold() for name in taken or ()}

    def safe(self, name: str) -> str:
        """The name as a file can have it."""
        harmless = "".join("_" if one in _NEVER or not one.isprintable() else one for one in name).strip(" ")
        harmless = harmless.encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore")
        harmless = ("_" + harmless[1:] if harmless.startswith(".") else harmless).rstrip(". ") or "_"
        stem, dot, suffix = harmless.rpartition(".")
        number, unique = 1, harmless
        while unique.casefold() in self._taken:
            number += 1
            unique = f"{stem}~{number}{dot}{suffix}" if stem else f"{harmless}~{number}"
        self._taken.add(unique.casefold())
        return unique


def _save_item(item: Item, directory: Path, names: Names, download: Download) -> Operation[dict[str, str]]:
    """Returns the files by name of the output, below the directory."""
    if not item.outputs:
        return {}
    folder, inside, files = names.safe(item.name), Names(), dict[str, str]()
    (directory / folder).mkdir()
    for name, value in item.outputs.items():
        files[name] = f"{folder}/{inside.safe(name)}"
        target = directory / files[name]
        if isinstance(value, OutputFile):
            yield from download(value, target)
        else:
            with target.open("x", encoding="utf-8") as file:
                json.dump(value, file, ensure_ascii=False)
    return files


def _shown(value: Any) -> Any:
    return None if isinstance(value, OutputFile) else value
