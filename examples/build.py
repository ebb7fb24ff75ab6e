"""Builds the container image of an example model: `python examples/build.py sentiment [--tag NAME] [--base IMAGE]`.

The packages of the model are installed on this machine and copied into the image, so the build itself needs no
network. Packages that several examples need are layers of their own, which their images share. Packages, layers and
the base image are kept. An image that was made of the same things already is left as it is.
"""

import argparse
import compileall
import fcntl
import hashlib
import json
import os
import platform
import py_compile
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).resolve().parent
LAYERS = EXAMPLES / "layers"
SERVING = EXAMPLES / "serving"
CACHE = EXAMPLES.parent / ".cache" / "examples"
BASE = "localhost/modelyard/base:bookworm"
PYTHON = "3.11"  # of Debian bookworm
RECIPE = "modelyard.example.recipe"
"""Label of an image: the digest of everything that it was made of."""
UNNEEDED = (
    "bin",
    "**/tests",
    "**/__pycache__",
    "**/*.pyi",
    "**/*.pyx",
    "**/*.pxd",
    "**/*.h",
    "numpy/**/*.a",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "onnxruntime/quantization",
    "onnxruntime/datasets",
)
"""What no model needs to run, as patterns below the folder of installed packages."""


def main() -> None:
    """Reads the command line and builds."""
    names = sorted(path.parent.name for path in EXAMPLES.glob("*/Containerfile"))
    parser = argparse.ArgumentParser(description="Builds the container image of an example model.")
    parser.add_argument("name", choices=names)
    parser.add_argument("--tag", help="name of the image (localhost/modelyard/<name>:1.0.0 unless given)")
    parser.add_argument("--base", default=BASE, help="image with Python 3.11, such as python:3.11-slim")
    wanted = parser.parse_args()
    tag = wanted.tag or f"localhost/modelyard/{wanted.name}:1.0.0"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two builds at a time would take each other's files away
        if wanted.base == BASE:
            ensure_base()
        recipe = recipe_of(wanted.name, wanted.base)
        if read_recipe(tag) == recipe:
            say(f"{tag} is up to date")
            return
        build_image(wanted.name, tag, wanted.base, recipe)
    say(f"built {tag}")


def say(text: str) -> None:
    """Shows progress."""
    print(f"· {text}", flush=True)


def ensure_base() -> None:
    """Makes the base image from Debian packages when it is missing."""
    if subprocess.run(["podman", "image", "exists", BASE], check=False).returncode == 0:
        return
    say(f"making {BASE} from Debian packages (about a minute)")
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "base.tar"
        left_out = [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("man", "locale", "doc")]
        licences = "--dpkgopt=path-include=/usr/share/doc/*/copyright"
        subprocess.run(
            [
                "mmdebstrap",
                "--quiet",
                "--variant=minbase",
                "--include=python3",
                *left_out,
                licences,
                "bookworm",
                str(archive),
            ],
            check=True,
        )
        subprocess.run(["podman", "import", "--quiet", str(archive), BASE], check=True)


def recipe_of(name: str, base: str) -> str:
    """A digest of the base and of all that the image's Containerfile copies."""
    instructions = (EXAMPLES / name / "Containerfile").read_text(encoding="utf-8")
    digest = hashlib.sha256(f"{inspect(base).get('Id', base)}\n{instructions}".encode())
    for requirements in parts_of(name, instructions).values():
        digest.update(packages_key(requirements).encode())
    words = instructions.split()
    files = [path for path in sorted((EXAMPLES / name).iterdir()) if path.is_file() and path.name in words]
    files += sorted(SERVING.glob("*.py")) if SERVING.name in words else []
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def parts_of(name: str, instructions: str) -> dict[str, Path]:
    """What a Containerfile copies beside files: folders of packages, each with what is to be installed in it."""
    parts = {
        f"layers/{layer}": LAYERS / f"{layer}.txt"
        for layer in re.findall(r"^COPY layers/(\S+)", instructions, re.MULTILINE)
    }
    for folder, requirements in (("packages", "requirements.txt"), ("training-packages", "training-requirements.txt")):
        if f"COPY {folder} " in instructions:
            parts[folder] = EXAMPLES / name / requirements
    return parts


