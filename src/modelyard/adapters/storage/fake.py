"""Storage that forgets everything at the end."""

from obstore.store import MemoryStore

from modelyard.adapters.storage.object_store import ObjectStorage


def memory_storage() -> ObjectStorage:
    """An empty storage in memory."""
    return ObjectStorage(MemoryStore())
