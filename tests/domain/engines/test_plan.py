"""Where a program may listen."""

import pytest

from modelyard.domain.engines.plan import candidate_ports


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
