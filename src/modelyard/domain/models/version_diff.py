"""Compares two versions of a model, and one that becomes active with the one that jobs use so far."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from modelyard.domain.accounts.actor import Actor
from modelyard.domain.models.cards import current_card
from modelyard.domain.models.catalog import find_version
from modelyard.domain.models.contract_diff import Change, ContractFacts, breaking, contract_diff
from modelyard.domain.models.tables import Requirement, Version, VersionStatus

MOST_WARNINGS = 100


async def diff_versions(session: AsyncSession, actor: Actor, model_id: str, old: str, new: str) -> list[Change]:
    """What changed from one version to another. Raises ModelNotFound, VersionNotFound."""
    before = await find_version(session, actor, model_id, old)
    after = await find_version(session, actor, model_id, new)
    return contract_diff(await _facts(session, before), await _facts(session, after))


async def activation_warnings(session: AsyncSession, row: Version) -> list[str]:
    """Whom a version breaks that becomes active, or just did: compared with the highest other one that is active."""
    others = (Version.model_id == row.model_id, Version.status == VersionStatus.ACTIVE, Version.id != row.id)
    highest = select(Version).where(*others).order_by(Version.order_key.desc()).limit(1)
    latest = await session.scalar(highest.options(joinedload(Version.requirement)))
    if latest is None:
        return []
    changes = contract_diff(await _facts(session, latest), await _facts(session, row))
    return [f"Compared with {latest.version}: {change.sentence}" for change in breaking(changes)][:MOST_WARNINGS]


async def _facts(session: AsyncSession, row: Version) -> ContractFacts:
    return ContractFacts(
        version=row.version,
        inputs=row.inputs or [],
        outputs=row.outputs or [],
        status_timeout=row.status_timeout_ms,
        run_timeout=row.run_timeout_ms,
        hardware=_hardware(row.requirement),
        statistics=row.statistics,
        card=(await current_card(session, row)).plain(),
        input_schema=row.input_validation_schema,
    )


def _hardware(requirement: Requirement | None) -> dict[str, object] | None:
    if requirement is None:
        return None
    return {
        "requirementId": requirement.id,
        "name": requirement.name,
        "cpuMillis": requirement.cpu_millis,
        "memoryBytes": requirement.memory_bytes,
        "gpuUnits": requirement.gpu_units,
    }
