"""How texts are sent to PostgreSQL; apart, because psycopg takes a while to import."""

from typing import Any

from psycopg.adapt import Dumper

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class StorableText(Dumper):
    """Sends texts as UTF-8. What PostgreSQL cannot store is replaced: requests with it are refused long before, but
    containers and images say what they like.
    """

    def dump(self, obj: str) -> bytes:
        return obj.replace("\0", _REPLACEMENT).encode("utf-8", "replace")


def send_storable_texts(connection: Any) -> None:
    """From now on the connection does."""
    connection.adapters.register_dumper(str, StorableText)
