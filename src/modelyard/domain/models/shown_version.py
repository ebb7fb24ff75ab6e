"""The version that stands for a model, in the library and for searching: the newest active one, or else the newest."""

from typing import Any

from sqlalchemy import Select, select

from modelyard.domain.models.tables import Model, Version, VersionStatus


def shown_version(model: Model) -> Version | None:
    """The version that stands for a model, whose versions have to be loaded."""
    for version in reversed(model.versions):
        if version.version == (model.latest_active_version or model.latest_version):
            return version
    return model.versions[-1] if model.versions else None


def select_shown(model_id: str, *columns: Any) -> Select[Any]:
    """The same from the versions themselves, for whoever has changed one and not yet the row of the model."""
    return (
        select(*columns)
        .where(Version.model_id == model_id, Version.deleted_at.is_(None))
        .order_by((Version.status == VersionStatus.ACTIVE).desc(), Version.order_key.desc())
        .limit(1)
    )
