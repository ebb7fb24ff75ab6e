"""Everything that users of `modzy-sdk` 0.11.6 do, with the client as it is on PyPI and real registries."""

import asyncio
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.containers import build_image
from tests.journeys.python_sdk import ClientRaised, PythonSdk, python_sdk
from tests.journeys.server import KEY, Server, containers_of
from tests.servers import docker_registry, has_docker_registry, push_image, synthetic_image

pytestmark = [
    pytest.mark.containers,
    pytest.mark.xdist_group("python-sdk"),
    pytest.mark.skipif(not has_docker_registry(), reason="docker-registry is not installed"),
]
ACCOUNT = {"user": "robot", "pass": "a pass:word/2"}
SECONDS_TO_FAIL = 10
POLL = {"poll_interval": 0.1}
SLOW_MS = 3000
TAGS = ["Language and Text", "label_or_classify", "journey"]
METRIC = {
    "label": "F1",
    "category": "accuracy",
    "type": "PERCENT",
    "description": "on the journey's texts",
    "value": 0.5,
    "highlight": True,
    "order": 1,
}


@dataclass(frozen=True)
class Registries:
    """Two registries with the same images: one for everybody, one for those with an account."""

    public: str
    private: str


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registries]:
    """With `team/echo:1`, `team/slow:1` and `team/edge:1`, the last for another architecture."""
    public, private = tmp_path_factory.mktemp("public"), tmp_path_factory.mktemp("private")
    (public / "registry").mkdir()
    (private / "registry").symlink_to(public / "registry")
    with (
        docker_registry(public) as open_address,
        docker_registry(private, {"robot": ACCOUNT["pass"]}) as closed_address,
    ):
        _push(_model_image("echo"), f"{open_address}/team/echo:1")
        _push(_model_image("slow", f"DELAY_MS={SLOW_MS}"), f"{open_address}/team/slow:1")
        image = synthetic_image("arm64", _layer())
        asyncio.run(push_image(f"http://{open_address}", "team/edge", "1", image))
        yield Registries(open_address, closed_address)


def _model_image(name: str, *environment: str) -> str:
    program = (Path(__file__).parents[1] / "models" / "misbehaving.py").read_bytes()
    command = ["env", *environment, "python3", "-u", "/app/model.py", "echo"]
    return build_image(name, {"/app/model.py": program}, command)


def _push(image: str, reference: str) -> None:
    command = ["podman", "push", "--quiet", "--tls-verify=false", image, f"docker://{reference}"]
    subprocess.run(command, check=True, capture_output=True)


def _layer() -> bytes:
    """An empty file in an archive, so that the runtime can unpack it."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("model"))
    return file.getvalue()


@pytest.fixture(scope="module")
def server(registries: Registries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that knows the registries."""
    insecure = f"{registries.public},{registries.private}"
    own = Server(tmp_path_factory.mktemp("sdk") / "data", settings={"MODELYARD_INSECURE_REGISTRIES": insecure})
    own.start()
    try:
        yield own
    finally:
        own.stop()
        assert containers_of(own) == []


@pytest.fixture(scope="module")
def sdk(server: Server) -> Iterator[PythonSdk]:
    with python_sdk(f"{server.url}/api", KEY) as client:
        yield client


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a sample input."""
    path = tmp_path_factory.mktemp("sample") / "sample.json"
    path.write_text('{"text": "a good day"}')
    return str(path)


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a picture."""
    path = tmp_path_factory.mktemp("picture") / "card.png"
    Image.new("RGB", (1440, 1024), "teal").save(path)
    return str(path)


@dataclass(frozen=True)
class Deployed:
    """What `deploy` returned for the model that the tests share: version 1.0.0 echoes, 1.1.0 does so slowly."""

    model_id: str
    first: dict[str, Any]
    second: dict[str, Any]
    first_url: str


