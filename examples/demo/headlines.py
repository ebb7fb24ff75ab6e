"""Says in short what a model answered, whatever kind of answer it is, and what its tests measured."""

from typing import Any


def headline(results: dict[str, Any]) -> tuple[str, str]:
    """What, and how sure or how large, out of a `results.json`."""
    result: dict[str, Any] = results["data"]["result"]
    if "segments" in result:
        return _segments(result["segments"]), f"{result['speechSeconds']:.1f} s"
    if "forecast" in result:
        first, last = result["forecast"][0], result["forecast"][-1]
        return f"next {first['value']:.4g}, step {last['step']}: {last['value']:.4g}", f"±{_half(last):.2g}"
    best = result["classPredictions"][0]
    return str(best["class"]), f"{best['score']:.2f}"


def measured(report: dict[str, Any]) -> str:
    """The numbers of a test report that people ask for first."""
    parts = []
    if start := report.get("start"):
        parts.append(f"ready after {start['totalMs'] / 1000:.1f} s")
    if use := report.get("use"):
        parts.append(f"{use['peakMemoryBytes'] / 1e6:.0f} MB at most")
    if levels := [level for level in report["load"] if "latencyP50Ms" in level]:
        alone, fastest = levels[0], max(levels, key=lambda level: float(level["itemsPerSecond"]))
        parts.append(f"p50 {alone['latencyP50Ms']:.3g} ms alone")
        parts.append(f"up to {fastest['itemsPerSecond']:,.0f} items/s, {fastest['atOnce']} at once")
    return " · ".join(parts) or "nothing was measured"


def _segments(segments: list[dict[str, float]]) -> str:
    if not segments:
        return "nobody speaks"
    return ", ".join(f"{segment['start']:.1f}–{segment['end']:.1f} s" for segment in segments)


def _half(row: dict[str, float]) -> float:
    return (row["upper"] - row["lower"]) / 2
