"""The keys by which items are found in their job: names may be longer than what a database can index."""

import hashlib

LONGEST_KEY = 104
_LONGEST_PLAIN = 100
_SHOWN = 40


def key_of_name(name: str) -> str:
    """The name itself while it is short, else its beginning and its SHA-256; different names have different keys."""
    if len(name) <= _LONGEST_PLAIN:
        return name
    return name[:_SHOWN] + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
