"""`models.deploy` of `modzy-sdk` 0.11.6, as it is on PyPI, with real images from real registries."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.python_sdk.client import ClientRaised, PythonSdk
from tests.journeys.python_sdk.values import ACCOUNT, METRIC, Deployed, Registries
from tests.journeys.server import Server
from tests.servers import has_docker_registry

pytestmark = [
    pytest.mark.containers,
    pytest.mark.xdist_group("python-sdk"),
    pytest.mark.skipif(not has_docker_registry(), reason="docker-registry is not installed"),
]
SECONDS_TO_FAIL = 10


def test_deploy_describes_the_version(sdk_server: Server, sdk: PythonSdk, deployed: Deployed) -> None:
    version = deployed.first
    assert version["version"] == "1.0.0"
    assert version["timeout"] == {"run": 20_000, "status": 30_000}
    assert version["requirement"]["requirementId"] == 1
    assert [(entry["name"], entry["maximumSize"]) for entry in version["inputs"]] == [("input", 3_000_000)]
    assert [(entry["name"], entry["maximumSize"]) for entry in version["outputs"]] == [("results.json", 90_000)]
    assert version["statistics"] == [METRIC]
    assert version["longDescription"] == "A *long* text."
    assert version["technicalDetails"] == "It copies."
    assert version["performanceSummary"] == "Fast."
    assert deployed.first_url == f"{sdk_server.url}/models/{deployed.model_id}/1.0.0"

    now = sdk.call("models.get_version", deployed.model_id, "1.0.0")
    assert (now["status"], now["isActive"]) == ("active", True)
    assert now["runStatus"]["result"]["status"] == "SUCCESSFUL"
    assert now["containerImage"]["repositoryName"] == "echo"


def test_deploy_describes_the_model(sdk_server: Server, sdk: PythonSdk, deployed: Deployed) -> None:
    model = sdk.call("models.get", deployed.model_id)
    assert model["name"] == "SDK echo"
    assert model["description"] == ""  # the second version was deployed without one, and the client then empties it
    assert [tag["identifier"] for tag in model["tags"]] == ["language_and_text", "label_or_classify", "journey"]
    assert model["versions"] == ["1.0.0", "1.1.0"]
    assert model["latestActiveVersion"] == "1.1.0"
    card = next(image for image in model["images"] if image["relationType"] == "card")
    assert card["caption"] == "model card image"
    shown = sdk_server.call("GET", card["url"])
    assert shown.status == 200
    assert shown.headers["content-type"].startswith("image/")


def test_a_second_version_comes_from_a_registry_with_an_account(sdk: PythonSdk, deployed: Deployed) -> None:
    assert deployed.second["model"]["modelId"] == deployed.model_id
    assert deployed.second["inputs"][0]["acceptedMediaTypes"] == "application/json"
    found = sdk.call("models.get_versions", deployed.model_id)
    assert [row["version"] for row in found] == ["1.0.0", "1.1.0"]
    assert sdk.call("models.get_version", deployed.model_id, "1.1.0")["status"] == "active"


def test_deploy_leaves_samples(sdk: PythonSdk, deployed: Deployed) -> None:
    given = sdk.call("models.get_version_input_sample", deployed.model_id, "1.0.0")
    assert given["model"] == {"identifier": deployed.model_id, "version": "1.0.0"}
    answered = sdk.call("models.get_version_output_sample", deployed.model_id, "1.0.0")
    result = answered["results"]["<input-id>"]
    assert result["status"] == "SUCCESSFUL"
    assert result["results.json"]["data"]["result"]["inputs"]["input"]["text"] == '{"text": "a good day"}'


def test_a_version_is_not_deployed_twice(
    sdk: PythonSdk, deployed: Deployed, registries: Registries, sample: str
) -> None:
    image = f"{registries.public}/team/echo:1"
    error = _fails(sdk, image, "SDK echo", "1.0.0", sample_input_file=sample, model_id=deployed.model_id)

    assert error.kind == "BadRequestError"
    assert "already exists" in error.message


def test_wrong_credentials_are_named(sdk: PythonSdk, registries: Registries, sample: str) -> None:
    image = f"{registries.private}/team/echo:1"
    wrong = {"user": ACCOUNT["user"], "pass": "guessed"}

    for credentials in (wrong, None):
        error = _fails(sdk, image, "refused", "1.0.0", sample_input_file=sample, credentials=credentials)
        assert "Loading model container failed" in error.message
        assert registries.private in error.message
        assert "password" in error.message or "credentials" in error.message
        assert "guessed" not in error.message


@pytest.mark.parametrize("name", ["team/echo:none", "team/nothing:1"])
def test_a_missing_image_is_named(sdk: PythonSdk, registries: Registries, sample: str, name: str) -> None:
    error = _fails(sdk, f"{registries.public}/{name}", "missing", "1.0.0", sample_input_file=sample)

    assert name.split(":", maxsplit=1)[0] in error.message


@pytest.mark.parametrize("name", ["Team/Echo:1", "team/echo:a b", "", "registry.invalid/team/echo:1"])
def test_a_bad_image_name_is_refused(sdk: PythonSdk, sample: str, name: str) -> None:
    assert _fails(sdk, name, "bad", "1.0.0", sample_input_file=sample).message


def _fails(sdk: PythonSdk, *args: Any, **keywords: Any) -> ClientRaised:
    with pytest.raises(ClientRaised) as raised:
        sdk.call("models.deploy", *args, **keywords)
    assert raised.value.seconds < SECONDS_TO_FAIL
    return raised.value


def test_a_missing_gpu_is_named(sdk_server: Server, sdk: PythonSdk, registries: Registries, sample: str) -> None:
    if Path("/dev/nvidia0").exists():
        pytest.skip("this machine has a GPU")
    image = f"{registries.public}/team/echo:1"
    with pytest.raises(ClientRaised) as raised:
        sdk.call("models.deploy", image, "gpu", "1.0.0", sample_input_file=sample, gpu=True)

    assert "GPU" in raised.value.message
    model_id = sdk.call("models.get_by_name", "gpu")["modelId"]
    version = sdk.call("models.get_version", model_id, "1.0.0")
    assert version["requirement"]["requirementId"] == -6
    assert version["status"] == "partial"
    assert "GPU" in version["loadStatus"]["result"]["error"]
    assert "gpu" in version["loadStatus"]["result"]["technicalInformation"]


def test_a_version_for_edge_devices_is_not_run(sdk_server: Server, sdk: PythonSdk, registries: Registries) -> None:
    image = f"{registries.public}/team/edge:1"
    sdk.call("models.deploy", image, "edge", "1.0.0", architecture="arm64")

    model_id = sdk.call("models.get_by_name", "edge")["modelId"]
    version = sdk.call("models.get_version", model_id, "1.0.0")
    assert (version["status"], version["requirement"]["requirementId"]) == ("active", -99)
    assert version["containerImage"]["architecture"] == "arm64"
    with pytest.raises(ClientRaised, match="edge devices"):
        sdk.call("jobs.submit_text", model_id, "1.0.0", {"input": "{}"})
    change = {"requirement": {"requirementId": 1}}
    assert sdk_server.call("PATCH", f"/api/models/{model_id}/versions/1.0.0", change).status == 409


def test_a_deployment_that_waits_for_approval_ends_well(
    sdk_server: Server, sdk: PythonSdk, registries: Registries
) -> None:
    (account,) = sdk_server.call("GET", "/api/accounting/accounts").json
    address = f"/api/accounting/accounts/{account['identifier']}"
    assert sdk_server.call("PATCH", address, {"approvalRoles": ["ACCOUNT_ADMIN"]}).status == 200
    try:
        answer = sdk.call("models.deploy", f"{registries.public}/team/edge:1", "waits", "1.0.0", architecture="arm64")
    finally:
        assert sdk_server.call("PATCH", address, {"approvalRoles": []}).status == 200

    model_id = json.loads(answer["model_data"])["model"]["modelId"]
    version = sdk_server.call("GET", f"/api/models/{model_id}/versions/1.0.0").json
    assert (version["status"], version["isActive"]) == ("partial", False)
    assert version["approval"]["askedBy"]
