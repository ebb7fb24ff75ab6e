"""The doctor's findings name what is wrong and what helps."""

import asyncio
from pathlib import Path

import pytest

from modelyard.adapters.runtimes.docker_api import DockerApiRuntime
from modelyard.adapters.runtimes.fake import FakeRuntime
from modelyard.adapters.runtimes.probe import Finding, crun_finding, open_files_finding, probe_runtime
from modelyard.adapters.runtimes.tiny_image import TINY_REPOSITORY
from tests.containers import can_run_containers
from tests.seams.runtime_cast import podman_cast


def by_code(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.code: finding for finding in findings}


@pytest.mark.containers
@pytest.mark.skipif(not can_run_containers(), reason="podman is not installed")
async def test_podman_is_well(tmp_path: Path) -> None:
    async with podman_cast(tmp_path) as cast:
        findings = await probe_runtime(cast.runtime)

        assert [finding for finding in findings if not finding.ok] == []
        assert set(by_code(findings)) == {f"RUNTIME-0{number}" for number in range(1, 6)}
        async with asyncio.timeout(20):  # another test may be probing at this moment
            while await cast.runtime.list_containers("modelyard.probe", "1"):  # noqa: ASYNC110 - there is no event
                await asyncio.sleep(0.2)


async def test_no_runtime_is_told(tmp_path: Path) -> None:
    runtime = DockerApiRuntime(str(tmp_path / "none.sock"), tmp_path)

    finding = by_code(await probe_runtime(runtime))["RUNTIME-01"]

    assert not finding.ok
    assert "apt-get install podman" in finding.hint
    await runtime.close()


async def test_a_container_that_cannot_start_is_told() -> None:
    runtime = FakeRuntime()
    runtime.start_failures[TINY_REPOSITORY] = "error setting rlimit type 6: operation not permitted"

    finding = by_code(await probe_runtime(runtime))["RUNTIME-02"]

    assert (finding.ok, finding.code) == (False, "RUNTIME-02")
    assert "rlimit type 6" in finding.text
    assert "CAP_SYS_RESOURCE" in finding.hint
    await runtime.close()


def test_crun_does_not_suit_hybrid_control_groups() -> None:
    assert not crun_finding(hybrid=True, has_runc=False).ok
    assert crun_finding(hybrid=True, has_runc=True).ok
    assert crun_finding(hybrid=False, has_runc=False).ok


@pytest.mark.parametrize(("hard", "ok"), [(1024, False), (4096, True), (-1, True)])
def test_few_open_files_are_told(hard: int, ok: bool) -> None:
    assert open_files_finding(hard_limit=hard).ok is ok