@pytest.fixture(scope="module")
def deployed(sdk: PythonSdk, registries: Registries, sample: str, picture: str) -> Deployed:
    words = {
        "short_description": "Says it again.",
        "long_description": "A *long* text.",
        "technical_details": "It copies.",
        "performance_summary": "Fast.",
    }
    inputs = [
        {"name": "input", "acceptedMediaTypes": "application/json,text/plain", "maximumSize": 5000, "description": "in"}
    ]
    outputs = [{"name": "results.json", "mediaType": "application/json", "maximumSize": 90_000, "description": "out"}]
    first = sdk.call(
        "models.deploy",
        f"{registries.public}/team/echo:1",
        "SDK echo",
        "1.0.0",
        sample_input_file=sample,
        run_timeout=20,
        status_timeout="30",
        tags=TAGS,
        cpu_count=1,
        memory=0.5,
        performance_metrics=[METRIC],
        input_details=inputs,
        output_details=outputs,
        model_picture=picture,
        **words,
    )
    facts = json.loads(first["model_data"])
    second = sdk.call(
        "models.deploy",
        f"{registries.private}/team/slow:1",
        "SDK echo",
        "1.1.0",
        sample_input_file=sample,
        credentials=ACCOUNT,
        model_id=facts["model"]["modelId"],
        tags=TAGS,
    )
    return Deployed(facts["model"]["modelId"], facts, json.loads(second["model_data"]), first["container_url"])


@pytest.mark.parametrize("ending", ["", "/", "/api", "/api/"])
def test_the_client_finds_the_api(server: Server, ending: str) -> None:
    with python_sdk(server.url + ending, KEY) as client:
        assert client.address.rstrip("/") == f"{server.url}/api"
        assert client.call("models.get_minimum_engines") >= 0


def test_a_wrong_key_is_refused(server: Server) -> None:
    with pytest.raises(ClientRaised) as raised, python_sdk(f"{server.url}/api", "not.ours"):
        pass

    assert "api_key should be a valid key" in raised.value.message


def test_deploy_describes_the_version(server: Server, sdk: PythonSdk, deployed: Deployed) -> None:
    version = deployed.first
    assert version["version"] == "1.0.0"
    assert version["timeout"] == {"run": 20_000, "status": 30_000}
    assert version["requirement"]["requirementId"] == 1
    assert [(entry["name"], entry["maximumSize"]) for entry in version["inputs"]] == [("input", 5000)]
    assert [(entry["name"], entry["maximumSize"]) for entry in version["outputs"]] == [("results.json", 90_000)]
    assert version["statistics"] == [METRIC]
    assert version["longDescription"] == "A *long* text."
    assert version["technicalDetails"] == "It copies."
    assert version["performanceSummary"] == "Fast."
    assert deployed.first_url == f"{server.url}/models/{deployed.model_id}/1.0.0"

    now = sdk.call("models.get_version", deployed.model_id, "1.0.0")
    assert (now["status"], now["isActive"]) == ("active", True)
    assert now["runStatus"]["result"]["status"] == "SUCCESSFUL"
    assert now["containerImage"]["repositoryName"] == "echo"


def test_deploy_describes_the_model(server: Server, sdk: PythonSdk, deployed: Deployed) -> None:
    model = sdk.call("models.get", deployed.model_id)
    assert model["name"] == "SDK echo"
    assert model["description"] == ""  # the second version was deployed without one, and the client then empties it
    assert [tag["identifier"] for tag in model["tags"]] == ["language_and_text", "label_or_classify", "journey"]
    assert model["versions"] == ["1.0.0", "1.1.0"]
    assert model["latestActiveVersion"] == "1.1.0"
    card = next(image for image in model["images"] if image["relationType"] == "card")
    assert card["caption"] == "model card image"
    shown = server.call("GET", card["url"])
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


def test_a_missing_gpu_is_named(server: Server, sdk: PythonSdk, registries: Registries, sample: str) -> None:
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


