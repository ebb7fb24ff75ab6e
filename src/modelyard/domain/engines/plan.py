"""Decides how a container of a version is to be run and spoken to; pure rules."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelyard.domain.engines.errors import NotRunnable
from modelyard.domain.models.tables import Version

PORT_VARIABLE = "PSC_MODEL_PORT"
PORT_LABEL = "ml.openmodel.port"
FREE_PORT = 45000


@dataclass(frozen=True, slots=True)
class EnginePlan:
    """Everything needed to start an engine, without the database.

    Args:
        ports: where its program may listen, likeliest first; the first is given to it as PSC_MODEL_PORT.
        status_timeout: seconds until the model must be ready.
    """

    version_id: int
    model_id: str
    version: str
    image: str
    image_architecture: str
    ports: tuple[int, ...]
    memory_bytes: int
    cpu_millis: int
    gpus: int
    status_timeout: float


def plan_for(version: Version) -> EnginePlan:
    """The plan for a version. Raises NotRunnable when its image, preset or timeouts are not there."""
    image, requirement = version.image, version.requirement
    if image is None or image.image_id is None or requirement is None or version.status_timeout_ms is None:
        raise NotRunnable(version.version)
    return EnginePlan(
        version_id=version.id,
        model_id=version.model_id,
        version=version.version,
        image=image.image_id,
        image_architecture=image.architecture or "",
        ports=candidate_ports(image.environment or [], image.labels or {}, image.ports or []),
        memory_bytes=requirement.memory_bytes,
        cpu_millis=requirement.cpu_millis,
        gpus=requirement.gpu_units,
        status_timeout=version.status_timeout_ms / 1000,
    )


def candidate_ports(environment: list[str], labels: Mapping[str, object], exposed: list[str]) -> tuple[int, ...]:
    """Where a program may listen: what its image says, then what the container protocols have as default."""
    said = [
        *(entry.partition("=")[2] for entry in environment if entry.startswith(PORT_VARIABLE + "=")),
        str(labels.get(PORT_LABEL, "")),
        *(port.partition("/")[0] for port in exposed if not port.endswith("/udp")),
    ]
    numbers = [int(text) for text in said if text.isascii() and text.isdigit() and 0 < int(text) < 65536]
    return tuple(dict.fromkeys([*(numbers or [FREE_PORT]), FREE_PORT, 80]))[:4]
