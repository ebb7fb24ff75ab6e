"""What shells complete, and what makes them do it."""

import os
import shutil
import subprocess
import sys

import pytest

from modelyard.entrypoints.cli.profile_file import Profile
from tests.entrypoints.cli.shell import Shell


def _completed(shell: Shell, line: str) -> list[str]:
    words = line.split(" ")
    environment = {
        "PATH": os.environ["PATH"],
        "XDG_CONFIG_HOME": str(shell.home),
        "_MODELYARD_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    command = [sys.executable, "-c", "from modelyard.entrypoints.cli import main; main(prog_name='modelyard')"]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert done.stderr == ""
    return [word for row in done.stdout.splitlines() if (word := row.partition(",")[2])]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("modelyard us", ["users"]),
        ("modelyard users de", ["deactivate", "delete"]),
        ("modelyard users list --output ", ["table", "json", "csv"]),
        ("modelyard users list --status In", ["inactive", "invited"]),
        ("modelyard completion ", ["bash", "zsh", "fish"]),
        ("modelyard profiles use ", ["home", "work"]),
        ("modelyard teams list --profile w", ["work"]),
        ("modelyard login --profile x", []),
        ("modelyard users list --first", ["--first-name"]),
        ("modelyard jobs re", ["results", "retry-failed"]),
        ("modelyard jobs list --status comp", ["completed"]),
        ("modelyard run echo --s3-", ["--s3-region", "--s3-endpoint"]),
        ("modelyard engines ", ["list", "logs", "scale"]),
    ],
)
def test_words_that_fit(shell: Shell, line: str, expected: list[str]) -> None:
    for name in ("work", "home"):
        shell.store(name, Profile(f"http://{name}"))

    assert _completed(shell, line) == expected


def test_a_broken_file_of_profiles_completes_nothing(shell: Shell) -> None:
    shell.store("one", Profile("http://one"))
    shell.file.path.write_text("current = ")

    assert _completed(shell, "modelyard profiles use ") == []


@pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])
def test_scripts(shell: Shell, kind: str) -> None:
    script = shell.run("completion", kind)

    assert script.exit_code == 0
    assert f"_MODELYARD_COMPLETE={kind}_complete" in script.stdout
    if shutil.which(kind):
        assert subprocess.run([kind, "-n"], input=script.stdout, check=False, text=True).returncode == 0


def test_an_unknown_shell(shell: Shell) -> None:
    assert shell.run("completion", "tcsh").exit_code == 2


def test_completing_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom modelyard.entrypoints.cli import main\n"
        "from click.shell_completion import BashComplete\n"
        "shell = BashComplete(main, {}, 'modelyard', '_MODELYARD_COMPLETE')\n"
        "shell.get_completions(['users', 'list'], '--pro'), shell.get_completions([], '')\n"
        "shell.get_completions(['users', 'list', '--profile'], '')\n"
        "print(sorted({'httpx', 'rich', 'pydantic', 'sqlalchemy', 'fastapi'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)

    assert done.stdout == "[]\n"
