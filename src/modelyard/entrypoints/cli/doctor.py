"""`modelyard doctor`: looks at the machine and the settings, and says what to do about each problem."""

import asyncio
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from modelyard.adapters.runtimes.base import RuntimeUnavailable
from modelyard.adapters.runtimes.probe import Finding, no_runtime_finding, probe_runtime
from modelyard.app import opened_runtime
from modelyard.entrypoints.cli.checks import local_findings
from modelyard.entrypoints.cli.checks_elsewhere import findings_elsewhere
from modelyard.entrypoints.cli.database_checks import database_findings
from modelyard.entrypoints.cli.given import read_settings
from modelyard.entrypoints.cli.sealed import sealed_finding
from modelyard.settings import Settings


def run_doctor(given: Mapping[str, Any]) -> None:
    """Prints all findings; ends with 1 when something needs attention."""
    settings = read_settings(given)
    findings = [*local_findings(settings), *asyncio.run(_database_findings(settings))]
    findings += asyncio.run(findings_elsewhere(settings))
    findings += asyncio.run(_runtime_findings(settings))
    console = Console(highlight=False)
    for finding in findings:
        mark = "[green]ok  [/green]" if finding.ok else "[red]FAIL[/red]"
        console.print(f"{mark}  {finding.code:<11} {finding.text}", soft_wrap=True)
        if not finding.ok and finding.hint:
            console.print(f"                  {finding.hint}", soft_wrap=True, markup=False)
    if not all(finding.ok for finding in findings):
        sys.exit(1)


async def _database_findings(settings: Settings) -> list[Finding]:
    findings = await database_findings(settings)
    if all(finding.ok for finding in findings):
        findings.append(await sealed_finding(settings))
    return findings


async def _runtime_findings(settings: Settings) -> list[Finding]:
    try:
        with tempfile.TemporaryDirectory(prefix="modelyard-") as directory:  # a server may be using the data directory
            async with opened_runtime(settings, Path(directory)) as runtime:
                return await probe_runtime(runtime)
    except RuntimeUnavailable as error:
        return [no_runtime_finding(error.message)]
