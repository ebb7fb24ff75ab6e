"""What a model can do beside answering, as its container declared it and its tests saw it."""

from dataclasses import dataclass

from modelyard.domain.models.tables import Version


@dataclass(frozen=True, slots=True)
class Feature:
    """One ability; `size` where it has one."""

    identifier: str
    name: str
    description: str
    size: int | None = None


EXPLAINABLE = Feature("built-in-explainability", "Explainable", "Explains its predictions when a job asks for it.")
DRIFT_AWARE = Feature("drift-aware", "Drift-aware", "Says how far its inputs are from what it was trained on.")


def features_of(version: Version) -> list[Feature]:
    """The features of a version; of one whose image was not loaded yet nobody knows any."""
    if not version.load_passed:
        return []
    found = [EXPLAINABLE] if version.explains else []
    if version.detects_drift:
        found.append(DRIFT_AWARE)
    if version.batch_size > 1:
        size = version.batch_size
        found.append(Feature("batching", "Batching", f"Takes up to {size} items at once.", size))
    return found
