"""How models, versions, presets and tests look on the wire; members that are unknown are left out."""

import json
from datetime import datetime
from typing import Any

from modelyard.core.clock import milliseconds_between
from modelyard.domain.images.tables import ContainerImage, ImportState
from modelyard.domain.models.amounts import cpu_text, memory_text
from modelyard.domain.models.features import features_of
from modelyard.domain.models.permalinks import permalink_of
from modelyard.domain.models.shown_version import shown_version
from modelyard.domain.models.standing import is_expired
from modelyard.domain.models.tables import Model, Requirement, Tag, Version, VersionStatus
from modelyard.domain.version_tests.kept_outputs import told_measurements
from modelyard.domain.version_tests.tables import TestState, VersionTest
from modelyard.entrypoints.rest.picture_shapes import model_images, snapshot_images, tag_images
from modelyard.entrypoints.rest.wire import time_text, without_none


def model_summary(model: Model) -> dict[str, Any]:
    """A model in a list."""
    return {
        "modelId": model.id,
        "identifier": model.id,
        "latestVersion": model.latest_version,
        "latestActiveVersion": model.latest_active_version,
        "versions": [row.version for row in model.versions],
    }


def model_details(model: Model, now: datetime) -> dict[str, Any]:
    """A model with everything but its versions' details."""
    shown = shown_version(model)
    return model_summary(model) | {
        "author": model.author,
        "name": model.name,
        "description": model.description,
        "permalink": permalink_of(model),
        "features": feature_objects(shown) if shown else [],
        "isActive": model.is_active,
        "isRecommended": model.is_recommended,
        "isCommercial": model.is_commercial,
        "isExpired": is_expired(model, now),
        **({"expirationDateTime": time_text(model.expires_at)} if model.expires_at else {}),
        "tags": [tag_object(tag) for tag in model.tags],
        "images": model_images(model),
        "snapshotImages": snapshot_images(model),
        "createdAt": time_text(model.created_at),
        "updatedAt": time_text(model.updated_at),
        "lastActiveDateTime": time_text(model.last_active_at),
        "createdByEmail": model.created_by_email,
        "createdByFullName": model.created_by_full_name,
        "visibility": visibility_object(model),
    }


def feature_objects(version: Version) -> list[dict[str, Any]]:
    """What a version can do beside answering."""
    return [
        without_none({"identifier": one.identifier, "name": one.name, "description": one.description, "size": one.size})
        for one in features_of(version)
    ]


def visibility_object(model: Model) -> dict[str, Any]:
    """Who may see a model; the teams beside its own."""
    return {"scope": model.scope, "teams": [row.team_id for row in model.teams]}


def latest_model(model: Model, now: datetime) -> dict[str, Any]:
    """A model as GET /models/latest has it: the union of what its clients read."""
    return model_details(model, now) | {
        "activeVersions": [row.version for row in model.versions if row.status == VersionStatus.ACTIVE],
        "creationDateTime": time_text(model.created_at),
        "updateDateTime": time_text(model.updated_at),
        "longDescription": model.versions[-1].long_description if model.versions else "",
        "isAvailable": True,
        "isExperimental": False,
        "sourceType": "CUSTOM",
    }


def deleted_model(model: Model, now: datetime) -> dict[str, Any]:
    """A model that can be restored, and who deleted it when."""
    return model_details(model, now) | _deletion(model)


def deleted_version(version: Version) -> dict[str, Any]:
    """A version that can be restored."""
    return {"version": version.version, "status": version.status} | _deletion(version)


def _deletion(row: Model | Version) -> dict[str, Any]:
    return {"deletedAt": time_text(row.deleted_at) if row.deleted_at else None, "deletedBy": row.deleted_by}


def tag_object(tag: Tag) -> dict[str, Any]:
    """A tag."""
    return {
        "identifier": tag.identifier,
        "name": tag.name,
        "dataType": tag.data_type,
        "isCategorical": tag.is_categorical,
        "isUserCreated": not tag.is_categorical,
        "images": tag_images(tag),
    }


def tagged_model(model: Model) -> dict[str, Any]:
    """A model in the list of those that carry a tag."""
    return {
        "identifier": model.id,
        "modelId": model.id,
        "name": model.name,
        "tags": [tag_object(tag) for tag in model.tags],
    }


