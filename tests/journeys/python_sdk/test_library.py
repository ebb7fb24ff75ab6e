"""Models, versions, tags and engines through `modzy-sdk` 0.11.6 as it is on PyPI."""

import json
from datetime import datetime
from typing import Any

import pytest

from tests.journeys.python_sdk.client import ClientRaised, PythonSdk, python_sdk
from tests.journeys.python_sdk.values import Deployed
from tests.journeys.server import KEY, Server, containers_of
from tests.servers import has_docker_registry

pytestmark = [
    pytest.mark.containers,
    pytest.mark.xdist_group("python-sdk"),
    pytest.mark.skipif(not has_docker_registry(), reason="docker-registry is not installed"),
]


@pytest.mark.parametrize("ending", ["", "/", "/api", "/api/"])
def test_the_client_finds_the_api(sdk_server: Server, ending: str) -> None:
    with python_sdk(sdk_server.url + ending, KEY) as client:
        assert client.address.rstrip("/") == f"{sdk_server.url}/api"
        assert client.call("models.get_minimum_engines") >= 0


def test_a_wrong_key_is_refused(sdk_server: Server) -> None:
    with pytest.raises(ClientRaised) as raised, python_sdk(f"{sdk_server.url}/api", "not.ours"):
        pass

    assert "api_key should be a valid key" in raised.value.message


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize(
    ("path", "args"),
    [
        ("models.get", ["none"]),
        ("models.get_by_name", ["no such model"]),
        ("jobs.get", ["3f1c0b52-7a1e-4d53-9a51-0f7f6c1f2b11"]),
        ("results.get", ["none"]),
        ("jobs.cancel", ["none"]),
    ],
)
def test_what_is_not_there_is_not_found(sdk: PythonSdk, path: str, args: list[str]) -> None:
    with pytest.raises(ClientRaised) as raised:
        sdk.call(path, *args)

    assert raised.value.kind == "NotFoundError"


def test_models_are_found(sdk: PythonSdk, deployed: Deployed) -> None:
    def found(**wanted: Any) -> list[str]:
        return [model["modelId"] for model in sdk.call("models.get_models", **wanted)]

    assert deployed.model_id in [model["modelId"] for model in sdk.call("models.get_all")]
    assert sdk.call("models.get_by_name", "sdk echo")["modelId"] == deployed.model_id
    later = datetime.now().isoformat(timespec="milliseconds")  # noqa: DTZ005 - the client sends local times
    filters: list[dict[str, Any]] = [
        {"model_id": deployed.model_id},
        {"is_active": True, "is_expired": False, "is_recommended": False},
        {"created_by_email": "admin@", "author": "LOCAL", "sort_by": "name", "direction": "DESC", "per_page": 500},
        {"last_active_date_time": later, "expiration_date_time": later},
    ]
    for wanted in filters[:3]:
        assert deployed.model_id in found(**wanted), wanted
    found(**filters[3])
    assert deployed.model_id not in found(is_active=False)
    assert found(name="echo", page=1, per_page=1) == [deployed.model_id]


def test_metadata_is_edited(sdk: PythonSdk, deployed: Deployed) -> None:
    answer = sdk.call("models.edit_model_metadata", deployed.model_id, "1.0.0", technical_details="It copies **all**.")

    changed = json.loads(answer["model_data"])
    assert changed["technicalDetails"] == "It copies **all**."
    assert changed["longDescription"] == "A *long* text."
    assert changed["inputs"] == deployed.first["inputs"]
    assert changed["status"] == "active"


def test_engines_are_kept_running(sdk_server: Server, sdk: PythonSdk, deployed: Deployed) -> None:
    before = sdk.call("models.get_minimum_engines")
    kept = sdk.call_on(None, "models.update_processing_engines", deployed.model_id, "1.0.0", 1, 2, 30, 0.2)
    assert kept.seconds < 30
    assert sdk.call("models.get_minimum_engines") == before + 1
    details = sdk.call("models.get_model_processing_details", deployed.model_id, "1.0.0")
    assert details["ready"] >= 1
    assert containers_of(sdk_server)

    sdk.call("models.update_processing_engines", deployed.model_id, "1.0.0", 0, 1)
    assert sdk.call("models.get_minimum_engines") == before
    with pytest.raises(ClientRaised, match="Capacity"):
        sdk.call("models.update_processing_engines", deployed.model_id, "1.0.0", -1, 1)


def test_tags_lead_to_models(sdk: PythonSdk, deployed: Deployed) -> None:
    assert "language_and_text" in [tag["identifier"] for tag in sdk.call("tags.get_all")]

    tags, models = sdk.call("tags.get_tags_and_models", ["language_and_text", "journey", "unheard_of"])
    assert [tag["identifier"] for tag in tags] == ["language_and_text", "journey"]
    assert [model["identifier"] for model in models] == [deployed.model_id]
    assert sdk.call("tags.get_tags_and_models", "unheard_of") == [[], []]


def test_models_that_share_tags_are_related(sdk_server: Server, sdk: PythonSdk, deployed: Deployed) -> None:
    relative = sdk_server.call("POST", "/api/models", {"name": "relative", "version": "0.1.0"}).json["identifier"]
    assert relative not in [model["modelId"] for model in sdk.call("models.get_related", deployed.model_id)]
    sdk_server.call("PATCH", f"/api/models/{relative}", {"tags": ["journey"]})

    assert relative in [model["modelId"] for model in sdk.call("models.get_related", deployed.model_id)]
    assert "SDK echo" in [model["name"] for model in sdk.call("models.get_related", relative)]
