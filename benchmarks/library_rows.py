"""A large library, the same each time, written straight to the database of a server that does not run."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from modelyard.domain.models.search.spelling import LONGEST, SHORTEST, variants_of
from modelyard.domain.models.search.words import joined
from modelyard.domain.models.semantic import order_key
from modelyard.domain.models.tag_names import PREDEFINED, bits_of, tag_identifier
from modelyard.domain.models.terms import terms_of

ACCOUNTS, TEAMS, PEOPLE = 20, 100, 400
_ROWS_AT_ONCE = 5_000
_WHAT = [
    "Sentiment Analysis",
    "Language Identification",
    "Named Entity Recognition",
    "Text Summarization",
    "Topic Modeling",
    "Translation",
    "Question Answering",
    "Image Classification",
    "Object Detection",
    "Face Detection",
    "Vehicle Counting",
    "Ship Detection",
    "Building Segmentation",
    "Road Extraction",
    "Cloud Masking",
    "Land Cover Mapping",
    "Super Resolution",
    "Image Captioning",
    "Speech Recognition",
    "Speaker Verification",
    "Sound Event Detection",
    "Music Tagging",
    "Time Series Forecast",
    "Churn Prediction",
    "Anomaly Detection",
    "Malware Detection",
    "Phishing Detection",
    "Fraud Scoring",
    "Credit Scoring",
    "Demand Forecast",
    "Crop Yield",
    "Weather Nowcast",
    "Pose Estimation",
    "Gesture Recognition",
    "Optical Character Recognition",
    "Document Layout",
    "Table Extraction",
]
_WHERE = [
    "for news",
    "for tweets",
    "for reviews",
    "for satellites",
    "for drones",
    "for traffic",
    "for hospitals",
    "for contracts",
    "for invoices",
    "for emails",
    "for calls",
    "for podcasts",
    "for factories",
    "for farms",
    "for ports",
    "for shops",
    "for banks",
    "for maps",
    "for books",
    "for code",
]
_HOW = "small large fast robust multilingual compact tuned distilled streaming experimental".split()  # noqa: SIM905
_INPUTS = (
    ("input.txt", "text/plain", "results.json", "application/json"),
    ("image", "image/jpeg,image/png", "results.json", "application/json"),
    ("input", "application/json", "results.json", "application/json"),
    ("audio.wav", "audio/wav,audio/mpeg", "transcript.txt", "text/plain"),
    ("table.csv", "text/csv", "forecast.csv", "text/csv"),
    ("scene.tif", "image/tiff", "mask.png", "image/png"),
)
_SCOPES = ("ALL", "ACCOUNT", "TEAM", "PRIVATE")


def write_library(data_dir: Path, models: int) -> list[str]:
    """Adds so many models of two versions each; returns identifiers of some of them."""
    random = Random(1)  # noqa: S311 - the same library each time
    vocabulary: set[str] = set()
    with closing(sqlite3.connect(data_dir / "modelyard.db", isolation_level=None)) as database:
        database.execute("PRAGMA synchronous=OFF")
        database.execute("BEGIN")
        _write(database, "accounts", _accounts())
        _write(database, "teams", _teams())
        _write(database, "users", _people())
        _write(database, "tags", _tags())
        for start in range(0, models, _ROWS_AT_ONCE):
            rows = [_model(random, number) for number in range(start, min(models, start + _ROWS_AT_ONCE))]
            for table in ("models", "versions", "model_tags", "model_terms", "model_teams", "search_rows"):
                _write(database, table, [row for one in rows for row in one[table]])
            vocabulary |= _write_words(database, start + 1, rows)
        spellings = [{"variant": variant, "word": word} for word in vocabulary for variant in variants_of(word)]
        _write(database, "search_spellings", spellings)
        database.execute("COMMIT")
    return [_model_id(random.randrange(models)) for _ in range(200)]


def _write_words(database: sqlite3.Connection, first: int, rows: list[dict[str, list[dict[str, Any]]]]) -> set[str]:
    """What searching looks at, as `domain/models/search/index.py` writes it; returns all words."""
    texts: list[tuple[int, str, str, str, str]] = []
    for number, one in enumerate(rows, start=first):
        [model], version = one["models"], one["versions"][1]
        told = [version[name] for name in ("inputs", "outputs", "long_description", "technical_details")]
        labels = [model["author"], *(row["tag"] for row in one["model_tags"])]
        name, summary = joined([model["name"]]), joined([model["description"]])
        texts.append((number, name, joined(labels), summary, joined(told)))
    database.executemany("INSERT INTO search_texts (rowid, name, labels, summary, words) VALUES (?, ?, ?, ?, ?)", texts)
    words = {word for text in texts for part in text[1:] for word in str(part).split()}
    return {word for word in words if SHORTEST <= len(word) <= LONGEST and word.isalpha()}


def _write(database: sqlite3.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        columns = ", ".join(rows[0])
        places = ", ".join(f":{name}" for name in rows[0])
        database.executemany(f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({places})", rows)  # noqa: S608


def account(number: int) -> str:
    """The identifier of an account."""
    return f"account-{number:028}"


def team(number: int) -> str:
    """The identifier of a team; every account has as many."""
    return f"team-{number:031}"


def person(number: int) -> str:
    """The identifier of somebody, who is in the team of the same number modulo their number."""
    return f"person-{number:029}"


def _accounts() -> list[dict[str, Any]]:
    return [{"id": account(n), "name": f"Organisation {n}", "created_at": _time(0)} for n in range(ACCOUNTS)]


def _teams() -> list[dict[str, Any]]:
    return [
        {"id": team(n), "account_id": account(n % ACCOUNTS), "name": f"Team {n}", "is_admin": 0, "created_at": _time(0)}
        for n in range(TEAMS)
    ]


def _people() -> list[dict[str, Any]]:
    return [
        {
            "id": person(n),
            "account_id": account(n % ACCOUNTS),
            "email": f"person{n}@example.org",
            "first_name": f"First{n}",
            "last_name": f"Last{n}",
            "status": "Active",
            "created_at": _time(0),
        }
        for n in range(PEOPLE)
    ]


def _tags() -> list[dict[str, Any]]:
    return [
        {"identifier": f"custom_{n}", "name": f"Custom {n}", "data_type": "Tags", "is_categorical": 0}
        for n in range(2000)
    ]


def _model_id(number: int) -> str:
    return f"m{number * 7919 % 10**9:09}"


def _time(minutes: float) -> str:
    return f"{datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S.%f}"


def _model(random: Random, number: int) -> dict[str, list[dict[str, Any]]]:
    owner = random.randrange(PEOPLE)
    identifier = _model_id(number)
    name = f"{random.choice(_WHAT)} {random.choice(_WHERE)} {random.choice(_HOW)} {random.randrange(1000)}"
    summary = (
        f"{name}: a {random.choice(_HOW)} model, trained on {random.randrange(1, 900)} thousand examples, that works "
        f"with {random.choice(_WHAT).lower()} {random.choice(_WHERE)} and gives calibrated scores."
    )
    scope = random.choices(_SCOPES, (20, 30, 30, 20))[0]
    numbers = [f"0.{random.randrange(1, 20)}.{random.randrange(20)}", f"{random.randrange(1, 12)}.0.0"]
    statuses = [random.choice(("inactive", "active")), random.choices(("partial", "active"), (30, 70))[0]]
    active = [text for text, status in zip(numbers, statuses, strict=True) if status == "active"]
    file, media, output, kind = random.choice(_INPUTS)
    inputs = [{"name": file, "acceptedMediaTypes": media, "maximumSize": 1_000_000, "description": "The input."}]
    outputs = [{"name": output, "mediaType": kind, "maximumSize": 1_000_000, "description": "The result."}]
    tags = _tags_of(random, identifier)
    created = _time(number)
    changed = _time(number + random.randrange(100_000))
    return {
        "models": [
            {
                "id": identifier,
                "account_id": account(owner % ACCOUNTS),
                "team_id": team(owner % TEAMS),
                "created_by": person(owner),
                "created_by_email": f"person{owner}@example.org",
                "created_by_full_name": f"First{owner} Last{owner}",
                "author": f"Organisation {owner % ACCOUNTS}",
                "name": name,
                "name_key": name.casefold(),
                "description": summary,
                "scope": scope,
                "is_recommended": int(random.random() < 0.05),
                "is_commercial": int(random.random() < 0.1),
                "created_at": created,
                "updated_at": changed,
                "last_active_at": changed,
                "expires_at": _time(number + 500_000) if random.random() < 0.05 else None,
                "is_active": int(bool(active)),
                "latest_version": numbers[1],
                "latest_active_version": active[-1] if active else "",
                "latest_version_key": order_key(numbers[1]),
                "tag_bits": bits_of([row["tag"] for row in tags]),
            }
        ],
        "search_rows": [{"id": number + 1, "model_id": identifier}],
        "versions": [
            _version(identifier, number * 2 + position + 1, text, status, inputs, outputs, created)
            for position, (text, status) in enumerate(zip(numbers, statuses, strict=True))
        ],
        "model_tags": tags,
        "model_terms": [
            {"model_id": identifier, "term": term} for term in terms_of(f"{name} {summary}", inputs, outputs)
        ],
        "model_teams": [{"model_id": identifier, "team_id": team(random.randrange(TEAMS))}] if scope == "TEAM" else [],
    }


def _version(
    model_id: str, number: int, text: str, status: str, inputs: list[Any], outputs: list[Any], created: str
) -> dict[str, Any]:
    return {
        "id": number,
        "model_id": model_id,
        "version": text,
        "order_key": order_key(text),
        "status": status,
        "created_by_email": "person0@example.org",
        "created_at": created,
        "updated_at": created,
        "requirement_id": 1,
        "status_timeout_ms": 60_000,
        "run_timeout_ms": 60_000,
        "inputs": json.dumps(inputs),
        "outputs": json.dumps(outputs),
        "statistics": "[]",
        "input_validation_schema": "",
        "long_description": "What it does, and how. " * 20,
        "technical_details": "How it was made. " * 10,
        "performance_summary": "How well it works. " * 10,
        "version_history": "What is new.",
        "minimum_engines": 0,
        "maximum_engines": 1,
        "load_passed": 1,
        "run_passed": 1,
        "batch_size": number % 8 + 1,
        "explains": number % 3 == 0,
        "detects_drift": number % 5 == 0,
    }


def _tags_of(random: Random, model_id: str) -> list[dict[str, Any]]:
    chosen = [tag_identifier(random.choice(names)) for names in PREDEFINED.values()]
    chosen += [f"custom_{int(random.paretovariate(0.5)) % 2000}" for _ in range(random.randrange(3))]
    return [{"model_id": model_id, "tag": tag, "position": n} for n, tag in enumerate(dict.fromkeys(chosen))]