def requirement_object(requirement: Requirement) -> dict[str, Any]:
    """A hardware preset, its amounts in the only spelling that every client reads."""
    further = {
        "storage": requirement.storage,
        "price": requirement.price,
        "instanceType": requirement.instance_type,
    }
    return {
        "requirementId": requirement.id,
        "name": requirement.name,
        "description": requirement.description,
        "gpuUnits": requirement.gpu_units,
        "cpuAmount": cpu_text(requirement.cpu_millis),
        "memoryAmount": memory_text(requirement.memory_bytes),
        "status": "ACTIVE" if requirement.is_active else "INACTIVE",
        **{name: text for name, text in further.items() if text},
    }


_IMPORT_WORDS = {ImportState.COMPLETED: "COMPLETED", ImportState.FAILED: "FAILED"}


def image_object(image: ContainerImage | None) -> dict[str, Any]:
    """The container image of a version, and how far its import is."""
    if image is None:
        return {"uploadStatus": "NOT_STARTED", "uploadPercentage": 0, "loadPercentage": 0, "containerImageSize": 0}
    word = _IMPORT_WORDS.get(ImportState(image.state), "IN_PROGRESS")
    namespace, _, name = (image.repository or "").rpartition("/")
    return without_none(
        {
            "uploadStatus": word,
            "loadStatus": word,
            "uploadPercentage": image.percentage,
            "loadPercentage": image.percentage,
            "containerImageSize": image.size or 0,
            "registryHost": image.registry_host,
            "repositoryNamespace": namespace or None,
            "repositoryName": name or None,
            "reference": image.reference,
            "digest": image.digest,
            "architecture": image.architecture,
            "labels": image.labels,
            "entrypoint": image.entrypoint,
            "command": image.command,
            "ports": image.ports,
            "user": image.container_user,
            "message": image.error,
            "technicalInformation": image.technical_information,
        }
    )


def version_details(
    version: Version, now: datetime, *, load: VersionTest | None = None, run: VersionTest | None = None
) -> dict[str, Any]:
    """A version with its model."""
    return without_none(
        {
            "version": version.version,
            "createdAt": time_text(version.created_at),
            "updatedAt": time_text(version.updated_at),
            "createdBy": version.created_by_email,
            "inputValidationSchema": version.input_validation_schema,
            "timeout": _timeout(version),
            "requirement": requirement_object(version.requirement) if version.requirement else None,
            "containerImage": image_object(version.image),
            "loadStatus": test_object(load) if load else None,
            "runStatus": test_object(run) if run else None,
            "inputs": version.inputs or [],
            "outputs": [{**output, "mediaTypes": output["mediaType"]} for output in version.outputs or []],
            "statistics": version.statistics,
            "isActive": version.status == VersionStatus.ACTIVE,
            "longDescription": version.long_description,
            "technicalDetails": version.technical_details,
            "performanceSummary": version.performance_summary,
            "versionHistory": version.version_history,
            "sampleInput": _json_text(version.sample_input),
            "sampleOutput": _json_text(version.sample_output),
            "isAvailable": True,
            "isExperimental": False,
            "sourceType": "CUSTOM",
            "status": version.status,
            "features": feature_objects(version),
            "model": model_details(version.model, now),
            "processing": {
                "minimumParallelCapacity": version.minimum_engines,
                "maximumParallelCapacity": version.maximum_engines,
            },
            "originSidecar": False,
        }
    )


def _timeout(version: Version) -> dict[str, int] | None:
    times = {"status": version.status_timeout_ms, "run": version.run_timeout_ms}
    known = {name: value for name, value in times.items() if value is not None}
    return known or None


def _json_text(sample: Any) -> str | None:
    return None if sample is None else json.dumps(sample, separators=(",", ":"), ensure_ascii=False)


def test_object(test: VersionTest) -> dict[str, Any]:
    """A test and, once it has ended, what came out of it."""
    shape: dict[str, Any] = {"step": test.step, "stepName": test.step_name, "percentage": test.percentage}
    if test.state in {TestState.PASSED, TestState.FAILED}:
        shape["result"] = test_result(test)
    return shape


def test_result(test: VersionTest) -> dict[str, Any]:
    """All members that the Python client reads unconditionally, `error` being null on success."""
    ended = test.finished_at or test.created_at
    started = test.started_at or test.created_at
    members = {
        "status": "SUCCESSFUL" if test.state == TestState.PASSED else "FAILED",
        "engine": test.engine or "",
        "error": test.error,
        **without_none({"technicalInformation": test.technical_information}),
        "startTime": time_text(started),
        "endTime": time_text(ended),
        "updateTime": time_text(ended),
        "inputSize": test.input_size,
        "elapsedTime": milliseconds_between(started, ended),
        "measurements": told_measurements(test),
    }
    return {"results.json": None, **(test.outputs or {}), **members}
