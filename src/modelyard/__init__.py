"""modelyard: a self-hosted platform that tests, deploys and runs models which come in containers."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelyard.client import AsyncClient as AsyncClient
    from modelyard.client import Client as Client

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`modelyard.Client` and `modelyard.AsyncClient`, read when they are used: commands start without them."""
    if name not in {"Client", "AsyncClient"}:
        raise AttributeError(f"module 'modelyard' has no attribute {name!r}")
    from modelyard import client  # noqa: PLC0415 - see above

    return getattr(client, name)
