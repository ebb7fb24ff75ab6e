"""Words of models, images and programs stay words in the Markdown of a report."""

from dataclasses import replace

from modelyard.domain.version_tests.read_report import Suggestions, VersionReport, suggest
from modelyard.domain.version_tests.report import ImageMeasure, Layer, Measurements, OutputFinding, Problem
from modelyard.domain.version_tests.suggest_preset import PresetOption
from modelyard.domain.version_tests.tables import ReportState, TestKind
from modelyard.entrypoints.rest.report_text import report_markdown
from tests.domain.version_tests.test_report import FULL
from tests.manual_clock import START

REPORT = VersionReport(
    "abc", "echo", "0.1.0", TestKind.RUN, False, "It broke.", ReportState.ENDED_EARLY, "Ended early", 100, START, START,
    ("the container image",), FULL, suggest(FULL, [PresetOption(1, "small", 1000, 10**9)]),
)  # fmt: skip


def test_everything_is_said() -> None:
    text = report_markdown(REPORT)

    for words in (
        "The run test **failed** on 2026-01-02 03:04:05 UTC.",
        "> It broke.",
        "since then the container image changed",
        "**The measurement ended early** because",
        "| 1 (broken off) | 0 | – | – | – | 0 | 0 |",
        "- **missing**: why",
        "**Hardware preset: small.**",
        "**Status timeout: 10 s.**",
        "## Notes",
    ):
        assert words in text


def test_what_was_not_measured_is_left_out() -> None:
    text = report_markdown(replace(REPORT, measured=Measurements(), suggestions=Suggestions(), error=None))

    assert "## " not in text


def test_foreign_words_cannot_become_marks() -> None:
    layers = (Layer(1, "COPY <script>alert(1)</script> | x\n# head"),)
    finding = OutputFinding("a", Problem.UNDECLARED, "[click](javascript:1) `x`")
    measured = Measurements(
        image=ImageMeasure("r", "d", 1, 1, layers), outputs_checked=True, output_findings=(finding,), notes=("*b*",)
    )
    text = report_markdown(replace(REPORT, measured=measured))

    assert "<script>" not in text
    assert "\\<script\\>alert(1)\\</script\\> \\| x \\# head |" in text
    assert "\\[click\\](javascript:1) \\`x\\`" in text
    assert "- \\*b\\*" in text


def test_digests_of_layers_are_short() -> None:
    layers = (Layer(1, f"COPY dir:{'0a' * 32} in /app/"),)
    text = report_markdown(replace(REPORT, measured=Measurements(image=ImageMeasure("r", "d", 1, 1, layers))))

    assert "| COPY dir:0a0a0a0a0a0a in /app/ |" in text
