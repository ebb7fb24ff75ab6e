"""The words of model hubs for tasks and licences."""

import pytest

from modelyard.domain.models.hub_words import _PIPELINES, licence_of, pipeline_of
from modelyard.domain.models.tag_names import PREDEFINED, tag_identifier


@pytest.mark.parametrize(
    ("tags", "pipeline"),
    [
        (["label_or_classify", "language_and_text"], "text-classification"),
        (["image", "label_or_classify"], "image-classification"),
        (["forecast_or_estimate", "time_series"], "time-series-forecasting"),
        (["locate_or_detect", "satellites_and_space"], "object-detection"),
        (["label_or_classify"], None),
        (["image"], None),
        ([], None),
    ],
)
def test_tasks(tags: list[str], pipeline: str | None) -> None:
    assert pipeline_of(tags) == pipeline


def test_the_tags_are_those_that_there_are() -> None:
    known = {tag_identifier(name) for names in PREDEFINED.values() for name in names}

    assert {task for task, _, _ in _PIPELINES} | set().union(*(beside for _, beside, _ in _PIPELINES)) <= known
    assert {tag_identifier(name) for name in PREDEFINED["Task"]} == {task for task, _, _ in _PIPELINES}


@pytest.mark.parametrize(
    ("licence", "word"),
    [
        ("Apache-2.0", "apache-2.0"),
        (" MIT ", "mit"),
        ("GPL-3.0-only", "gpl-3.0"),
        ("AGPL-3.0-or-later", "agpl-3.0"),
        ("Only for our customers", None),
        ("", None),
    ],
)
def test_licences(licence: str, word: str | None) -> None:
    assert licence_of(licence) == word
