"""The library as MLflow's registry has it."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.library import make_schema
from benchmarks.library_rows import write_library
from benchmarks.registry_rows import category_of, write_registry

TABLES = """
CREATE TABLE registered_models (name, creation_time, last_updated_time, description);
CREATE TABLE registered_model_tags (key, value, name, PRIMARY KEY (key, name));
CREATE TABLE model_versions (name, version, creation_time, last_updated_time, description, current_stage, source,
  status, PRIMARY KEY (name, version));
CREATE TABLE model_version_tags (key, value, name, version);
"""


@pytest.mark.sqlite
def test_both_have_the_same_models(tmp_path: Path) -> None:
    asyncio.run(make_schema(tmp_path))
    identifiers = write_library(tmp_path, 30)
    with closing(sqlite3.connect(tmp_path / "registry.db")) as registry:
        registry.executescript(TABLES)

        write_registry(tmp_path / "registry.db", tmp_path / "modelyard.db")
        write_registry(tmp_path / "registry.db", tmp_path / "modelyard.db")

        def one(statement: str, *values: object) -> tuple[object, ...]:
            found: tuple[object, ...] = registry.execute(statement, values).fetchone()
            return found

        assert one("SELECT count(*), count(DISTINCT name) FROM registered_models") == (30, 30)
        assert one("SELECT count(*), min(version), max(version) FROM model_versions") == (60, 1, 2)
        assert one("SELECT count(*) FROM registered_model_tags WHERE key = 'input_type'") == (30,)
        assert one("SELECT count(*) FROM registered_model_tags WHERE key = 'is_active'") == (30,)
        name, created = one(
            "SELECT name, creation_time FROM registered_models WHERE name LIKE ?", f"% {identifiers[0]}"
        )
        assert str(name).endswith(identifiers[0])
        assert int(str(created)) >= 1_735_689_600_000  # 2025, in milliseconds


def test_tags_of_ones_own_have_no_category() -> None:
    assert category_of("image") == "input_type"
    assert category_of("custom_1") is None
