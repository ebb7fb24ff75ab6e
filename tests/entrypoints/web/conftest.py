"""The pages of a platform in this process."""

from tests.entrypoints.rest.conftest import anybody, app, olga

__all__ = ["anybody", "app", "olga"]
