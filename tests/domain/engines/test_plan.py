"""Where a program may listen, and what cannot be run at all."""

from typing import Any

import pytest

from modelyard.core.database import Database
from modelyard.domain.engines.errors import NotRunnable
from modelyard.domain.engines.plan import candidate_ports, plan_for
from modelyard.domain.engines.rows import load_version
from tests.cast import CAST
from tests.library import add_active


@pytest.mark.parametrize(
    ("environment", "labels", "exposed", "ports"),
    [
        ([], {}, [], (45000, 80)),
        (["PSC_MODEL_PORT=9000"], {}, [], (9000, 45000, 80)),
        (["PATH=/bin"], {"ml.openmodel.port": "7000"}, ["8080/tcp"], (7000, 8080, 45000, 80)),
        (["PSC_MODEL_PORT=80"], {}, ["80/tcp", "53/udp"], (80, 45000)),
        (["PSC_MODEL_PORT=high", "PSC_MODEL_PORT="], {"ml.openmodel.port": 0}, ["99999/tcp", "x/tcp"], (45000, 80)),
        ([], {}, ["1/tcp", "2/tcp", "3/tcp", "4/tcp", "5/tcp"], (1, 2, 3, 4)),
        (["PSC_MODEL_PORT=٣"], {}, [], (45000, 80)),
    ],
)
def test_ports(environment: list[str], labels: dict[str, object], exposed: list[str], ports: tuple[int, ...]) -> None:
    assert candidate_ports(environment, labels, exposed) == ports


@pytest.mark.parametrize("missing", ["requirement_id", "status_timeout_ms"])
async def test_incomplete_version_has_no_plan(database: Database, missing: str) -> None:
    """An ordinary error, so that items which still wait for such a version are given the reason."""
    without: dict[str, Any] = {missing: None}
    await add_active(database, CAST.alice, **without)
    async with database.read() as session:
        version = await load_version(session, 1)

    with pytest.raises(NotRunnable):
        plan_for(version)
