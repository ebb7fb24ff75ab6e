"""The pages of a platform in this process."""

from tests.entrypoints.rest.conftest import alice, anybody, app, bob, charlie, olga

__all__ = ["alice", "anybody", "app", "bob", "charlie", "olga"]
