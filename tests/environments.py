"""Environments of their own for programs that tests talk to, each made on first use from a file in `requirements/`."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[1]


def python_with(lock_name: str) -> Path:
    """The interpreter of the environment that holds exactly what `requirements/<lock_name>.txt` says."""
    lock_file = _ROOT / "requirements" / f"{lock_name}.txt"
    cache = _ROOT / ".cache" / lock_name
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / hashlib.sha256(lock_file.read_bytes() + sys.version.encode()).hexdigest()[:16]
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder, lock_file)
            (folder / "complete").touch()
    return folder / "bin" / "python"


def _install(folder: Path, lock_file: Path) -> None:
    uv = _find_uv()
    if uv is None:
        _run([sys.executable, "-m", "venv", str(folder)])
        installer = [str(folder / "bin" / "python"), "-m", "pip", "install"]
    else:
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)])
        installer = [uv, "pip", "install", "--python", str(folder / "bin" / "python")]
    _run([*installer, "--quiet", "--require-hashes", "-r", str(lock_file)])


def _find_uv() -> str | None:
    """As scripts/uv.sh does it: a uv that starts."""
    for uv in (shutil.which("uv"), str(_ROOT / ".cache" / "uv-venv" / "bin" / "uv")):
        if uv and Path(uv).exists() and subprocess.run([uv, "--version"], check=False, capture_output=True).stdout:
            return uv
    return None


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
