"""What a model card says, and what may stand in it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, TypeVar

from modelyard.core.places import told_once
from modelyard.domain.models.metadata import prose_problems

LONGEST_TEXT = 100_000
LONGEST_LINE = 1000
MOST_GROUPS = 500
MOST_CONTACTS = 50
MOST_LANGUAGES = 100
LARGEST_COUNT = 10**15
TEXTS = {
    "intendedUse": "Intended use",
    "outOfScopeUse": "Out-of-scope use",
    "trainingData": "Training data",
    "evaluationData": "Evaluation data",
    "ethicalConsiderations": "Ethical considerations",
    "caveats": "Caveats",
}
"""The members that are Markdown, and their headings."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}")
_MAIL = re.compile(r"[^@\s<>\"\x00-\x1f\x7f]{1,64}@[^@\s<>\"\x00-\x1f\x7f]{1,255}")
_ADDRESS = re.compile(r"https?://[^\s<>\"'\\\x00-\x1f\x7f]{1,1990}", re.IGNORECASE)


class RiskRating(StrEnum):
    """How much harm the use of a model can do, in the levels of the European AI Act."""

    MINIMAL = "minimal"
    LIMITED = "limited"
    HIGH = "high"
    UNACCEPTABLE = "unacceptable"


@dataclass(frozen=True, slots=True)
class GroupMetric:
    """One metric for one group of those whom the model is about."""

    group: str = ""
    metric: str = ""
    value: float | None = None
    sample_count: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask."""

    name: str = ""
    email: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What people have to know before they use a version. Texts are Markdown, as they were written.

    Args:
        licence: an SPDX identifier, or words.
        unread: what was sent and could not be read, each with its place; it is told with all other problems.
    """

    intended_use: str = ""
    out_of_scope_use: str = ""
    training_data: str = ""
    evaluation_data: str = ""
    metrics_by_group: tuple[GroupMetric, ...] = ()
    ethical_considerations: str = ""
    caveats: str = ""
    risk_rating: str = ""
    risk_reason: str = ""
    licence: str = ""
    languages: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    unread: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As it is stored and shown: all members, empty ones too."""
        return {
            "intendedUse": self.intended_use,
            "outOfScopeUse": self.out_of_scope_use,
            "trainingData": self.training_data,
            "evaluationData": self.evaluation_data,
            "metricsByGroup": [_plain(each) for each in self.metrics_by_group],
            "ethicalConsiderations": self.ethical_considerations,
            "caveats": self.caveats,
            "risk": {"rating": self.risk_rating, "reason": self.risk_reason},
            "licence": self.licence,
            "languages": list(self.languages),
            "contacts": [_plain(each) for each in self.contacts],
        }


def card_of(plain: Mapping[str, Any], unread: tuple[str, ...] = ()) -> ModelCard:
    """A card from what `plain` makes of it; members may be missing, or null."""
    texts = {_snake(name): plain.get(name) or "" for name in (*TEXTS, "licence")}
    risk = plain.get("risk") or {}
    return ModelCard(
        **texts,
        metrics_by_group=tuple(_read(GroupMetric, each) for each in plain.get("metricsByGroup") or ()),
        risk_rating=risk.get("rating") or "",
        risk_reason=risk.get("reason") or "",
        languages=tuple(plain.get("languages") or ()),
        contacts=tuple(_read(Contact, each) for each in plain.get("contacts") or ()),
        unread=unread,
    )


def without_empty(value: Any) -> Any:
    """The same without members that say nothing: they count as missing where a card has to have them."""
    if isinstance(value, dict):
        members = {name: without_empty(each) for name, each in value.items()}
        return {name: each for name, each in members.items() if each not in ("", None, [], {})}
    return [without_empty(each) for each in value] if isinstance(value, list) else value


def card_problems(card: ModelCard) -> list[str]:
    """Everything that is wrong with a card, each with its place."""
    plain = card.plain()
    texts = {name: plain[name] for name in TEXTS} | {"risk.reason": card.risk_reason, "licence": card.licence}
    problems = [problem for name, text in texts.items() for problem in prose_problems(name, text, LONGEST_TEXT)]
    if card.risk_rating not in {"", *RiskRating}:
        problems.append(f"risk.rating: one of {', '.join(RiskRating)}, or empty while nobody has rated it")
    for name, most in (("metricsByGroup", MOST_GROUPS), ("contacts", MOST_CONTACTS), ("languages", MOST_LANGUAGES)):
        if len(plain[name]) > most:
            problems.append(f"{name}: at most {most}, not {len(plain[name])}")
    for position, metric in enumerate(card.metrics_by_group[:MOST_GROUPS]):
        problems += [f"metricsByGroup[{position}].{problem}" for problem in _metric_problems(metric)]
    for position, contact in enumerate(card.contacts[:MOST_CONTACTS]):
        problems += [f"contacts[{position}]{problem}" for problem in _contact_problems(contact)]
    problems += [
        f"languages[{position}]: a language tag such as en or pt-BR"
        for position, language in enumerate(card.languages[:MOST_LANGUAGES])
        if not _LANGUAGE.fullmatch(language)
    ]
    return told_once(card.unread, problems)


def _metric_problems(metric: GroupMetric) -> Iterator[str]:
    for name, text in {"group": metric.group, "metric": metric.metric}.items():
        if not text.strip():
            yield f"{name}: a name"
        yield from prose_problems(name, text, LONGEST_LINE)
    yield from prose_problems("note", metric.note, LONGEST_LINE)
    if metric.sample_count is not None and not 0 <= metric.sample_count <= LARGEST_COUNT:
        yield f"sampleCount: 0 to {LARGEST_COUNT}"


def _contact_problems(contact: Contact) -> Iterator[str]:
    if not (contact.name.strip() or contact.email or contact.url):
        yield ": a name, an email or a url"
    for problem in prose_problems("name", contact.name, LONGEST_LINE):
        yield f".{problem}"
    if contact.email and not _MAIL.fullmatch(contact.email):
        yield ".email: an address such as ada@example.org"
    if contact.url and not _ADDRESS.fullmatch(contact.url):
        yield ".url: an address that begins with https:// or http://"


_Row = TypeVar("_Row", GroupMetric, Contact)


def _plain(row: GroupMetric | Contact) -> dict[str, Any]:
    return {_camel(each.name): getattr(row, each.name) for each in fields(row)}


def _read(kind: type[_Row], plain: Mapping[str, Any]) -> _Row:
    known = {each.name: plain.get(_camel(each.name)) for each in fields(kind)}
    return kind(**{name: value for name, value in known.items() if value is not None})


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def _snake(name: str) -> str:
    return re.sub("([A-Z])", r"_\1", name).lower()
