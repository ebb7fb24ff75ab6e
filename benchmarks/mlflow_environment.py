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
    """It cannot be installed here."""

    def __init__(self, words: str) -> None:
        super().__init__(f"{NAME} could not be installed, so nothing is compared with it: {words}")


def mlflow_python() -> Path:
    """The Python that has MLflow. Raises MlflowMissing."""
    python, finished = _KEPT / "bin" / "python", _KEPT / "finished"
    if finished.exists():
        return python
    shutil.rmtree(_KEPT, ignore_errors=True)  # of an installation that was interrupted
    _run(sys.executable, "-m", "venv", str(_KEPT))
    _run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *_PACKAGES)
    finished.touch()
    return python


def _run(*command: str) -> None:
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    if run.returncode:
        raise MlflowMissing(run.stderr.strip()[-500:])