def test_a_version_for_edge_devices_is_not_run(server: Server, sdk: PythonSdk, registries: Registries) -> None:
    image = f"{registries.public}/team/edge:1"
    sdk.call("models.deploy", image, "edge", "1.0.0", architecture="arm64")

    model_id = sdk.call("models.get_by_name", "edge")["modelId"]
    version = sdk.call("models.get_version", model_id, "1.0.0")
    assert (version["status"], version["requirement"]["requirementId"]) == ("active", -99)
    assert version["containerImage"]["architecture"] == "arm64"
    with pytest.raises(ClientRaised, match="edge devices"):
        sdk.call("jobs.submit_text", model_id, "1.0.0", {"input": "{}"})
    change = {"requirement": {"requirementId": 1}}
    assert server.call("PATCH", f"/api/models/{model_id}/versions/1.0.0", change).status == 409


def test_texts_become_results(sdk: PythonSdk, deployed: Deployed) -> None:
    texts = {"first": {"input": "one"}, "zwölf.txt 🎉": {"input": "zwölf"}}
    job = sdk.call_on(None, "jobs.submit_text", deployed.model_id, "1.0.0", texts)
    assert job.value["status"] == "SUBMITTED"
    assert job.value["jobInputs"] == {"identifier": list(texts)}

    ended = sdk.call("jobs.block_until_complete", job.value["jobIdentifier"], **POLL)
    assert (ended["status"], ended["completed"], ended["failed"]) == ("COMPLETED", 2, 0)
    results = sdk.call_on(None, "results.block_until_complete", job.value["jobIdentifier"], **POLL)
    assert results.value["finished"] is True
    for name, inputs in texts.items():
        outputs = sdk.call_on(results, "get_source_outputs", name).value
        assert outputs["status"] == "SUCCESSFUL"
        assert outputs["results.json"]["data"]["result"]["inputs"]["input"]["text"] == inputs["input"]


def test_a_single_text_is_called_job(sdk: PythonSdk, deployed: Deployed) -> None:
    model = sdk.call_on(None, "models.get", deployed.model_id)
    job = sdk.call("jobs.submit_text", model.value["modelId"], "1.0.0", {"input": "alone"})
    results = sdk.call_on(None, "results.block_until_complete", job["jobIdentifier"], **POLL)

    outputs = sdk.call_on(results, "get_first_outputs").value
    assert list(results.value["results"]) == ["job"]
    assert outputs["results.json"]["data"]["result"]["inputs"]["input"]["length"] == 5


def test_bytes_become_results(sdk: PythonSdk, deployed: Deployed) -> None:
    job = sdk.call("jobs.submit_embedded", deployed.model_id, "1.0.0", {"raw": {"input": bytes(range(256))}})
    results = sdk.call_on(None, "results.block_until_complete", job["jobIdentifier"], **POLL)

    outputs = sdk.call_on(results, "get_source_outputs", "raw").value
    assert outputs["results.json"]["data"]["result"]["inputs"]["input"]["length"] == 256


def test_a_broken_item_fails_alone(sdk: PythonSdk, deployed: Deployed) -> None:
    texts = {"good": {"input": "one"}, "long": {"input": "x" * 5001}, "lost": {"other": "one"}}
    job = sdk.call("jobs.submit_text", deployed.model_id, "1.0.0", texts)
    results = sdk.call_on(None, "results.block_until_complete", job["jobIdentifier"], **POLL)

    assert (results.value["completed"], results.value["failed"]) == (1, 2)
    assert sdk.call_on(results, "get_source_outputs", "good").value["status"] == "SUCCESSFUL"
    for name, reason in {"long": "5001 bytes", "lost": "'input' is missing"}.items():
        with pytest.raises(ClientRaised, match=reason) as raised:
            sdk.call_on(results, "get_source_outputs", name)
        assert raised.value.kind == "ResultsError"


def test_an_explanation_may_be_asked_for(sdk: PythonSdk, deployed: Deployed) -> None:
    job = sdk.call("jobs.submit_text", deployed.model_id, "1.0.0", {"input": "why"}, explain=True)
    results = sdk.call("results.block_until_complete", job["jobIdentifier"], **POLL)

    assert (job["explain"], results["explained"], results["completed"]) == (True, True, 1)


