"""How model cards look on the wire, and what is sent for them."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from modelyard.domain.models.card_compare import FieldDifference
from modelyard.domain.models.card_content import ModelCard, card_of
from modelyard.domain.models.cards import CardState
from modelyard.entrypoints.rest.whole_bodies import Number, Whole, WholeBody
from modelyard.entrypoints.rest.wire import time_text, without_none


class _Known(BaseModel):
    """Members that nobody knows are refused: a word that is spelt wrongly must not be lost."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class GroupMetricBody(_Known):
    """One metric for one group of those whom the model is about."""

    group: str | None = None
    metric: str | None = None
    value: Number | None = None
    sampleCount: Whole | None = None  # noqa: N815 - the API's spelling
    note: str | None = None


class RiskBody(_Known):
    """How much harm the use of the model can do, and why."""

    rating: str | None = Field(None, description="minimal, limited, high or unacceptable.")
    reason: str | None = None


class ContactBody(_Known):
    """Whom to ask."""

    name: str | None = None
    email: str | None = None
    url: str | None = None


class CardBody(WholeBody, _Known):
    """A model card; texts are Markdown. What is absent or null is empty."""

    stand_ins = {"languages": lambda _: "en"}

    intendedUse: str | None = None  # noqa: N815
    outOfScopeUse: str | None = None  # noqa: N815
    trainingData: str | None = None  # noqa: N815
    evaluationData: str | None = None  # noqa: N815
    metricsByGroup: list[GroupMetricBody] | None = None  # noqa: N815
    ethicalConsiderations: str | None = None  # noqa: N815
    caveats: str | None = None
    risk: RiskBody | None = None
    licence: str | None = Field(None, description="An SPDX identifier, or words.")
    languages: list[str] | None = Field(None, description="Language tags such as en.")
    contacts: list[ContactBody] | None = None

    def to_card(self) -> ModelCard:
        """The same in the domain's words."""
        return card_of(self.model_dump(), self.unread)


def card_object(state: CardState) -> dict[str, Any]:
    """A card at one of its revisions."""
    return without_none(
        {
            "modelIdentifier": state.version.model_id,
            "version": state.version.version,
            **revision_object(state),
            "card": state.card.plain(),
            "technicalDetails": state.technical_details,
            "performanceSummary": state.performance_summary,
        }
    )


def revision_object(state: CardState) -> dict[str, Any]:
    """Which revision, since when and by whom."""
    since = time_text(state.changed_at) if state.changed_at else None
    return without_none({"revision": state.number, "changedAt": since, "changedBy": state.changed_by})


def etag_of(state: CardState) -> dict[str, str]:
    """The header that says at which revision a card is."""
    return {"ETag": f'"{state.number}"'}


def difference_object(difference: FieldDifference) -> dict[str, Any]:
    """One member of two cards side by side."""
    words = [{"kind": piece.kind, "text": piece.text} for piece in difference.words]
    return without_none(
        {
            "field": difference.name,
            "isSame": difference.is_same,
            "left": difference.left,
            "right": difference.right,
            "words": words or None,
        }
    )
