"""Copies a library straight into the SQLite file of an MLflow registry: the same models, words, tags and times."""

import sqlite3
from contextlib import closing
from pathlib import Path

from modelyard.domain.models.tag_names import CATEGORY_OF

_TABLES = ("registered_model_tags", "model_version_tags", "model_versions", "registered_models")
_NAME = "m.name || ' ' || m.id"
"""There, names are what models are found by, so no two may be the same."""
_MILLISECONDS = "CAST(unixepoch(m.{}) * 1000 AS INTEGER)"


def write_registry(registry: Path, library: Path) -> None:
    """Fills a registry whose tables are there already.

    Tags of a category become `category=tag`, others `tag=true`; author and state become tags, too. Versions are counted
    there, so the number of a version becomes a tag of it.
    """
    with closing(sqlite3.connect(registry, isolation_level=None)) as database:
        database.create_function("category_of", 1, category_of, deterministic=True)
        database.execute("PRAGMA synchronous=OFF")
        database.execute("ATTACH ? AS library", (str(library),))
        database.execute("BEGIN")
        for table in _TABLES:
            database.execute(f"DELETE FROM main.{table}")  # noqa: S608
        for statement in _statements():
            database.execute(statement)
        database.execute("COMMIT")
        database.execute("PRAGMA optimize")


def _statements() -> list[str]:
    created, changed = _MILLISECONDS.format("created_at"), _MILLISECONDS.format("updated_at")
    models = "FROM library.models m"
    tag = "INSERT INTO main.registered_model_tags (key, value, name)"
    version = f"{models} JOIN library.versions v ON v.model_id = m.id"
    number = "row_number() OVER (PARTITION BY v.model_id ORDER BY v.id)"
    state = "CASE WHEN m.is_active THEN 'true' ELSE 'false' END"
    recommended = "CASE WHEN m.is_recommended THEN 'true' ELSE 'false' END"
    return [
        (
            "INSERT INTO main.registered_models (name, creation_time, last_updated_time, description)"
            f" SELECT {_NAME}, {created}, {changed}, m.description {models}"
        ),
        (
            f"{tag} SELECT coalesce(category_of(t.tag), t.tag), CASE WHEN category_of(t.tag) IS NULL THEN 'true'"
            f" ELSE t.tag END, {_NAME} {models} JOIN library.model_tags t ON t.model_id = m.id"
        ),
        f"{tag} SELECT 'author', m.author, {_NAME} {models}",
        f"{tag} SELECT 'is_active', {state}, {_NAME} {models}",
        f"{tag} SELECT 'is_recommended', {recommended}, {_NAME} {models}",
        (
            "INSERT INTO main.model_versions (name, version, creation_time, last_updated_time, description,"
            f" current_stage, source, status) SELECT {_NAME}, {number}, {created}, {changed}, v.long_description,"
            f" 'None', 'file:///models/' || m.id, 'READY' {version}"
        ),
        (
            "INSERT INTO main.model_version_tags (key, value, name, version)"
            f" SELECT 'number', v.version, {_NAME}, {number} {version}"
        ),
    ]


def category_of(tag: str) -> str | None:
    """`input_type` for `image`; None for a tag of one's own."""
    category = CATEGORY_OF.get(tag)
    return category.lower().replace(" ", "_") if category else None