def read_recipe(tag: str) -> str:
    """What an image says it was made of; empty when it does not say, or is not there."""
    return str((inspect(tag).get("Labels") or {}).get(RECIPE, ""))


def inspect(tag: str) -> dict[str, Any]:
    """What podman knows of an image; nothing when it is not there."""
    run = subprocess.run(["podman", "image", "inspect", tag], check=False, capture_output=True, text=True)
    found: list[dict[str, Any]] = json.loads(run.stdout) if run.returncode == 0 else [{}]
    return found[0]


def build_image(name: str, tag: str, base: str, recipe: str) -> None:
    """Puts program and packages together and runs podman."""
    instructions = (EXAMPLES / name / "Containerfile").read_text(encoding="utf-8")
    context = CACHE / name / "context"
    shutil.rmtree(context, ignore_errors=True)
    shutil.copytree(EXAMPLES / name, context, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    shutil.copytree(
        SERVING, context / SERVING.name, ignore=shutil.ignore_patterns("__pycache__", ".*", "*.pyi", "*.proto")
    )
    for folder, requirements in parts_of(name, instructions).items():
        shutil.copytree(install_packages(requirements), context / folder, copy_function=os.link)
    say("building the image")
    subprocess.run(
        [
            "podman",
            "build",
            "--quiet",
            *runtime_options(),
            "--pull=missing",
            "--network=none",
            "--build-arg",
            f"BASE={base}",
            "--label",
            f"{RECIPE}={recipe}",
            "--tag",
            tag,
            "--file",
            str(context / "Containerfile"),
            str(context),
        ],
        check=True,
    )


def install_packages(requirements: Path) -> Path:
    """The folder with the installed packages; installed only when requirements or this program changed."""
    folder = CACHE / requirements.parent.name / f"{requirements.stem}-{packages_key(requirements)}"
    if folder.exists():
        return folder
    say(f"installing packages of {requirements.relative_to(EXAMPLES)}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = folder.with_suffix(".making")
    shutil.rmtree(making, ignore_errors=True)
    subprocess.run(
        [*installer(), "--no-deps", "--only-binary=:all:", "--target", str(making), "-r", str(requirements)],
        check=True,
    )
    remove_unneeded(making)
    compile_packages(making)
    making.rename(folder)
    return folder


def packages_key(requirements: Path) -> str:
    """Changes with the requirements and with this program."""
    return hashlib.sha256(requirements.read_bytes() + Path(__file__).read_bytes()).hexdigest()[:16]


def installer() -> list[str]:
    """The command that installs packages for Python 3.11 on Debian: uv, or pip where there is none."""
    machine = platform.machine()
    private = EXAMPLES.parent / ".cache" / "uv-venv" / "bin" / "uv"  # where `make` puts it
    if uv := shutil.which("uv") or (str(private) if private.exists() else None):
        return [
            uv,
            "pip",
            "install",
            "--quiet",
            "--python-version",
            PYTHON,
            f"--python-platform={machine}-manylinux_2_28",
        ]
    platforms = [f"--platform=manylinux_2_{minor}_{machine}" for minor in (17, 28)]
    return [sys.executable, "-m", "pip", "install", "--quiet", "--python-version", PYTHON, *platforms]


def remove_unneeded(folder: Path) -> None:
    """Keeps the image small."""
    for pattern in UNNEEDED:
        for path in list(folder.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def compile_packages(folder: Path) -> None:
    """Compiles ahead, as containers run with a read-only file system; only this same Python version can."""
    if platform.python_version().startswith(f"{PYTHON}."):
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(folder, quiet=2, stripdir=str(folder), invalidation_mode=mode, workers=0)


def runtime_options() -> list[str]:
    """On hosts with hybrid cgroups only runc starts containers."""
    unified = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    return [] if unified or not shutil.which("runc") else ["--runtime", "runc"]


if __name__ == "__main__":
    main()
