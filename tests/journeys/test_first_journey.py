"""The main path: an image archive becomes a tested, active version that answers a job."""

import pytest

from tests.containers import build_image
from tests.journeys.server import Server, deploy_archive, finished_results, submit_texts

pytestmark = pytest.mark.containers


@pytest.fixture(scope="session")
def echo_image() -> str:
    """A model that speaks HTTP v1 and answers with what it was given."""
    from pathlib import Path

    program = (Path(__file__).parents[1] / "models" / "misbehaving.py").read_bytes()
    return build_image("echo", {"/app/model.py": program}, ["python3", "-u", "/app/model.py", "echo"])


def test_archive_becomes_a_version_that_answers_a_job(server: Server, echo_image: str) -> None:
    model_id, path = deploy_archive(server, echo_image, name="echo")
    version = server.call("GET", path).json
    assert version["status"] == "active"
    assert version["model"]["isActive"]

    job = submit_texts(server, model_id, {"first": "one", "second": "two"})
    results = finished_results(server, job)

    assert (results["completed"], results["failed"]) == (2, 0)
    assert set(results["results"]) == {"first", "second"}
    assert results["failures"] == {}
