"""Test files: what the run test gives to a model."""

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import InvalidInput
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.audit.record import record
from modelyard.domain.models.catalog import find_version_to_deploy
from modelyard.domain.models.contract import DeclaredInput, declared_inputs
from modelyard.domain.models.loose_files import claim_files, release_files
from modelyard.domain.models.passed_tests import TEST_FILES, take_back_tests
from modelyard.domain.models.tables import TestInput, Version


class InputNameUnknown(InvalidInput):
    """The version declares no input of this name."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"The version has no input named {name[:255]!r}; its inputs are {known}.")


class TestFileTooLarge(InvalidInput):
    """The file is larger than the input allows."""

    __test__ = False  # not a test for pytest

    def __init__(self, declared: DeclaredInput, size: int) -> None:
        super().__init__(
            f"The input {declared.name!r} takes at most {declared.maximum_size} bytes; the test file has {size}."
        )


async def require_input(session: AsyncSession, actor: Actor, model_id: str, version: str, name: str) -> DeclaredInput:
    """The declared input that a test file is meant for; an empty name means the only input.

    Raises InputNameUnknown.
    """
    row = await find_version_to_deploy(session, actor, model_id, version)
    return _declared(row, name)


async def set_test_input(
    session: AsyncSession,
    clock: Clock,
    actor: Actor,
    model_id: str,
    version: str,
    *,
    name: str,
    file_name: str,
    media_type: str,
    size: int,
    storage_key: str,
) -> None:
    """Makes an announced file the test file of an input, in place of the one that it had.

    Raises InputNameUnknown, TestFileTooLarge.
    """
    row = await find_version_to_deploy(session, actor, model_id, version)
    declared = _declared(row, name)
    if size > declared.maximum_size:
        raise TestFileTooLarge(declared, size)
    old = await session.get(TestInput, (row.id, declared.name))
    before = {"fileName": old.file_name, "size": old.size} if old else None
    if old:
        release_files(session, clock, [old.storage_key])
        await session.delete(old)
        await session.flush()
    session.add(
        TestInput(
            version_id=row.id,
            name=declared.name,
            file_name=file_name[:255],
            media_type=media_type[:255],
            size=size,
            storage_key=storage_key,
        )
    )
    await claim_files(session, [storage_key])
    take_back_tests(row, [TEST_FILES])
    values = {"before": before, "after": {"fileName": file_name[:255], "size": size}}
    target = f"model/{model_id}/{version}"
    record(session, clock, actor, "model:version:test-input-set", target, input=declared.name, **values)


def _declared(row: Version, name: str) -> DeclaredInput:
    inputs = declared_inputs(row)
    if not name and len(inputs) == 1:
        return inputs[0]
    for declared in inputs:
        if declared.name == name:
            return declared
    raise InputNameUnknown(name, [declared.name for declared in inputs])
