"""What people read of a problem: labels of the form for places, units as they type them."""

import pytest

from modelyard.domain.models.metadata import MetadataRejected, VersionChanges, check_changes
from modelyard.entrypoints.web.deploy_answer import problems_of
from modelyard.entrypoints.web.deploy_labels import label_of


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (VersionChanges(run_timeout_ms=99_999_999_000), "Time for one run: 0.1 s to 24 h, not 99999999 s"),
        (VersionChanges(status_timeout_ms=50), "Time until the model is ready: 0.1 s to 24 h, not 0.05 s"),
        (VersionChanges(minimum_engines=5, maximum_engines=1), "Engines: at least 5 is more than at most 1"),
        (VersionChanges(minimum_engines=-1, maximum_engines=1), "Engines: 0 to 1000, not -1 and 1"),
    ],
)
def test_limits_are_told_in_the_units_of_the_form(changes: VersionChanges, told: str) -> None:
    with pytest.raises(MetadataRejected) as caught:
        check_changes(changes, minimum_engines=0, maximum_engines=1)

    assert [problem.text for problem in problems_of(caught.value)] == [told]


def test_sizes_have_units() -> None:
    entry = {"name": "a", "acceptedMediaTypes": "text/plain", "maximumSize": 0, "description": ""}
    with pytest.raises(MetadataRejected) as caught:
        check_changes(VersionChanges(inputs=[entry]), minimum_engines=0, maximum_engines=1)

    [problem] = problems_of(caught.value)
    assert (problem.field, problem.text) == ("inputs[0].maximumSize", "Input 1, at most: 1 byte to 100 GB, not 0")
    assert problem.at_field == "1 byte to 100 GB, not 0"


def test_places_have_the_names_of_their_fields() -> None:
    places = [
        "statistics[0].value",
        "contacts[1]",
        "languages[2]",
        "metricsByGroup[0].sampleCount",
        "caveats",
        "other[0].x",
    ]
    told = ["Metric 1, value", "Contact 2", "Language 3", "Group 1, samples", "Caveats", "other[0].x"]

    assert [label_of(place) for place in places] == told
