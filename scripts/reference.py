"""Write docs/reference/settings.md from the settings themselves; with --check only compare."""

import sys
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from modelyard.settings import Settings

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "settings.md"

HEAD = """\
# Settings

Written by `scripts/reference.py` from `src/modelyard/settings.py`; change it there.

A setting is read from the environment variable below, or from the file that the same name with `_FILE`
at its end holds, which is how container platforms mount secrets. Lists are separated by commas.

| variable | default | meaning |
|---|---|---|
"""


def render_settings() -> str:
    """The whole page as Markdown."""
    prefix = Settings.model_config["env_prefix"]
    return HEAD + "".join(_row(prefix + name.upper(), field) for name, field in Settings.model_fields.items())


def _row(variable: str, field: FieldInfo) -> str:
    meaning = (field.description or "").replace("|", "\\|")
    return f"| `{variable}` | {_default(field.default)} | {meaning} |\n"


def _default(value: Any) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, tuple):
        value = ",".join(value)
    return "empty" if value in ("", None) else f"`{value}`"


def main() -> int:
    """Write or, with --check, compare the page; 1 when it differs."""
    page = render_settings()
    if "--check" not in sys.argv:
        PAGE.write_text(page, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
        print(f"{PAGE.name} is behind the code: run .venv/bin/python scripts/reference.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
