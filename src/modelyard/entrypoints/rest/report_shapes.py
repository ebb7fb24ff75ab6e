"""The JSON of test reports. Members say their units: Ms, Seconds, Bytes, Cores; missing means not measured."""

from typing import Any

from modelyard.domain.models.amounts import cpu_text, memory_text
from modelyard.domain.version_tests.read_report import Suggestions, VersionReport
from modelyard.domain.version_tests.report import HardwareMeasure, ImageMeasure, Level, Measurements, UseMeasure
from modelyard.domain.version_tests.suggest_preset import PresetOption
from modelyard.domain.version_tests.suggest_timeouts import TimeoutSuggestion
from modelyard.domain.version_tests.tables import TestReport
from modelyard.entrypoints.rest.wire import time_text, without_none


def report_object(report: VersionReport) -> dict[str, Any]:
    """A whole report."""
    return without_none(
        {
            "modelId": report.model_id,
            "version": report.version,
            "test": without_none(
                {"kind": report.kind, "status": "SUCCESSFUL" if report.passed else "FAILED", "error": report.error}
            ),
            "state": _word(report.state),
            "stepName": report.step_name,
            "percentage": report.percentage,
            "endedEarlyBecause": report.measured.ended_early,
            "isStale": bool(report.changed_since),
            "changedSince": list(report.changed_since),
            "createdAt": time_text(report.created_at),
            "finishedAt": time_text(report.finished_at) if report.finished_at else None,
            **_measured(report.measured),
            "suggestions": _suggestions(report.suggestions),
        }
    )


def progress_member(report: TestReport | None) -> dict[str, Any]:
    """What stands beside the steps of a run test: how far the measurement after it is."""
    if report is None:
        return {}
    state = {"state": _word(report.state), "stepName": report.step_name, "percentage": report.percentage}
    return {"report": state}


def _word(state: str) -> str:
    return state.upper().replace(" ", "_")


def _measured(measured: Measurements) -> dict[str, Any]:
    start = measured.start
    return {
        "image": _image(measured.image) if measured.image else None,
        "hardware": _hardware(measured.hardware) if measured.hardware else None,
        "start": {
            "createAndStartMs": start.start_ms,
            "readyMs": start.ready_ms,
            "totalMs": start.cold_ms,
            "protocol": start.protocol,
            "batchSize": start.batch_size,
        }
        if start
        else None,
        "use": _use(measured.use) if measured.use else None,
        "firstCallMs": measured.first_call_ms,
        "outputs": {
            "checked": measured.outputs_checked,
            "problems": [
                {"output": finding.output, "problem": _word(finding.problem), "explanation": finding.explanation}
                for finding in measured.output_findings
            ],
        },
        "load": [_level(level) for level in measured.levels],
        "notes": list(measured.notes),
    }


def _image(image: ImageMeasure) -> dict[str, Any]:
    return {
        "reference": image.reference,
        "digest": image.digest,
        "sizeBytes": image.size_bytes,
        "layerCount": image.layer_count,
        "biggestLayers": [
            {"sizeBytes": layer.size_bytes, "createdBy": layer.created_by} for layer in image.biggest_layers
        ],
    }


def _hardware(hardware: HardwareMeasure) -> dict[str, Any]:
    preset = PresetOption(
        hardware.preset_id, hardware.preset_name, hardware.cpu_millis, hardware.memory_bytes, hardware.gpu_units
    )
    machine = {"cpus": hardware.machine_cpus, "memoryBytes": hardware.machine_memory_bytes}
    return {"requirement": _preset(preset), "machine": machine}


def _preset(preset: PresetOption) -> dict[str, Any]:
    return {
        "requirementId": preset.preset_id,
        "name": preset.name,
        "cpuAmount": cpu_text(preset.cpu_millis),
        "memoryAmount": memory_text(preset.memory_bytes),
        "gpuUnits": preset.gpu_units,
    }


def _use(use: UseMeasure) -> dict[str, Any]:
    return without_none(
        {
            "peakMemoryBytes": use.peak_memory_bytes,
            "peakWorkingMemoryBytes": use.peak_working_memory_bytes,
            "cpuSeconds": use.cpu_seconds,
            "peakCores": use.peak_cores,
        }
    )


def _level(level: Level) -> dict[str, Any]:
    return without_none(
        {
            "atOnce": level.at_once,
            "mode": _word(level.mode),
            "explanation": level.explanation,
            "isComplete": level.is_complete,
            "items": level.items,
            "calls": level.calls,
            "errors": level.errors,
            "errorExamples": list(level.error_examples),
            "seconds": level.seconds,
            "itemsPerSecond": level.items_per_second,
            "latencyP50Ms": level.latency_p50_ms,
            "latencyP95Ms": level.latency_p95_ms,
            "latencyP99Ms": level.latency_p99_ms,
        }
    )


def _suggestions(suggestions: Suggestions) -> dict[str, Any]:
    preset, engines = suggestions.preset, suggestions.engines
    return without_none(
        {
            "requirement": without_none(
                {"preset": _preset(preset.preset) if preset.preset else None, "reason": preset.reason}
            )
            if preset
            else None,
            "statusTimeout": _timeout(suggestions.status_timeout),
            "runTimeout": _timeout(suggestions.run_timeout),
            "engines": {
                "minimumParallelCapacity": engines.minimum,
                "minimumReason": engines.minimum_reason,
                "maximumParallelCapacity": engines.maximum,
                "maximumReason": engines.maximum_reason,
            }
            if engines
            else None,
        }
    )


def _timeout(suggestion: TimeoutSuggestion | None) -> dict[str, Any] | None:
    return {"milliseconds": suggestion.milliseconds, "reason": suggestion.reason} if suggestion else None
