"""The documents in an exported model, as they are written: what a version says is what PATCH takes for it."""

from datetime import datetime
from typing import Any

import modelyard
from modelyard.domain.models.tables import Model, Version
from modelyard.domain.transfer.model_export import ExportedModel, ExportedVersion
from modelyard.domain.transfer.model_format import (
    FORMAT,
    FORMAT_VERSION,
    LARGEST_DOCUMENTS,
    MANIFEST,
    MODEL,
    ExportTooLarge,
    image_member,
    version_member,
)
from modelyard.domain.transfer.model_preset import hardware_of
from modelyard.domain.transfer.model_writing import Member, document
from modelyard.entrypoints.rest.wire import time_text, without_none


def model_export_documents(found: ExportedModel, now: datetime, *, images: bool) -> list[Member]:
    """All documents of a file, the manifest first. Raises ExportTooLarge."""
    documents = [document(MANIFEST, _manifest(found, now, images=images)), document(MODEL, _model(found))]
    for version in found.versions:
        number = version.row.version
        documents.append(document(version_member(number, "version.json"), _version(version)))
        documents.append(document(version_member(number, "card.json"), version.card.card.plain()))
    size = sum(each.size for each in documents)
    if size > LARGEST_DOCUMENTS // 2:  # room for the checksums, and for another modelyard to write them longer
        raise ExportTooLarge(f"The texts and samples of these versions have {size} bytes; export fewer at once.")
    return documents


def _manifest(found: ExportedModel, now: datetime, *, images: bool) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "formatVersion": FORMAT_VERSION,
        "createdAt": time_text(now),
        "createdWith": f"modelyard {modelyard.__version__}",
        "model": {"identifier": found.model.id, "name": found.model.name},
        "versions": [version.row.version for version in found.versions],
        "images": [image_member(image_id) for image_id in found.images] if images else [],
    }


def _model(found: ExportedModel) -> dict[str, Any]:
    model = found.model
    return {
        "identifier": model.id,
        "description": {
            "name": model.name,
            "description": model.description,
            "tags": [tag.name for tag in model.tags],
            "isRecommended": model.is_recommended,
            "isCommercial": model.is_commercial,
            "expirationDateTime": _expiry(model),
        },
        "visibility": {"scope": model.scope},
        "pictures": [
            without_none({"member": name, "caption": picture.caption, "alt": picture.alt})
            for name, picture, _ in found.pictures
        ],
    }


def _expiry(model: Model) -> str:
    return time_text(model.expires_at) if model.expires_at else ""


def _version(version: ExportedVersion) -> dict[str, Any]:
    row, image = version.row, version.image
    preset = row.requirement
    return without_none(
        {
            "version": row.version,
            "description": _description(row),
            "hardware": None
            if preset is None
            else {
                "name": preset.name,
                "cpuMillis": preset.cpu_millis,
                "memoryBytes": preset.memory_bytes,
                "gpuUnits": preset.gpu_units,
                "isEdge": hardware_of(preset).is_edge,
            },
            "image": None
            if image is None
            else without_none(
                {
                    "imageId": image.image_id,
                    "digest": image.digest,
                    "reference": image.reference if image.registry_host else None,
                    "pull": _pull(version),
                    "architecture": image.architecture,
                    "size": image.size,
                }
            ),
            "testInputs": [
                {"member": name, "name": file.name, "fileName": file.file_name, "mediaType": file.media_type}
                for name, file in version.test_inputs
            ],
            "sampleInput": row.sample_input,
            "sampleOutput": row.sample_output,
        }
    )


def _pull(version: ExportedVersion) -> str | None:
    """The very image that was tested, whatever its tag means by now."""
    image = version.image
    if image is None or not image.registry_host or not image.repository or not image.digest:
        return None
    return f"{image.registry_host}/{image.repository}@{image.digest}"


def _description(row: Version) -> dict[str, Any]:
    times = {"status": row.status_timeout_ms, "run": row.run_timeout_ms}
    return without_none(
        {
            "timeout": without_none(times),
            "inputs": row.inputs or None,
            "outputs": row.outputs or None,
            "statistics": row.statistics,
            "processing": {
                "minimumParallelCapacity": row.minimum_engines,
                "maximumParallelCapacity": row.maximum_engines,
            },
            "inputValidationSchema": row.input_validation_schema,
            "longDescription": row.long_description,
            "technicalDetails": row.technical_details,
            "performanceSummary": row.performance_summary,
            "versionHistory": row.version_history,
        }
    )
