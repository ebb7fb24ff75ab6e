"""What makes a report stale."""

from typing import Any

import pytest

from modelyard.core.database import Database
from modelyard.domain.engines.rows import load_version
from modelyard.domain.models.passed_tests import RUN_DEPENDS_ON
from modelyard.domain.models.tables import TestInput
from modelyard.domain.version_tests.staleness import basis_of, what_changed
from modelyard.domain.version_tests.tables import TestKind
from tests.cast import CAST
from tests.library import add_active

LOAD = {"image": "sha256:a", "requirement": 1}
RUN = LOAD | {"inputs": [{"name": "a"}], "outputs": [{"name": "b"}], "schema": "{}", "test_files": {"a": "key"}}


@pytest.mark.parametrize(
    ("then", "changes", "expected"),
    [
        (LOAD, {}, ()),
        (LOAD, {"image": "sha256:b"}, ("the container image",)),
        (LOAD, {"requirement": 2}, ("the hardware preset",)),
        (LOAD, {"inputs": [], "outputs": []}, ()),  # a load test says nothing of these
        (RUN, {}, ()),
        (RUN, {"image": None}, ("the container image",)),
        (RUN, {"inputs": [], "outputs": []}, ("the declared inputs", "the declared outputs")),
        (RUN, {"schema": '{"type": "object"}'}, ("the schema of inputs",)),
        (RUN, {"test_files": {"a": "other"}}, ("the test files",)),
    ],
)
def test_what_changed(then: dict[str, Any], changes: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert what_changed(then, RUN | changes) == expected


async def test_basis_of_a_version(database: Database) -> None:
    await add_active(database, CAST.alice)
    async with database.write() as session:
        facts = {"file_name": "a.txt", "media_type": "text/plain", "size": 10, "storage_key": "test-inputs/a"}
        session.add(TestInput(version_id=1, name="input.txt", **facts))
    async with database.read() as session:
        version = await load_version(session, 1)
        await session.refresh(version, ["test_inputs"])

    assert set(basis_of(version, TestKind.LOAD)) == {"image", "requirement"}
    basis = basis_of(version, TestKind.RUN)
    assert basis["test_files"] == {"input.txt": "test-inputs/a"}
    assert what_changed(basis, basis) == ()


def test_a_run_test_is_about_all_that_makes_it_void() -> None:
    columns = {"image_id": "image", "requirement_id": "requirement", "input_validation_schema": "schema"}
    assert {columns.get(name, name) for name in RUN_DEPENDS_ON} == RUN.keys() - {"test_files"}
