"""Fills in what the library keeps since revision 0003; a part of that revision, frozen with it."""

import re
from collections import defaultdict
from typing import Any

import sqlalchemy as sa

_AT_ONCE = 1000
_WORD = re.compile(r"[^\W_]{3,40}")
_FREQUENT_TEXT = """
about after all also and any are based but can each for from get gets give gives has have how into its let may model
models more most not one only other our out over per than that the their them then there these they this use used uses
using very was what when which who why will with you your
"""
_FREQUENT = frozenset(_FREQUENT_TEXT.split())
_MODELS = sa.table(
    "models",
    *(sa.column(name, sa.String) for name in ("id", "name", "name_key", "description")),
    *(sa.column(name, sa.String) for name in ("latest_version", "latest_active_version", "latest_version_key")),
    sa.column("is_active", sa.Boolean),
)
_VERSIONS = sa.table(
    "versions",
    sa.column("id", sa.Integer),
    *(sa.column(name, sa.String) for name in ("model_id", "version", "status", "order_key")),
    sa.column("inputs", sa.JSON),
    sa.column("outputs", sa.JSON),
)
_TERMS = sa.table("model_terms", sa.column("model_id", sa.String), sa.column("term", sa.String))


def fill_versions(connection: sa.Connection) -> None:
    """Gives every version the text that it is sorted by."""
    rows = connection.execute(sa.select(_VERSIONS.c.id, _VERSIONS.c.version)).all()
    values = [{"row": row.id, "key": _order_key(row.version)} for row in rows]
    _in_parts(
        connection,
        sa.update(_VERSIONS).where(_VERSIONS.c.id == sa.bindparam("row")).values(order_key=sa.bindparam("key")),
        values,
    )


def fill_models(connection: sa.Connection) -> None:
    """Sums up the versions of every model in its row."""
    versions: defaultdict[str, list[Any]] = defaultdict(list)
    columns = (_VERSIONS.c.model_id, _VERSIONS.c.version, _VERSIONS.c.order_key, _VERSIONS.c.status)
    for row in connection.execute(sa.select(*columns).order_by(_VERSIONS.c.order_key)):
        versions[row.model_id].append(row)
    values = []
    for model in connection.execute(sa.select(_MODELS.c.id, _MODELS.c.name)).all():
        own = versions[model.id]
        active = [row.version for row in own if row.status == "active"]
        values.append(
            {
                "row": model.id,
                "folded": model.name.casefold(),
                "active": bool(active),
                "newest": own[-1].version if own else "",
                "newest_key": own[-1].order_key if own else "",
                "newest_active": active[-1] if active else "",
            }
        )
    statement = (
        sa.update(_MODELS)
        .where(_MODELS.c.id == sa.bindparam("row"))
        .values(
            name_key=sa.bindparam("folded"),
            is_active=sa.bindparam("active"),
            latest_version=sa.bindparam("newest"),
            latest_version_key=sa.bindparam("newest_key"),
            latest_active_version=sa.bindparam("newest_active"),
        )
    )
    _in_parts(connection, statement, values)


def fill_terms(connection: sa.Connection) -> None:
    """Writes down what models have in common."""
    shown: dict[str, Any] = {}
    columns = (_VERSIONS.c.model_id, _VERSIONS.c.inputs, _VERSIONS.c.outputs)
    is_active = sa.case((_VERSIONS.c.status == "active", 1), else_=0)
    for row in connection.execute(sa.select(*columns).order_by(is_active, _VERSIONS.c.order_key)):
        shown[row.model_id] = row
    models = connection.execute(sa.select(_MODELS.c.id, _MODELS.c.name, _MODELS.c.description)).all()
    for start in range(0, len(models), _AT_ONCE):
        values = [
            {"model_id": model.id, "term": term}
            for model in models[start : start + _AT_ONCE]
            for term in sorted(_terms(f"{model.name} {model.description}", shown.get(model.id)))
        ]
        _in_parts(connection, sa.insert(_TERMS), values)


def _terms(words: str, version: Any) -> set[str]:
    found = {f"word:{word}" for word in _distinct_words(words)}
    for entry in (version.inputs or []) if version else []:
        found.add(f"input:{entry['name']}")
        found |= {f"accepts:{part.strip().lower()}" for part in entry["acceptedMediaTypes"].split(",") if part.strip()}
    for entry in (version.outputs or []) if version else []:
        found |= {f"output:{entry['name']}", f"gives:{entry['mediaType'].strip().lower()}"}
    return {term[:120] for term in found}


def _distinct_words(text: str) -> list[str]:
    words = (match[0].casefold() for match in _WORD.finditer(text))
    return list(dict.fromkeys(word for word in words if word not in _FREQUENT))[:40]


def _order_key(version: str) -> str:
    return ".".join(part.rjust(9, "0") for part in version.split("."))


def _in_parts(connection: sa.Connection, statement: Any, values: list[dict[str, Any]]) -> None:
    for start in range(0, len(values), _AT_ONCE):
        connection.execute(statement, values[start : start + _AT_ONCE])
