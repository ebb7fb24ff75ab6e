"""Asks MLflow's registry, by its Python API, for what the library is asked for. Runs where MLflow is installed."""

import logging
import sys
from typing import Any

from mlflow import MlflowClient  # type: ignore[import-not-found]

from benchmarks.asked_program import answer
from benchmarks.registry_questions import ACTIVE, NAMED, NEWEST, NOBODY, PAGE, RECOMMENDED, TAGGED, WORDS


def main(address: str) -> None:
    """Makes the tables when they are missing, and answers."""
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    client = MlflowClient(tracking_uri=address, registry_uri=address)

    def search(condition: str, order: str = "name ASC") -> int:
        found: Any = client.search_registered_models(condition, max_results=PAGE, order_by=[order])
        return len(found)

    def details(name: str) -> int:
        return bool(client.get_registered_model(name).latest_versions)

    answer(
        {
            "list, a page by name": lambda _: search(""),
            "list, a page, newest first": lambda _: search("", NEWEST),
            "list, words in the name and a tag": lambda _: search(f"{NAMED} AND {TAGGED}"),
            "list, words in the name, author, active": lambda _: search(f"{NAMED} AND {ACTIVE}"),
            "list, a tag, author, active, recommended, newest first": lambda _: search(
                f"{TAGGED} AND {ACTIVE} AND {RECOMMENDED}", NEWEST
            ),
            "list, a name that nobody has": lambda _: search(NOBODY),
            "search, two words": lambda _: search(WORDS),
            "details": details,
        }
    )


if __name__ == "__main__":
    main(sys.argv[1])
