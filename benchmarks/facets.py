"""Counts of models by tags among 100,000 models, for different callers and filters."""

import contextlib
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.server_process import Server, start_server, stop, wait_until_answering
from benchmarks.turns import Comparison, Scale, by_turns
from modelyard.domain.models.tag_names import PREDEFINED, bits_of, tag_identifier

MODELS = 100_000
_TWO = bits_of(["image", "count"])
_QUERIES = {
    "facets of all models": ("", "1 = 1"),
    "facets, two tags chosen": ("?tags=image&tags=count", f"tag_bits & {_TWO} = {_TWO}"),
    "facets, words in the name": ("?name=vision", "lower(name) LIKE '%vision%'"),
}
_WORDS = ("vision", "speech", "fraud", "forecast", "churn", "defect", "toxicity", "route", "crop", "price")


def measure(scale: Scale) -> Iterator[Comparison]:
    """On a server that does nothing else."""
    with tempfile.TemporaryDirectory(prefix="my-bench-") as directory:
        server = start_server(Path(directory) / "data")
        try:
            wait_until_answering(server.port, "/healthz", server.process)
            add_models(server.data_dir / "modelyard.db", scale.of(MODELS, 1000))
            for what, (query, where) in _QUERIES.items():
                yield _compare(server, scale, what, query, where)
        finally:
            stop(server.process)


def _compare(server: Server, scale: Scale, what: str, query: str, where: str) -> Comparison:
    with contextlib.closing(sqlite3.connect(server.data_dir / "modelyard.db")) as database:

        def plain() -> float:
            began = time.perf_counter()
            database.execute(f"SELECT tag_bits, count(*) FROM models WHERE {where} GROUP BY tag_bits").fetchall()  # noqa: S608
            return time.perf_counter() - began

        def ours() -> float:
            began = time.perf_counter()
            server.call("GET", f"/api/models/facets{query}")
            return time.perf_counter() - began

        our_times, their_times = by_turns(scale.of(200, 3), ours, plain, warm_up=True)
    return Comparison(what, "one SELECT on the file", our_times, their_times, "p99 < 50 ms")


def add_models(file: Path, number: int) -> None:
    """Writes models of the only account, each with a card and one to five tags."""
    chance = random.Random(1)  # noqa: S311 - the same models each time
    tags = {category: [tag_identifier(name) for name in names] for category, names in PREDEFINED.items()}
    with contextlib.closing(sqlite3.connect(file, timeout=60)) as database, database:
        account, team, user = database.execute(
            "SELECT t.account_id, t.id, m.user_id FROM teams t JOIN memberships m ON m.team_id = t.id"
        ).fetchone()
        models, tagged = [], []
        for row in range(number):
            model_id = f"m{row:09d}"
            chosen = [chance.choice(tags["Task"]), chance.choice(tags["Input Type"])]
            chosen += chance.sample(tags["Subject"], chance.randint(0, 3))
            name = f"{chance.choice(_WORDS)} {chance.choice(_WORDS)} {row}"
            scope = chance.choice(("ALL", "ACCOUNT", "TEAM", "PRIVATE"))
            card = "A model of the benchmark. " * 40
            models.append((model_id, account, team, user, name, card, scope, bits_of(chosen)))
            tagged += [(model_id, tag, position) for position, tag in enumerate(chosen)]
        database.executemany(
            "INSERT INTO models (id, account_id, team_id, created_by, created_by_email, created_by_full_name, author,"
            " name, description, scope, is_recommended, is_commercial, created_at, updated_at, last_active_at,"
            " tag_bits)"
            " VALUES (?, ?, ?, ?, 'a@example.org', 'A', 'A', ?, ?, ?, 0, 0,"
            " '2026-01-01', '2026-01-01', '2026-01-01', ?)",
            models,
        )
        database.executemany("INSERT INTO model_tags (model_id, tag, position) VALUES (?, ?, ?)", tagged)