def test_a_job_is_cancelled(sdk: PythonSdk, deployed: Deployed) -> None:
    texts = {str(number): {"input": "slow"} for number in range(20)}
    job = sdk.call("jobs.submit_text", deployed.model_id, "1.1.0", texts)
    assert sdk.call("jobs.get", job["jobIdentifier"])["status"] in {"SUBMITTED", "IN_PROGRESS"}

    cancelled = sdk.call("jobs.cancel", job["jobIdentifier"])
    assert cancelled["status"] == "CANCELED"
    assert sdk.call("jobs.block_until_complete", job["jobIdentifier"], **POLL)["status"] == "CANCELED"
    results = sdk.call_on(None, "results.block_until_complete", job["jobIdentifier"], **POLL)
    assert results.seconds < 1
    with pytest.raises(ClientRaised, match="canceled") as raised:
        sdk.call_on(results, "get_source_outputs", "19")
    assert raised.value.kind == "ResultsError"


def test_history_finds_jobs(sdk: PythonSdk, deployed: Deployed) -> None:
    job = sdk.call("jobs.submit_text", deployed.model_id, "1.0.0", {"input": "for the history"})["jobIdentifier"]
    sdk.call("jobs.block_until_complete", job, **POLL)
    now = datetime.now(UTC).replace(tzinfo=None)

    def history(**wanted: Any) -> list[str]:
        return [entry["jobIdentifier"] for entry in sdk.call("jobs.get_history", **wanted)]

    today = {
        "start_date": (now - timedelta(hours=1)).isoformat(timespec="milliseconds"),
        "end_date": (now + timedelta(hours=1)).isoformat(timespec="milliseconds"),
    }
    filters: list[dict[str, Any]] = [
        {},
        today,
        {"status": "terminated"},
        {"status": "all", "model": "sdk ECHO"},
        {"access_key": KEY.partition(".")[0]},
        {"user": "admin", "sort_by": "createdAt", "direction": "desc", "page": 1, "per_page": 1},
    ]
    for wanted in filters:
        assert job in history(**wanted), wanted
    for wanted in ({"status": "pending"}, {"model": "no such model"}, {"access_key": "nobody"}, {"user": "nobody"}):
        assert job not in history(**wanted), wanted


@pytest.mark.parametrize("wanted", [{"end_date": "2026-01-02T03:04:05.678"}, {"start_date": "2999-01-01"}])
def test_history_refuses_times_that_make_no_sense(sdk: PythonSdk, wanted: dict[str, str]) -> None:
    with pytest.raises(ClientRaised, match="Date") as raised:
        sdk.call("jobs.get_history", **wanted)

    assert raised.value.kind == "BadRequestError"


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


def test_engines_are_kept_running(server: Server, sdk: PythonSdk, deployed: Deployed) -> None:
    before = sdk.call("models.get_minimum_engines")
    kept = sdk.call_on(None, "models.update_processing_engines", deployed.model_id, "1.0.0", 1, 2, 30, 0.2)
    assert kept.seconds < 30
    assert sdk.call("models.get_minimum_engines") == before + 1
    details = sdk.call("models.get_model_processing_details", deployed.model_id, "1.0.0")
    assert details["ready"] >= 1
    assert containers_of(server)

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


def test_related_models_share_tags(server: Server, sdk: PythonSdk, deployed: Deployed) -> None:
    relative = server.call("POST", "/api/models", {"name": "relative", "version": "0.1.0"}).json["identifier"]
    assert sdk.call("models.get_related", deployed.model_id) == []
    server.call("PATCH", f"/api/models/{relative}", {"tags": ["journey"]})

    assert [model["modelId"] for model in sdk.call("models.get_related", deployed.model_id)] == [relative]
    assert [model["name"] for model in sdk.call("models.get_related", relative)] == ["SDK echo"]
