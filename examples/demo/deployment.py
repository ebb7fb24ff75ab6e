"""The 17 steps from a container image to a deployed version."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.demo.api import Api
from examples.demo.card import Card
from examples.demo.failure import DemoFailed
from examples.demo.headlines import headline
from examples.demo.images import Image, save_image
from modelyard.entrypoints.cli.steps import Bar, Steps

SECONDS_BETWEEN_LOOKS = 0.2


@dataclass(frozen=True, slots=True)
class Plan:
    """What there is to do for one example.

    Args:
        model_id: empty when there is no such model yet.
        is_begun: the version is there, but it was never deployed.
        is_deployed: the version is active and has this very image.
    """

    model_id: str
    version: str
    is_begun: bool = False
    is_deployed: bool = False


def make_plan(api: Api, card: Card, image: Image) -> Plan:
    """Deploys a model that is new, the next version of one whose image has changed, and otherwise nothing."""
    model = _find_model(api, card.name)
    if model is None:
        return Plan("", card.version)
    model_id = model["modelId"]
    if active := model["latestActiveVersion"]:
        held = api.get(f"/api/models/{model_id}/versions/{active}")["containerImage"]
        if held.get("digest") == image.digest:
            return Plan(model_id, active, is_deployed=True)
    newest = max(model["versions"], key=_order)
    if api.get(f"/api/models/{model_id}/versions/{newest}")["status"] == "partial":
        return Plan(model_id, newest, is_begun=True)
    major, minor, patch = _order(newest)
    return Plan(model_id, max(card.version, f"{major}.{minor}.{patch + 1}", key=_order))


def _find_model(api: Api, name: str) -> dict[str, Any] | None:
    for found in api.get("/api/models?per-page=1000"):
        model: dict[str, Any] = api.get(f"/api/models/{found['modelId']}")
        if model["name"] == name:
            return model
    return None


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


class Deployment:
    """Takes one example through the steps.

    Args:
        folder: where the image's archive lies for a while.
    """

    def __init__(self, api: Api, card: Card, image: Image, plan: Plan, folder: Path) -> None:
        self._api = api
        self._card = card
        self._image = image
        self._plan = plan
        self._archive = folder / f"demo-{card.folder.name}.tar"
        self.model_id = plan.model_id

    def run(self, steps: Steps) -> None:
        """All steps in their order. Raises DemoFailed."""
        todo: list[tuple[str, Callable[[Bar], None]]] = [
            ("Create the model", self._create),
            ("Name and summary", self._name),
            ("Container image", self._give_image),
            ("Requirements", self._choose_requirement),
            ("Timeouts", self._set_timeouts),
            ("Metrics", self._set_metrics),
            ("Test: load the model", self._test_load),
            ("Inputs", self._set_inputs),
            ("Outputs", self._set_outputs),
            ("Test file", self._give_test_file),
            ("Test: run the model", self._test_run),
            ("Description", self._describe),
            ("Release notes", self._set_release_notes),
            ("Transparency and bias", self._report),
            ("Tags", self._set_tags),
            ("Picture", self._give_picture),
            ("Deploy", self._deploy),
        ]
        for number, (name, act) in enumerate(todo, start=1):
            with steps.step(f"{number:>2}/{len(todo)}  {name}") as bar:
                act(bar)

    @property
    def _model(self) -> str:
        return f"/api/models/{self.model_id}"

    @property
    def _version(self) -> str:
        return f"{self._model}/versions/{self._plan.version}"

    def _create(self, bar: Bar) -> None:
        version = self._plan.version
        if self._plan.is_begun:
            bar.result(f"goes on with version {version}")
        elif self.model_id:
            self._api.post(f"{self._model}/versions", {"version": version})
            bar.result(f"new version {version} of {self.model_id}")
        else:
            created = self._api.post("/api/models", {"name": self._card.name, "version": version})
            self.model_id = created["identifier"]
            bar.result(f"{self.model_id}, version {version}")

    def _name(self, bar: Bar) -> None:
        self._api.patch(self._model, {"name": self._card.name, "description": self._card.text("summary")})
        bar.result(self._card.name)

    def _give_image(self, bar: Bar) -> None:
        try:
            bar.note("saving")
            self._archive.unlink(missing_ok=True)  # of a run that was killed
            save_image(self._image, self._archive, lambda done: bar.share(0.3 * done))
            megabytes = self._archive.stat().st_size / 1e6
            bar.note(f"uploading {megabytes:.0f} MB")
            path = f"{self._version}/container-image"
            self._api.upload(path, self._archive, "application/x-tar", lambda done: bar.share(0.3 + 0.3 * done))
        finally:
            self._archive.unlink(missing_ok=True)
        self._follow("container-image", bar, already_done=0.6)
        bar.result(f"{megabytes:.0f} MB uploaded and imported")

    def _choose_requirement(self, bar: Bar) -> None:
        presets = self._api.get("/api/models/requirements/account")
        preset = self._card.smallest_of(presets)
        if preset is None:
            names = ", ".join(known["name"] for known in presets)
            raise DemoFailed(f"No hardware preset of this machine is large enough; there are: {names}.")
        self._api.patch(self._version, {"requirement": {"requirementId": preset["requirementId"]}})
        bar.result(preset["name"])

    def _set_timeouts(self, bar: Bar) -> None:
        timeout = self._card.timeout
        self._api.patch(self._version, {"timeout": timeout})
        bar.result(f"{timeout['status'] / 1000:g} s to load, {timeout['run'] / 1000:g} s for a run")

    def _set_metrics(self, bar: Bar) -> None:
        self._api.patch(self._version, {"statistics": self._card.metrics})
        bar.result(", ".join(metric["label"] for metric in self._card.metrics))

    def _test_load(self, bar: Bar) -> None:
        self._api.post(f"{self._version}/load-process")
        result = self._follow("load-process", bar)["result"]
        _require_success("load test", result)
        bar.result(f"the model was ready after {result['elapsedTime'] / 1000:.1f} s")

    def _set_inputs(self, bar: Bar) -> None:
        self._api.patch(self._version, {"inputs": self._card.inputs})
        bar.result(", ".join(f"{entry['name']} ({entry['acceptedMediaTypes']})" for entry in self._card.inputs))

    def _set_outputs(self, bar: Bar) -> None:
        self._api.patch(self._version, {"outputs": self._card.outputs})
        bar.result(", ".join(f"{entry['name']} ({entry['mediaType']})" for entry in self._card.outputs))

    def _give_test_file(self, bar: Bar) -> None:
        entry, sample = self._card.inputs[0], self._card.sample
        path = f"{self._version}/testInput?name={entry['name']}"
        self._api.upload(path, sample, entry["acceptedMediaTypes"].partition(",")[0], bar.share)
        bar.result(f"{sample.name}, {sample.stat().st_size} bytes")

    def _test_run(self, bar: Bar) -> None:
        self._api.post(f"{self._version}/run-process")
        result = self._follow("run-process", bar)["result"]
        _require_success("run test", result)
        bar.result(f"it answered: {' '.join(headline(result['results.json']))}")

    def _describe(self, bar: Bar) -> None:
        self._change_text(bar, longDescription=self._card.text("details"))

    def _set_release_notes(self, bar: Bar) -> None:
        self._change_text(bar, versionHistory=str(self._card.content["releaseNotes"]))

    def _report(self, bar: Bar) -> None:
        self._change_text(
            bar, technicalDetails=self._card.text("technical"), performanceSummary=self._card.text("performance")
        )

    def _change_text(self, bar: Bar, **texts: str) -> None:
        self._api.patch(self._version, texts)
        bar.result(f"{sum(len(text.split()) for text in texts.values())} words")

    def _set_tags(self, bar: Bar) -> None:
        self._api.patch(self._model, {"tags": self._card.tags})
        bar.result(", ".join(self._card.tags))

    def _give_picture(self, bar: Bar) -> None:
        answer = self._api.upload(f"{self._model}/image", self._card.picture, "image/png", bar.share)
        bar.result(f"cut to {', '.join(sorted(picture['relationType'] for picture in answer['images']))}")

    def _deploy(self, bar: Bar) -> None:
        version = self._api.patch(self._version, {"status": "active"})
        bar.result(f"version {version['version']} is {version['status']}")

    def _follow(self, what: str, bar: Bar, already_done: float = 0.0) -> dict[str, Any]:
        """Shows how far something is until it has ended; returns the last state."""
        while True:
            state: dict[str, Any] = self._api.get(f"{self._version}/{what}")
            bar.share(already_done + (1 - already_done) * state["percentage"] / 100)
            if state["percentage"] >= 100:
                return state
            bar.note(state["stepName"])
            time.sleep(SECONDS_BETWEEN_LOOKS)


def _require_success(test: str, result: dict[str, Any]) -> None:
    if result["status"] != "SUCCESSFUL":
        raise DemoFailed(f"The {test} failed: {result['error']}", result.get("technicalInformation") or "")
