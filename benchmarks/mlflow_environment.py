"""An environment of its own with MLflow, made once and kept: the project does not depend on it."""

import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "3.17.2"
NAME = f"MLflow {VERSION}"
_PACKAGES = (f"mlflow=={VERSION}", "sqlalchemy>=2,<2.1")
_KEPT = Path(__file__).parents[1] / "var" / "benchmarks" / f"mlflow-{VERSION}"


class MlflowMissing(Exception):
    """It is not here, and cannot or shall not be installed."""

    def __init__(self, words: str) -> None:
        super().__init__(f"Nothing is compared with {NAME}: {words}")


def mlflow_python(*, install: bool) -> Path:
    """The Python that has MLflow, which takes 800 MB. Raises MlflowMissing."""
    python, finished = _KEPT / "bin" / "python", _KEPT / "finished"
    if finished.exists():
        return python
    if not install:
        raise MlflowMissing("a quick run does not install it.")
    shutil.rmtree(_KEPT, ignore_errors=True)  # of an installation that was interrupted
    _run(sys.executable, "-m", "venv", str(_KEPT))
    _run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *_PACKAGES)
    finished.touch()
    return python


def _run(*command: str) -> None:
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    if run.returncode:
        raise MlflowMissing(f"it could not be installed. {run.stderr.strip()[-500:]}")
