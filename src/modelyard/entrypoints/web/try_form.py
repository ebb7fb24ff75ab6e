"""The form with which somebody tries a version: a field for each of its inputs, and what was put in."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from modelyard.domain.inputs.items import InputFacts, problem_of
from modelyard.domain.models.contract import ANY_MEDIA_TYPE, DeclaredInput, declared_inputs
from modelyard.domain.models.tables import Version
from modelyard.entrypoints.web.form_files import FormWithFiles, SentFile

ITEM = "0001"
"""What the only item of such a job is called; the examples of the API call theirs so."""
LONGEST_SHOWN = 65_536
"""Characters of a text that are put into a field again."""
_TEXTUAL = ("text/", "application/json", "application/xml", "application/yaml", "application/x-yaml", "*/*")
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class TryField:
    """A field for one input; `problem` says what was wrong with what was put in."""

    name: str
    description: str
    media_types: tuple[str, ...]
    maximum_size: int
    takes_text: bool
    text: str = ""
    problem: str = ""

    @property
    def accepts(self) -> str:
        """What a browser offers for choosing; empty for any file."""
        return "" if {ANY_MEDIA_TYPE, "*/*"} & set(self.media_types) else ",".join(self.media_types)


def fields_of(version: Version) -> list[TryField]:
    """Fields with the texts of the version's sample, where it has one."""
    described = {entry["name"]: entry.get("description") or "" for entry in version.inputs or []}
    sample = sample_texts(version.sample_input)
    return [_field(declared, described[declared.name], sample) for declared in declared_inputs(version)]


def _field(declared: DeclaredInput, description: str, sample: Mapping[str, str]) -> TryField:
    is_textual = any(kind.startswith(_TEXTUAL) for kind in declared.media_types)
    text = sample.get(declared.name, "") if is_textual else ""
    return TryField(declared.name, description, declared.media_types, declared.maximum_size, is_textual, text)


def sample_texts(sample: Any) -> dict[str, str]:
    """The texts of the first item of a sample submission; none of a sample of another form."""
    found = sample
    for member in ("input", "sources"):
        found = found.get(member) if isinstance(found, dict) else None
    item = next(iter(found.values()), None) if isinstance(found, dict) else None
    if not isinstance(item, dict) or sample["input"].get("type") != "text":
        return {}
    return {name: text[:LONGEST_SHOWN] for name, text in item.items() if isinstance(text, str)}


def with_texts(fields: list[TryField], texts: Mapping[str, str]) -> list[TryField]:
    """The fields with what was sent in place of the sample."""
    return [
        replace(field, text=texts[field.name][:LONGEST_SHOWN]) if field.name in texts else field for field in fields
    ]


def read_inputs(fields: list[TryField], form: FormWithFiles) -> tuple[dict[str, SentFile], list[TryField]]:
    """What was put in for each input, and the fields with their problems. A file wins over a text."""
    values: dict[str, SentFile] = {}
    kept = []
    for field in fields:
        text = form.texts.get(f"text:{field.name}", "").replace("\r\n", "\n")  # browsers send line ends so
        value = form.files.get(f"file:{field.name}") or (SentFile("", text.encode()) if text else None)
        if value is not None:
            values[field.name] = value
        kept.append(replace(field, text=text[:LONGEST_SHOWN], problem=_problem_of(field, value)))
    return values, kept


def _problem_of(field: TryField, value: SentFile | None) -> str:
    if value is None:
        return "Put a text in, or choose a file." if field.takes_text else "Choose a file."
    declared = DeclaredInput(field.name, field.media_types, field.maximum_size)
    problem = problem_of([InputFacts(field.name, value.media_type, len(value.data))], (declared,))
    return f"{problem[:1].upper()}{problem[1:]}." if problem else ""


def as_sources(values: Mapping[str, SentFile]) -> dict[str, dict[str, str]]:
    """One item, as a submission of type `embedded` has it. Takes a while for large files."""
    return {ITEM: {name: _data_uri(value) for name, value in values.items()}}


def _data_uri(value: SentFile) -> str:
    media_type = value.media_type if _TYPE.fullmatch(value.media_type) else ANY_MEDIA_TYPE
    return f"data:{media_type};base64,{base64.b64encode(value.data).decode('ascii')}"
