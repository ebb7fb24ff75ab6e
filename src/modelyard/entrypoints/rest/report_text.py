"""A test report as Markdown, for people."""

import re
from collections.abc import Iterator

from modelyard.domain.models.amounts import cpu_text
from modelyard.domain.version_tests.read_report import Suggestions, VersionReport
from modelyard.domain.version_tests.report import Level, Measurements
from modelyard.domain.version_tests.suggest_engines import rate_text
from modelyard.domain.version_tests.suggest_preset import size_text
from modelyard.domain.version_tests.suggest_timeouts import seconds_text
from modelyard.domain.version_tests.tables import ReportState

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")


def report_markdown(report: VersionReport) -> str:
    """The whole report. Words of models and images are shown as they are: they cannot become marks or tags."""
    parts = [*_head(report), *_measured(report.measured), *_suggestions(report.suggestions)]
    if report.measured.notes:
        parts += ["## Notes", "\n".join(f"- {_plain(note)}" for note in report.measured.notes)]
    return "\n\n".join(parts) + "\n"


def _plain(text: str) -> str:
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def _instruction(text: str) -> str:
    """With digests as short as container runtimes show them, so that tables stay narrow."""
    return _plain(_DIGEST.sub(r"\1", text))


def _head(report: VersionReport) -> Iterator[str]:
    yield f"# Test report of {_plain(report.model_name)} {_plain(report.version)}"
    outcome = "passed" if report.passed else "failed"
    yield f"The {report.kind} test **{outcome}** on {report.created_at:%Y-%m-%d %H:%M:%S} UTC."
    if report.error:
        yield f"> {_plain(report.error)}"
    if report.changed_since:
        yield f"**Out of date:** since then {' and '.join(report.changed_since)} changed. Test the version again."
    if report.state == ReportState.MEASURING:
        yield f"**Still measuring:** {report.step_name}, {report.percentage} %."
    if report.measured.ended_early:
        yield f"**The measurement ended early** {_plain(report.measured.ended_early)}"


def _measured(measured: Measurements) -> Iterator[str]:
    rows = list(_facts(measured))
    if rows:
        yield "## Measured"
        yield "\n".join(["| what | how much |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])
    if measured.image and measured.image.biggest_layers:
        layers = [
            f"| {size_text(one.size_bytes)} | {_instruction(one.created_by)} |" for one in measured.image.biggest_layers
        ]
        yield "## Biggest layers of the image"
        yield "\n".join(["| unpacked | made by |", "|---|---|", *layers])
    if measured.levels:
        yield "## Under load"
        yield "\n".join([*_LOAD_HEAD, *map(_level_row, measured.levels)])
        yield "\n".join(_level_words(measured.levels))
    if measured.outputs_checked:
        yield "## Outputs"
        findings = [f"- **{finding.problem}**: {_plain(finding.explanation)}" for finding in measured.output_findings]
        yield "\n".join(findings) or "The outputs of the sample are as declared."


def _facts(measured: Measurements) -> Iterator[tuple[str, str]]:
    if image := measured.image:
        layers = f" in {image.layer_count} layers" if image.layer_count else ""
        yield "image, unpacked", size_text(image.size_bytes) + layers
    if hardware := measured.hardware:
        amounts = f"{cpu_text(hardware.cpu_millis)} CPU, {size_text(hardware.memory_bytes)}"
        yield "hardware preset", f"{_plain(hardware.preset_name)} ({amounts})"
    if start := measured.start:
        yield "container created and started", seconds_text(start.start_ms)
        yield "from then until the model was ready", seconds_text(start.ready_ms)
        yield "container protocol", f"{start.protocol}, up to {start.batch_size} items in a call"
    if measured.first_call_ms is not None:
        yield "first call with the sample", seconds_text(measured.first_call_ms)
    if use := measured.use:
        yield "peak memory, file cache included", size_text(use.peak_memory_bytes)
        yield "peak memory seen without file cache", size_text(use.peak_working_memory_bytes)
        yield "processor time", f"{use.cpu_seconds:.2f} s"
        if use.peak_cores is not None:
            yield "most cores used within half a second", f"{use.peak_cores:.2f}"


_LOAD_HEAD = ["| at once | items/s | p50 | p95 | p99 | items | errors |", "|--:|--:|--:|--:|--:|--:|--:|"]


def _level_row(level: Level) -> str:
    latencies = (level.latency_p50_ms, level.latency_p95_ms, level.latency_p99_ms)
    shown = " | ".join("–" if latency is None else seconds_text(latency) for latency in latencies)
    early = "" if level.is_complete else " (broken off)"
    return (
        f"| {level.at_once}{early} | {rate_text(level.items_per_second)} | {shown} | {level.items} | {level.errors} |"
    )


def _level_words(levels: tuple[Level, ...]) -> Iterator[str]:
    for level in levels:
        yield f"- {level.at_once} at once: {level.explanation}."
        yield from (f"  - error: {_plain(error)}" for error in level.error_examples)


def _suggestions(suggestions: Suggestions) -> Iterator[str]:
    rows = []
    if preset := suggestions.preset:
        name = _plain(preset.preset.name) if preset.preset else "none fits"
        rows.append(f"- **Hardware preset: {name}.** {_plain(preset.reason)}")
    if status := suggestions.status_timeout:
        rows.append(f"- **Status timeout: {seconds_text(status.milliseconds)}.** {_sentence(status.reason)}")
    if run := suggestions.run_timeout:
        rows.append(f"- **Run timeout: {seconds_text(run.milliseconds)}.** {_sentence(run.reason)}")
    if engines := suggestions.engines:
        rows.append(f"- **Minimum of engines: {engines.minimum}.** {_sentence(engines.minimum_reason)}")
        rows.append(f"- **Maximum of engines: {engines.maximum}.** {_sentence(engines.maximum_reason)}")
    if rows:
        yield "## Suggested"
        yield "\n".join(rows)


def _sentence(reason: str) -> str:
    return _plain(reason[:1].upper() + reason[1:]) + "."
