"""Find out whether containers can run on this machine, and if not, what to do: coded findings for `doctor`."""

import resource
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from modelyard.adapters.runtimes.base import ContainerSpec, ContainerStartFailed, Runtime, RuntimeUnavailable
from modelyard.adapters.runtimes.podman_process import cgroups_are_hybrid
from modelyard.adapters.runtimes.tiny_image import write_tiny_archive
from modelyard.core.errors import PlatformError
from modelyard.core.ids import random_word

_LABEL = "modelyard.probe"
_FEWEST_FILES = 4096
_INSTALL = "apt-get install podman runc"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `hint` says what to do when it is not ok."""

    code: str
    ok: bool
    text: str
    hint: str = ""


async def probe_runtime(runtime: Runtime) -> list[Finding]:
    """Looks at the machine and runs one tiny container; nothing is left behind. It needs no network."""
    findings = [await _answers(runtime)]
    if findings[0].ok:
        findings += await _container_runs(runtime)
    return [*findings, crun_finding(), open_files_finding()]


def crun_finding(*, hybrid: bool | None = None, has_runc: bool | None = None) -> Finding:
    """Whether the machine's control groups suit what starts containers there."""
    hybrid = cgroups_are_hybrid() if hybrid is None else hybrid
    has_runc = shutil.which("runc") is not None if has_runc is None else has_runc
    if not hybrid:
        return Finding("RUNTIME-03", True, "the control groups suit every runtime")
    if has_runc:
        return Finding("RUNTIME-03", True, "hybrid control groups, where runc is used instead of crun")
    return Finding("RUNTIME-03", False, "hybrid control groups, which crun refuses", "apt-get install runc")


def open_files_finding(*, hard_limit: int | None = None) -> Finding:
    """Whether containers and connections may open enough files."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1] if hard_limit is None else hard_limit
    if hard == resource.RLIM_INFINITY or hard >= _FEWEST_FILES:
        return Finding("RUNTIME-05", True, "enough files may be open")
    return Finding(
        "RUNTIME-05",
        False,
        f"only {hard} files may be open",
        f"raise the limit to at least {_FEWEST_FILES}: `ulimit -Hn`, or LimitNOFILE= in the systemd unit",
    )


def no_runtime_finding(reason: str) -> Finding:
    """What to say when no runtime was found at all."""
    return Finding("RUNTIME-01", False, f"no podman or docker found: {reason}", _INSTALL)


async def _answers(runtime: Runtime) -> Finding:
    try:
        facts = await runtime.facts()
    except RuntimeUnavailable as error:
        return no_runtime_finding(error.technical_information or error.message)
    return Finding("RUNTIME-01", True, f"{facts.name} {facts.version} at {facts.socket}")


async def _container_runs(runtime: Runtime) -> list[Finding]:
    """Starts a container of an image that holds one small program."""
    image = container = ""
    try:
        image = await _load_tiny_image(runtime)
        container = await runtime.start_container(_tiny_spec(image))
        state = await runtime.inspect_container(container)
        ran = Finding("RUNTIME-02", True, f"a container starts ({state.status})")
        return [ran, await _network_opens(runtime, container)]
    except PlatformError as error:
        reason = f"{error.message} {error.technical_information or ''}".strip()
        return [Finding("RUNTIME-02", False, f"cannot start a container: {reason}", _hint(reason))]
    finally:
        await _tidy(runtime, image, container)


async def _network_opens(runtime: Runtime, container: str) -> Finding:
    try:
        await runtime.expose(container, 1)
    except PlatformError as error:
        return Finding(
            "RUNTIME-04",
            False,
            f"cannot enter the networks of containers: {error.message}",
            "run modelyard as root or with CAP_SYS_ADMIN and CAP_SYS_PTRACE, on the containers' machine",
        )
    return Finding("RUNTIME-04", True, "the networks of containers can be entered")


async def _load_tiny_image(runtime: Runtime) -> str:
    with tempfile.TemporaryDirectory(prefix="modelyard-") as directory:
        archive = Path(directory) / "probe.tar"
        try:
            name = write_tiny_archive(archive, random_word(8))  # others may probe at the same time
        except ValueError as error:
            raise ContainerStartFailed(f"there is no probe for this kind of machine: {error}") from None
        await runtime.load_image(archive)
    return name


def _tiny_spec(image: str) -> ContainerSpec:
    return ContainerSpec(
        name=f"modelyard-probe-{random_word(8)}",
        image=image,
        labels={_LABEL: "1"},
        environment={},
        memory_bytes=64_000_000,
        cpu_millis=100,
    )


async def _tidy(runtime: Runtime, image: str, container: str) -> None:
    try:
        if container:
            await runtime.remove_container(container)
        if image:
            await runtime.remove_image(image)
    except PlatformError:  # the runtime went away: the findings say so
        return


def _hint(reason: str) -> str:
    """What helps, by what podman, runc and crun are known to say."""
    if "rlimit" in reason:
        return "raise the hard limits of the runtime, or give it CAP_SYS_RESOURCE"
    if "cgroup" in reason:
        return "the control groups are not usable: install runc, or start the machine with cgroups v2 only"
    if "executable file" in reason or ("runtime" in reason.lower() and "not found" in reason):
        return _INSTALL
    return "try `podman run` or `docker run` by hand; the runtime's own words are above"
