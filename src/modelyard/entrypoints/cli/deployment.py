"""The 17 steps from a container image to a deployed version, each of which can be done again without harm."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from modelyard.core.counted import counted
from modelyard.entrypoints.cli.amounts import to_bytes, to_cpus
from modelyard.entrypoints.cli.deploy_plan import Plan, Work
from modelyard.entrypoints.cli.deploy_sources import ImageMissing, Registry, SampleMissing, Sources, is_same_image
from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.model_file import ModelFile
from modelyard.entrypoints.cli.paths import at
from modelyard.entrypoints.cli.sample_documents import sample_input, sample_output
from modelyard.entrypoints.cli.steps import Bar, Steps
from modelyard.entrypoints.cli.version_steps import activate, follow, has_passed, run_test

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.answers import Thing
    from modelyard.entrypoints.cli.remote import Remote

EDGE_PRESET = -99
"""What is for edge devices is neither loaded nor run here."""
_LOADED_AS = ("requirement", "timeout")
_RAN_AS = ("inputs", "outputs", "inputValidationSchema")


def require_sources(server: "Remote", model: ModelFile, sources: Sources, plan: Plan) -> None:
    """Before anything is created: a version that is there already may have its image and its test files.

    Raises ImageMissing, SampleMissing.
    """
    is_new = plan.work in {Work.NEW_MODEL, Work.NEW_VERSION}
    if sources.image is None and (is_new or not _holds_image(server, plan)):
        raise ImageMissing
    if is_new and (missing := _missing_samples(model, sources)):
        raise SampleMissing(missing)


def _holds_image(server: "Remote", plan: Plan) -> bool:
    version = server.get(at("api", "models", plan.model_id, "versions", plan.version))
    return bool(version.get("containerImage", {}).get("uploadStatus") == "COMPLETED")


def is_complete(model: ModelFile, sources: Sources) -> bool:
    """Whether there is all that a version needs of which the server has nothing."""
    return sources.image is not None and not _missing_samples(model, sources)


def _missing_samples(model: ModelFile, sources: Sources) -> list[str]:
    if model.modelyard.requirement == EDGE_PRESET:
        return []
    return [name for name in model.inputs if name not in sources.samples]


class Deployment:
    """Takes a version through the steps. What the server has already is left as it is."""

    def __init__(self, server: "Remote", model: ModelFile, sources: Sources, plan: Plan) -> None:
        self._server = server
        self._model = model
        self._sources = sources
        self._plan = plan
        self._must_load = plan.work in {Work.NEW_MODEL, Work.NEW_VERSION}
        self._must_run = self._must_load
        self._for_edge = False
        self.model_id = plan.model_id
        self.warnings: list[str] = []

    def run(self, steps: Steps, *, activate: bool = True) -> "Thing":
        """All steps in their order; returns the version as the server has it then. Raises CommandFailed."""
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
            ("Test file", self._give_test_files),
            ("Test: run the model", self._test_run),
            ("Description", self._describe),
            ("Release notes", self._set_release_notes),
            ("Transparency and bias", self._report),
            ("Tags", self._set_tags),
            ("Picture", self._give_picture),
            ("Deploy", self._activate if activate else self._leave),
        ]
        for number, (name, act) in enumerate(todo, start=1):
            with steps.step(f"{number:>2}/{len(todo)}  {name}") as bar:
                act(bar)
        return self._server.get(self._version())

    @property
    def version_path(self) -> str:
        """Where the API has the version."""
        return self._version()

    def _path(self, *more: str) -> str:
        return at("api", "models", self.model_id, *more)

    def _version(self, *more: str) -> str:
        return self._path("versions", self._plan.version, *more)

    def _create(self, bar: Bar) -> None:
        version = self._plan.version
        if self._plan.work is Work.NEW_MODEL:
            created = self._server.post(at("api", "models"), {"name": self._model.name, "version": version})
            self.model_id = str(created["identifier"])
            bar.result(f"{self.model_id}, version {version}")
        elif self._plan.work is Work.NEW_VERSION:
            self._server.post(self._path("versions"), {"version": version})
            bar.result(f"version {version} of {self.model_id}")
        else:
            bar.result(f"version {version} of {self.model_id} {self._plan.work}")

    def _name(self, bar: Bar) -> None:
        words = {"name": self._model.name, "description": self._model.description.summary}
        self._server.patch(self._path(), words)
        bar.result(self._model.name)

    def _give_image(self, bar: Bar) -> None:
        source = self._sources.image
        held = self._server.get(self._version()).get("containerImage", {})
        if source is None and held.get("uploadStatus") == "COMPLETED":
            bar.result(f"keeps {held.get('reference')}")
            return
        if source is None:
            raise ImageMissing
        bar.note("looking")
        if held.get("uploadStatus") == "COMPLETED" and is_same_image(source, held):
            bar.result(f"is there already: {held.get('reference')}")
            return
        if self._plan.work is Work.REFRESH:
            raise CommandFailed(
                f"Version {self._plan.version} is deployed with another image ({held.get('reference')}). Raise the "
                "version in the model file, or add --next-version.",
                Exit.CONFLICT,
            )
        self._must_load = self._must_run = True
        self._send_image(source, bar)
        state = follow(
            self._server, self._version("container-image"), bar, already_done=0.5 if isinstance(source, Path) else 0.0
        )
        bar.result(f"{state.get('containerImageSize', 0) / 1e6:.0f} MB, {state.get('reference')}")

    def _send_image(self, source: Registry | Path, bar: Bar) -> None:
        path = self._version("container-image")
        if isinstance(source, Path):
            bar.note(f"uploading {source.stat().st_size / 1e6:.0f} MB")
            self._server.upload(path, source, "application/x-tar", lambda done: bar.share(0.5 * done))
            return
        credentials = {"username": source.username, "password": source.password} if source.username else {}
        self._server.post(path, {"registry": {"url": source.reference, **credentials}})

    def _choose_requirement(self, bar: Bar) -> None:
        wanted, held = self._model.modelyard.requirement, self._held_preset()
        if wanted is None and (self._plan.work is Work.REFRESH or held == EDGE_PRESET):
            self._for_edge = held == EDGE_PRESET
            bar.result("as it is")
            return
        if wanted is None:
            preset = self._smallest_preset()
            wanted, name = preset["requirementId"], str(preset["name"])
        else:
            name = f"preset {wanted}"
        self._for_edge = wanted == EDGE_PRESET
        self._patch({"requirement": {"requirementId": wanted}})
        bar.result(name)

    def _held_preset(self) -> object:
        return (self._server.get(self._version()).get("requirement") or {}).get("requirementId")

    def _smallest_preset(self) -> "Thing":
        presets = self._server.things(at("api", "models", "requirements", "account"))
        needs = self._model.resources
        fitting = [
            preset
            for preset in presets
            if preset.get("status") == "ACTIVE"
            and preset.get("requirementId") != EDGE_PRESET  # whose model runs elsewhere: only for who asks for it
            and to_bytes(preset["memoryAmount"]) >= needs.memory.size
            and to_cpus(preset["cpuAmount"]) >= needs.cpu.count
            and preset.get("gpuUnits", 0) >= needs.gpu.count
        ]
        if not fitting:
            names = ", ".join(str(preset.get("name")) for preset in presets)
            message = f"No hardware preset is large enough for what the model file asks for; there are: {names}."
            raise CommandFailed(message, Exit.INVALID_INPUT)
        return min(fitting, key=lambda one: (one.get("gpuUnits", 0), _amounts(one)))

    def _set_timeouts(self, bar: Bar) -> None:
        timeout = self._model.timeout
        self._patch({"timeout": {"status": timeout.status, "run": timeout.run}})
        bar.result(f"{timeout.status / 1000:g} s to load, {timeout.run / 1000:g} s for a run")

    def _set_metrics(self, bar: Bar) -> None:
        metrics = [metric.model_dump() | {"order": place} for place, metric in enumerate(self._model.metrics)]
        for place, metric in enumerate(metrics):
            if metric["highlight"] is None:  # where nobody says, the first one stands for all
                metric["highlight"] = place == 0
        self._patch({"statistics": metrics})
        bar.result(", ".join(metric.label for metric in self._model.metrics) or "none")

    def _test_load(self, bar: Bar) -> None:
        self._test(bar, "load", needed=self._must_load)

    def _set_inputs(self, bar: Bar) -> None:
        inputs = [
            {
                "name": name,
                "acceptedMediaTypes": field.media_types,
                "maximumSize": field.maxSize,
                "description": field.description,
            }
            for name, field in self._model.inputs.items()
        ]
        schema = self._sources.schema
        texts = {"inputValidationSchema": schema.read_text(encoding="utf-8")} if schema else {}
        if inputs:
            self._patch({"inputs": inputs, **texts})
        bar.result(", ".join(f"{one['name']} ({one['acceptedMediaTypes']})" for one in inputs) or "none")

    def _set_outputs(self, bar: Bar) -> None:
        outputs = [
            {
                "name": name,
                "mediaType": field.mediaType,
                "maximumSize": field.maxSize,
                "description": field.description,
            }
            for name, field in self._model.outputs.items()
        ]
        if outputs:
            self._patch({"outputs": outputs})
        bar.result(", ".join(f"{one['name']} ({one['mediaType']})" for one in outputs) or "none")

    def _give_test_files(self, bar: Bar) -> None:
        if self._for_edge or not (self._must_run or not self._has_passed("run")):
            bar.result("not needed")
            return
        self._must_run = True
        types = {name: self._model.inputs[name].media_types.split(",")[0] for name in self._sources.samples}
        for name, file in self._sources.samples.items():
            self._server.upload(self._version("testInput"), file, types[name], bar.share, query={"name": name})
        files = {name: (file, types[name]) for name, file in self._sources.samples.items()}
        self._give_sample("input", sample_input(self.model_id, self._plan.version, files))
        bar.result(
            ", ".join(f"{file.name}, {counted(file.stat().st_size, 'byte')}" for file in self._sources.samples.values())
        )

    def _test_run(self, bar: Bar) -> None:
        if self._test(bar, "run", needed=self._must_run):
            result = self._server.get(self._version("run-process")).get("result") or {}
            self._give_sample("output", sample_output(result, self._model.outputs))

    def _give_sample(self, kind: str, sample: "Thing | None") -> None:
        """What the model's page shows: real files instead of made-up ones."""
        if sample is not None:
            self._server.put(self._version(f"sample-{kind}"), sample)

    def _test(self, bar: Bar, kind: str, *, needed: bool) -> bool:
        """Whether the test was run now, and has passed."""
        if self._for_edge:
            bar.result("not done for edge devices")
            return False
        if not needed and self._has_passed(kind):
            bar.result("passed before")
            return False
        run_test(self._server, self._version(), kind, bar)
        return True

    def _has_passed(self, kind: str) -> bool:
        return has_passed(self._server.get(self._version()), kind)

    def _describe(self, bar: Bar) -> None:
        self._change_texts(bar, longDescription=self._model.description.details)

    def _set_release_notes(self, bar: Bar) -> None:
        self._change_texts(bar, versionHistory=self._model.releaseNotes)

    def _report(self, bar: Bar) -> None:
        words, card = self._model.description, self._model.modelyard.card
        self._change_texts(bar, technicalDetails=words.technical, performanceSummary=words.performance)
        if card is not None:
            members = card.model_dump(exclude_unset=True)
            self._server.put(self._version("card"), members)
            bar.result(f"a card with {', '.join(members) or 'nothing in it'}")

    def _change_texts(self, bar: Bar, **texts: str) -> None:
        self._patch(texts)
        bar.result(counted(sum(len(text.split()) for text in texts.values()), "word"))

    def _set_tags(self, bar: Bar) -> None:
        self._server.patch(self._path(), {"tags": self._model.labels})
        bar.result(", ".join(self._model.labels) or "none")

    def _give_picture(self, bar: Bar) -> None:
        picture = self._sources.picture
        if picture is None or self._plan.work is Work.REFRESH:
            bar.result("as it is")
            return
        media_type = "image/png" if picture.suffix.lower() == ".png" else "image/jpeg"
        query = {"description": self._model.modelyard.caption or self._model.name}
        self._server.upload(self._path("image"), picture, media_type, bar.share, query=query)
        bar.result(picture.name)

    def _activate(self, bar: Bar) -> None:
        self._set_engines_and_visibility()
        self.warnings += activate(self._server, self._version(), bar)

    def _leave(self, bar: Bar) -> None:
        self._set_engines_and_visibility()
        bar.result("left as it is; run this again without --no-activate")

    def _set_engines_and_visibility(self) -> None:
        ours = self._model.modelyard
        if ours.engines:
            limits = {"minimumParallelCapacity": ours.engines.minimum, "maximumParallelCapacity": ours.engines.maximum}
            self._patch({"processing": limits})
        if ours.visibility:
            self._server.patch(self._path("visibility"), ours.visibility.model_dump())

    def _patch(self, body: "Thing") -> "Thing":
        """Changes the version; notes which tests have to be done again because of it."""
        before = self._server.get(self._version())
        after = self._server.patch(self._version(), body)
        changed = {name for name in body if before.get(name) != after.get(name)}
        self._must_load |= not changed.isdisjoint(_LOADED_AS)
        self._must_run |= self._must_load or not changed.isdisjoint(_RAN_AS)
        return after


def _amounts(preset: "Thing") -> tuple[float, int]:
    return to_cpus(preset["cpuAmount"]), to_bytes(preset["memoryAmount"])
