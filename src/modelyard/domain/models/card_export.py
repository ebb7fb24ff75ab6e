"""A model card as a document that can be taken elsewhere: what is in it, and as Markdown that model hubs read."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.accounts.actor import Actor
from modelyard.domain.models.card_content import TEXTS
from modelyard.domain.models.cards import CardState, read_card
from modelyard.domain.models.hub_words import licence_of, pipeline_of

_BREAKS_CELLS = str.maketrans({"|": "\\|", "\n": " ", "\r": " "})
LONGEST_LICENCE_NAME = 100


@dataclass(frozen=True, slots=True)
class CardSheet:
    """Everything that an exported card has, beside the card itself the version's own words and metrics."""

    state: CardState
    tags: tuple[tuple[str, str], ...]
    """Identifier and name of each."""

    @property
    def title(self) -> str:
        """What it is the card of."""
        return f"{self.state.version.model.name} {self.state.version.version}"

    @property
    def sections(self) -> list[tuple[str, str]]:
        """Heading and Markdown of each part that says something, but for the tables."""
        version, card = self.state.version, self.state.card.plain()
        rating = f"**{self.state.card.risk_rating}**" if self.state.card.risk_rating else ""
        risk = "\n\n".join(filter(None, [rating, self.state.card.risk_reason]))
        sections = [
            ("Description", version.long_description),
            *((heading, card[name]) for name, heading in TEXTS.items()),
            ("Risk", risk),
            ("Technical details", self.state.technical_details),
            ("Performance", self.state.performance_summary),
            ("Licence", card["licence"]),
        ]
        return [(heading, text) for heading, text in sections if text.strip()]

    @property
    def tables(self) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
        """Heading, names of columns and rows of each table that has rows."""
        card = self.state.card
        metrics = [
            (_words(entry.get("label")), _words(entry.get("value")), _words(entry.get("description")))
            for entry in self.state.version.statistics
        ]
        groups = [
            (row.group, row.metric, _words(row.value), _words(row.sample_count), row.note)
            for row in card.metrics_by_group
        ]
        contacts = [(row.name, row.email, row.url) for row in card.contacts]
        tables: list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]] = [
            ("Metrics", ("Metric", "Value", "Description"), [*metrics]),
            ("Metrics by group", ("Group", "Metric", "Value", "Samples", "Note"), [*groups]),
            ("Contacts", ("Name", "E-mail", "Address"), [*contacts]),
        ]
        return [table for table in tables if table[2]]

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        version = self.state.version
        return {
            "model": {"identifier": version.model_id, "name": version.model.name, "author": version.model.author},
            "version": version.version,
            "revision": self.state.number,
            "summary": version.model.description,
            "longDescription": version.long_description,
            "tags": [name for _, name in self.tags],
            "statistics": version.statistics,
            **self.state.plain(),
        }


async def read_sheet(
    session: AsyncSession, actor: Actor, model_id: str, version: str, *, at: datetime | None = None
) -> CardSheet:
    """The card of a version with what belongs to it. Raises ModelNotFound, VersionNotFound."""
    state = await read_card(session, actor, model_id, version, at=at)
    tags = tuple((tag.identifier, tag.name) for tag in state.version.model.tags)
    return CardSheet(state, tags)


def as_markdown(sheet: CardSheet) -> str:
    """Markdown with the front matter that model hubs read; the texts as they were written."""
    front = yaml.safe_dump(front_matter(sheet), sort_keys=False, allow_unicode=True)
    parts = [f"---\n{front}---\n", f"# {sheet.title}\n", sheet.state.version.model.description]
    parts += [f"## {heading}\n\n{text.rstrip()}" for heading, text in sheet.sections]
    parts += [f"## {heading}\n\n{_table(columns, rows)}" for heading, columns, rows in sheet.tables]
    return "\n\n".join(part.rstrip() for part in parts if part.strip()) + "\n"


def front_matter(sheet: CardSheet) -> dict[str, Any]:
    """What model hubs read of a card: licence, languages, tags, task and metrics."""
    card, identifiers = sheet.state.card, [identifier for identifier, _ in sheet.tags]
    front: dict[str, Any] = {}
    if card.licence.strip():
        front["license"] = licence_of(card.licence) or "other"
        if front["license"] == "other":
            front["license_name"] = " ".join(card.licence.split())[:LONGEST_LICENCE_NAME]
    if card.languages:
        front["language"] = [*card.languages]
    if sheet.tags:
        front["tags"] = [name for _, name in sheet.tags]
    if pipeline := pipeline_of(identifiers):
        front["pipeline_tag"] = pipeline
    if metrics := list(_metrics(sheet.state.version.statistics)):
        task = {"type": pipeline or "other"}
        results = {"task": task, "dataset": {"name": "Evaluation data", "type": "evaluation-data"}, "metrics": metrics}
        front["model-index"] = [{"name": sheet.title, "results": [results]}]
    return front


def _metrics(statistics: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for entry in statistics:
        label = str(entry.get("label") or entry.get("type") or "")
        if label:
            word = re.sub(r"[\W_]+", "_", label.lower()).strip("_") or "metric"
            yield {"name": label, "type": word, "value": entry.get("value")}


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cell.translate(_BREAKS_CELLS) for cell in line)} |" for line in lines)


def _words(value: Any) -> str:
    return "" if value is None else str(value)
