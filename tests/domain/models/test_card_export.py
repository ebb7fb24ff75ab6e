"""Exported cards: the front matter that hubs read, and the texts as they were written."""

from typing import Any

import yaml

from modelyard.core.database import Database
from modelyard.domain.models.card_content import card_of
from modelyard.domain.models.card_export import CardSheet, as_markdown, front_matter, read_sheet
from modelyard.domain.models.cards import CardState, write_card
from modelyard.domain.models.catalog import change_model
from modelyard.domain.models.tables import Model, Version
from tests.cast import CAST
from tests.domain.models.test_card_content import FULL
from tests.library import add_active
from tests.manual_clock import ManualClock


def _sheet(card: dict[str, Any] = FULL, *tags: tuple[str, str], **values: Any) -> CardSheet:
    model = Model(id="ed542963de", name="Letter sorter", author="acme", description="Sorts letters.")
    metrics = [{"label": "F1 score", "value": 0.9, "description": "over | all\nletters"}]
    version = Version(version="1.2.0", model_id=model.id, model=model, long_description="Long.", statistics=metrics)
    for name, value in values.items():
        setattr(version, name, value)
    state = CardState(version, 3, card_of(card), "A **network**.", "It is good.")
    return CardSheet(state, tags)


def test_front_matter() -> None:
    front = front_matter(
        _sheet(FULL, ("label_or_classify", "Label or Classify"), ("language_and_text", "Language and Text"))
    )

    assert front == {
        "license": "apache-2.0",
        "language": ["en", "pt-BR"],
        "tags": ["Label or Classify", "Language and Text"],
        "pipeline_tag": "text-classification",
        "model-index": [
            {
                "name": "Letter sorter 1.2.0",
                "results": [
                    {
                        "task": {"type": "text-classification"},
                        "dataset": {"name": "Evaluation data", "type": "evaluation-data"},
                        "metrics": [{"name": "F1 score", "type": "f1_score", "value": 0.9}],
                    }
                ],
            }
        ],
    }


def test_front_matter_of_an_empty_card() -> None:
    assert front_matter(_sheet({}, statistics=[])) == {}


def test_other_licences_have_a_name() -> None:
    front = front_matter(_sheet({"licence": "Only for\nour customers " + "x" * 200}, statistics=[]))

    assert front["license"] == "other"
    assert front["license_name"].startswith("Only for our customers xxx")
    assert len(front["license_name"]) == 100


def test_markdown() -> None:
    text = as_markdown(_sheet())
    _, front, body = text.split("---\n", 2)

    assert yaml.safe_load(front)["license"] == "apache-2.0"
    assert body.strip().startswith(
        "# Letter sorter 1.2.0\n\nSorts letters.\n\n## Description\n\nLong.\n\n## Intended use\n"
    )
    assert "## Risk\n\n**limited**\n\nPeople read every letter." in body
    assert "## Technical details\n\nA **network**." in body
    assert "## Performance\n\nIt is good." in body
    assert "<script>alert(1)</script>" in body  # as it was written
    assert "| F1 score | 0.9 | over \\| all letters |" in body
    assert "| women | F1 | 0.91 | 480 |  |" in body
    assert "| Ada | ada@example.org | https://example.org/ada |" in body


def test_the_front_matter_holds_whatever_a_name_is() -> None:
    sheet = _sheet({"licence": "x: [y\n---\n# z\0"}, ("a", "---"), ("b", "'\"{}[]: #\t\u202e"))
    front = as_markdown(sheet).split("\n---\n", 1)[0].removeprefix("---\n")

    assert yaml.safe_load(front)["tags"] == ["---", "'\"{}[]: #\t\u202e"]


def test_json() -> None:
    plain = _sheet().plain()

    assert plain["model"] == {"identifier": "ed542963de", "name": "Letter sorter", "author": "acme"}
    assert (plain["revision"], plain["technicalDetails"], plain["caveats"]) == (3, "A **network**.", "English only.")


async def test_read_from_the_database(database: Database) -> None:
    model_id = await add_active(database, CAST.alice)
    clock = ManualClock()
    async with database.write() as session:
        await write_card(session, clock, CAST.alice, model_id, "0.1.0", card_of(FULL))
        await change_model(session, clock, CAST.alice, model_id, tags=["Image", "Label or Classify", "own tag"])
    async with database.read() as session:
        sheet = await read_sheet(session, CAST.alice, model_id, "0.1.0")
        earlier = await read_sheet(session, CAST.alice, model_id, "0.1.0", at=clock.now().replace(year=2000))

    assert front_matter(sheet)["pipeline_tag"] == "image-classification"
    assert "English only." in as_markdown(sheet)
    assert earlier.state.number == 0
