"""How model cards look on the wire, and what is sent for them."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from modelyard.domain.models.card_compare import FieldDifference
from modelyard.domain.models.card_content import ModelCard, card_of
from modelyard.domain.models.cards import CardState
from modelyard.entrypoints.card_members import CardMembers
from modelyard.entrypoints.rest.whole_bodies import WholeBody
from modelyard.entrypoints.rest.wire import time_text, without_none


class CardBody(WholeBody, CardMembers):
    """A model card; texts are Markdown. What is absent or null is empty."""

    stand_ins: ClassVar[Mapping[str, Callable[[str], str]]] = {"languages": lambda _: "en"}

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
