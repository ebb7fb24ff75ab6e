"""Routes whose addresses hold names of anything: an encoded slash belongs to a name, others are between names."""

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import unquote

from starlette.routing import Match

from modelyard.entrypoints.rest.requests import GuardedRoute

Scope = MutableMapping[str, Any]


class QuotedRoute(GuardedRoute):
    """Compares the path as it was sent, and decodes each name by itself.

    After decoding, nobody could tell the item `x/output/y` from the output `y` of the item `x`. Who sends slashes of
    a name as they are is understood as far as that is possible.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if not str(scope["path"]).startswith(self.path.partition("{")[0]):
            return Match.NONE, {}
        if not (raw := scope.get("raw_path")):
            return super().matches(scope)
        match, child = super().matches({**scope, "path": raw.decode(errors="replace"), "root_path": ""})
        if "path_params" in child:
            child["path_params"] = {name: unquote(value) for name, value in child["path_params"].items()}
        return match, child
