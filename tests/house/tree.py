"""The files of this repository, for the tests that keep it in order."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "modelyard"


def repository_files() -> list[Path]:
    """All files that are, or would be, under version control."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return sorted({path for name in listing.split("\0") if name and (path := ROOT / name).is_file()})


def python_files(*, generated: bool = False) -> list[Path]:
    """All our Python files; generated ones only when asked for."""
    files = [path for path in repository_files() if path.suffix == ".py"]
    return [path for path in files if generated or not path.stem.endswith(("_pb2", "_pb2_grpc"))]


def relative(path: Path) -> str:
    """How a path is shown in a message."""
    return str(path.relative_to(ROOT))
