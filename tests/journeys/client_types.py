"""What typed clients decode our answers into: names and types, as strict as the strictest of them."""

import re
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], bool]
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:?00")
_VERSION = re.compile(r"\d+\.\d+\.\d+")


def text(value: Any) -> bool:
    return isinstance(value, str)


def whole(value: Any) -> bool:
    """A 64-bit integer: no fraction, no text."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def time(value: Any) -> bool:
    """Milliseconds and an offset of zero; one client refuses `Z`, the empty text and times without a zone."""
    return isinstance(value, str) and bool(_TIME.fullmatch(value))


def version(value: Any) -> bool:
    """One client crashes on anything that is no version."""
    return isinstance(value, str) and bool(_VERSION.fullmatch(value))


def anything(value: Any) -> bool:
    return True


def word_of(*words: str) -> Check:
    """One of these words; a strict client fails on others."""
    return lambda value: value in words


def many(entry: Check | Mapping[str, Any]) -> Check:
    """A list, never null."""
    return lambda value: isinstance(value, list) and not any(problems(entry, item) for item in value)


def optional(check: Check) -> Check:
    """Null is fine."""
    return lambda value: value is None or check(value)


def problems(wanted: Check | Mapping[str, Any], value: Any, place: str = "") -> list[str]:
    """Where a value does not decode. A name in a mapping that ends with `?` may be absent; others may not."""
    if not isinstance(wanted, Mapping):
        return [] if wanted(value) else [f"{place or 'it'} is {value!r}"]
    if not isinstance(value, dict):
        return [f"{place or 'it'} is no object: {value!r}"]
    found = []
    for key, check in wanted.items():
        name = key.removesuffix("?")
        if name in value:
            found += problems(check, value[name], f"{place}.{name}")
        elif not key.endswith("?"):
            found.append(f"{place}.{name} is absent")
    return found


TAG = {"identifier": text, "name": text, "dataType": text, "isCategorical": flag, "images": many(anything)}
IMAGE = {"url": text, "caption": text, "alt": text, "relationType": text}
MODEL_SUMMARY = {"modelId": text, "identifier": text, "latestVersion": version, "versions": many(version)}
MODEL = {
    **MODEL_SUMMARY,
    "latestActiveVersion": text,
    "author": text,
    "name": text,
    "description": text,
    "permalink": text,
    "features": many({"identifier": text, "name": text, "description": text}),
    "isActive": flag,
    "isRecommended": flag,
    "isCommercial": flag,
    "isExpired": flag,
    "tags": many(TAG),
    "images": many(IMAGE),
    "snapshotImages": many(IMAGE),
    "lastActiveDateTime": time,
    "createdByEmail": text,
    "createdByFullName": text,
    "visibility": {"scope": text, "teams": many(text)},
}
LATEST_MODEL = {
    **MODEL,
    "activeVersions": many(version),
    "creationDateTime": time,
    "updateDateTime": time,
    "longDescription": text,
    "isAvailable": flag,
    "isExperimental": flag,
    "sourceType": text,
}
TEST_RESULT = {
    "status": word_of("SUCCESSFUL", "FAILED"),
    "engine": text,
    "error": optional(text),
    "startTime": time,
    "endTime": time,
    "updateTime": time,
    "inputSize": whole,
    "elapsedTime": whole,
    "results.json": anything,
}
VERSION = {
    "version": version,
    "createdAt": time,
    "updatedAt": time,
    "createdBy": text,
    "inputValidationSchema": text,
    "timeout?": {"status": whole, "run": whole},
    "requirement?": {"requirementId": whole, "gpuUnits": whole, "cpuAmount": text, "memoryAmount": text},
    "containerImage": {
        "uploadStatus": text,
        "loadStatus?": text,
        "uploadPercentage": whole,
        "loadPercentage": whole,
        "containerImageSize": whole,
        "registryHost?": text,
        "repositoryNamespace?": text,
        "repositoryName?": text,
    },
    "loadStatus?": {"step": whole, "stepName": text, "percentage": whole},
    "runStatus?": {"step": whole, "stepName": text, "percentage": whole, "result?": TEST_RESULT},
    "inputs": many({"name": text, "acceptedMediaTypes": text, "maximumSize": whole, "description": text}),
    "outputs": many({"name": text, "mediaType": text, "mediaTypes": text, "maximumSize": whole, "description": text}),
    "statistics": many(
        {
            "label": text,
            "category": text,
            "type": text,
            "description": text,
            "highlight": flag,
            "order": whole,
            "value": number,
        }
    ),
    "sampleInput?": text,
    "sampleOutput?": text,
    "isActive": flag,
    "isAvailable": flag,
    "longDescription": text,
    "technicalDetails": text,
    "performanceSummary": text,
    "versionHistory": text,
    "sourceType": text,
    "status": word_of("partial", "active", "inactive"),
    "model": MODEL,
    "processing": {"minimumParallelCapacity": whole, "maximumParallelCapacity": whole},
    "originSidecar": flag,
}
REQUIREMENT = {
    "requirementId": whole,
    "status": text,
    "gpuUnits": whole,
    "cpuAmount": lambda value: bool(re.fullmatch(r"\d+m", value)),
    "memoryAmount": lambda value: bool(re.fullmatch(r"\d+G", value)),
}
STATUS = word_of("OPEN", "SUBMITTED", "IN_PROGRESS", "COMPLETED", "TIMEDOUT", "CANCELED", "ERROR")
USER = {
    "identifier": text,
    "externalIdentifier": text,
    "firstName": text,
    "lastName": text,
    "email": text,
    "status": text,
}
_JOB = {
    "jobIdentifier": lambda value: bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value)),
    "model": {"identifier": text, "version": version, "name": text},
    "status": STATUS,
    "explain": flag,
    "accountIdentifier": text,
    "team": {"identifier": text},
    "submittedAt": time,
    "hoursDeleteInput": whole,
    "imageClassificationModel": flag,
}
RECEIPT = {
    **_JOB,
    "user": USER,
    "timeout": whole,
    "totalInputs": whole,
    "jobType": text,
    "accessKey": text,
    "jobInputs": {"identifier": many(text)},
    "inputByteAmount": whole,
}
JOB = {
    **_JOB,
    "submittedBy": text,
    "createdAt": time,
    "updatedAt": time,
    "total": whole,
    "pending": whole,
    "completed": whole,
    "failed": whole,
    "elapsedTime": whole,
    "queueTime": whole,
    "user": {**USER, "title": text, "accessKeys": many({"prefix": text, "isDefault": flag})},
    "jobInputs": many({"identifier": text}),
}
JOB_SUMMARY = {"jobIdentifier": text, "status": STATUS, "model": _JOB["model"], "submittedAt": time}
FEATURES = {"inputChunkMaximumSize": text, "maximumInputChunks": whole, "maximumInputsPerJob": whole}
ITEM_RESULT = {
    "status": word_of("SUCCESSFUL", "FAILED"),
    "engine": text,
    "error?": text,
    "inputFetching": whole,
    "outputUploading": optional(whole),
    "modelLatency": whole,
    "queueTime": whole,
    "startTime": time,
    "updateTime": time,
    "endTime": time,
    "elapsedTime": whole,
    "voting": {"up": whole, "down": whole},
}


def _items(value: Any) -> bool:
    """An object, never null."""
    return isinstance(value, dict) and not any(problems(ITEM_RESULT, item) for item in value.values())


RESULTS = {
    "jobIdentifier": text,
    "accountIdentifier": text,
    "team": lambda value: list(value) == ["identifier"],
    "total": whole,
    "completed": whole,
    "failed": whole,
    "finished": flag,
    "submittedByKey": text,
    "explained": flag,
    "submittedAt": time,
    "initialQueueTime": whole,
    "totalQueueTime": whole,
    "averageModelLatency": whole,
    "totalModelLatency": whole,
    "elapsedTime": whole,
    "startingResultSummarizing": time,
    "resultSummarizing": whole,
    "inputSize": whole,
    "results": _items,
    "failures": _items,
}
ENGINE_COUNTS = {
    "identifier": text,
    "version": version,
    **dict.fromkeys(("failed", "queued", "spinningUp", "spinningDown", "running", "ready"), whole),
}
DEPLOYED_MODEL = {
    "identifier": text,
    "version": version,
    "deployedAt": time,
    "engines": many(
        {"name": text, "createdAt": time, "ready": flag, "conditions": many({"type": text, "status": text})}
    ),
    "inputs": {"queued": whole},
    "jobs": {"queued": whole},
    "situations": many(text),
    "modelDeploymentState": {"hasError": flag, "ready": flag, "beingMonitored": flag},
}
ACCESS_KEY = {
    "prefix": text,
    "name": text,
    "description?": text,
    "isDefault": flag,
    "isHighPriority": flag,
    "status": text,
    "createdAt": time,
}
ENTITLEMENT = {"identifier": text, "description": text, "longDescription": text, "weight": whole}
_CHANGE = {"recent": whole, "previous": whole, "percentage": number}
_DAYS = many({"date": lambda value: bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value)), "value": whole})
DATA_PROCESSED = {"dataProcessed": _CHANGE, "recent": _DAYS}
PREDICTIONS_MADE = {"predictionsMade": _CHANGE, "recent": _DAYS}
ACTIVE_USER = {
    **dict.fromkeys(("userIdentifier", "modelIdentifier", "firstName", "lastName", "email"), text),
    **dict.fromkeys(("ranking", "elapsedTime", "jobs"), whole),
}
ACTIVE_MODEL = {
    **dict.fromkeys(("modelIdentifier", "name"), text),
    "modelVersion": version,
    **dict.fromkeys(("ranking", "elapsedTime", "jobs"), whole),
}
ALERT_COUNT = {"type": text, "count": whole}


def _point(value: Any) -> bool:
    """A whole number of seconds and a text; a client drops what has another time."""
    return isinstance(value, list) and len(value) == 2 and whole(value[0]) and text(value[1])


SERIES = {"data": {"resultType": text, "result": many({"metric": anything, "values": many(_point)})}}
