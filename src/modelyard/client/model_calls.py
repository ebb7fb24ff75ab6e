"""Operations on models and their versions."""

import re

from modelyard.client.errors import BadInputs, NotFound
from modelyard.client.exchange import Operation, Request, Walk, get, get_list, thing_of
from modelyard.client.pages import entries
from modelyard.client.paths import at
from modelyard.client.things import Model, Version, model_of, version_of
from modelyard.core.counted import counted

_MOST_SUGGESTED = 3
_IDENTIFIER = re.compile(r"[a-z0-9]{10}")


def list_models(
    *,
    name: str | None = None,
    author: str | None = None,
    tags: tuple[str, ...] | list[str] = (),
    is_active: bool | None = None,
    sort_by: str | None = None,
    most: int | None = None,
) -> Walk[Model]:
    """Models that you may see, one after the other.

    Args:
        name: part of the name; `author` likewise.
        tags: that they all have.
        most: how many at most.
    """
    query = {"name": name, "author": author, "tags": ";".join(tags), "isActive": is_active, "sort-by": sort_by}
    return entries(at("models", "latest"), query, model_of, most)


def find_model(model: "str | Model") -> Operation[Model]:
    """A model by identifier or name, in any case. Raises NotFound."""
    if isinstance(model, Model):
        return model
    if _IDENTIFIER.fullmatch(model):
        try:
            return model_of((yield from get(at("models", model))))
        except NotFound:
            pass  # a name can look so, too
    found = yield from _find_named(model)
    return found


def find_version(model: "str | Model | Version", version: str | None = None) -> Operation[Version]:
    """A version of a model; the newest active one unless it is named, also as `MODEL@VERSION`. Raises NotFound."""
    if isinstance(model, Version):
        if version not in {None, model.version}:
            raise BadInputs(f"The version is {model.version} and {version} at once; give one.")
        return model
    name, wanted = split_version(model) if isinstance(model, str) and version is None else (model, version or "")
    found = yield from find_model(name)
    if not (number := wanted or found.latest_active_version):
        raise NotFound(f"The model {found.name!r} has no active version; name one.", status=404)
    thing = yield from get(at("models", found.identifier, "versions", number))
    return version_of({"model": {"modelId": found.identifier}, "version": number, **thing})


def search_models(
    words: str, *, sort_by: str | None = None, direction: str | None = None, most: int = 20
) -> Operation[list[Model]]:
    """Models that have these words in name, tags, summary, descriptions or card; the best first.

    Args:
        sort_by: another order: `name`, `author`, `createdAt`, `updatedAt` or `lastActiveDateTime`.
        direction: `asc` or `desc`, for an order by `sort_by`.
    """
    query = {"q": words, "sort-by": sort_by, "direction": direction, "per-page": most}
    answer = yield from get(at("models", "search"), query)
    found = answer.get("models")
    return [model_of(one) for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def scale_version(
    model: "str | Model", *, version: str | None = None, minimum: int, maximum: int
) -> Operation[Version]:
    """Sets how many engines a version has at least and at most."""
    found = yield from find_version(model, version)
    limits = {"minimumParallelCapacity": minimum, "maximumParallelCapacity": maximum}
    path = at("models", found.model_id, "versions", found.version)
    thing = yield from thing_of(Request("PATCH", path, body={"processing": limits}, may_repeat=True))
    return version_of({"model": {"modelId": found.model_id}, **thing})


def only_input(version: Version) -> str:
    """The name of a version's input, when it has just one. Raises BadInputs."""
    names = [one.name for one in version.inputs]
    if len(names) != 1:
        raise BadInputs(
            f"The model has {counted(len(names), 'input')} ({', '.join(names)}): give values by their names."
        )
    return names[0]


def split_version(text: str) -> tuple[str, str]:
    """The model and the version of `MODEL@VERSION`; no version when none is named."""
    name, at_sign, version = text.rpartition("@")
    return (name, version) if at_sign and name and version else (text, "")


def _find_named(name: str) -> Operation[Model]:
    # a comma would mean one or the other name
    short = yield from get_list(at("models"), {"name": name.replace(",", " "), "per-page": 20, "page": 1})
    models: list[Model] = []
    for one in short:
        models.append(model_of((yield from get(at("models", str(one.get("modelId", "")))))))
        if models[0].name == name != models[-1].name:  # those with just this name come first
            break
    same = [one for one in models if one.name == name] or [one for one in models if _is_alike(one.name, name)]
    if len(same) == 1:
        return same[0]
    if same:
        which = ", ".join(one.identifier for one in same)
        raise BadInputs(f"Several models are called {name!r}; give the identifier of one: {which}.")
    if not models and re.search(r"\w", name):
        models = yield from search_models(name, most=_MOST_SUGGESTED)  # which takes misspelt words for what was meant
    close = [repr(one.name) for one in models[:_MOST_SUGGESTED]]
    meant = f" Did you mean {' or '.join(close)}?" if close else ""
    raise NotFound(f"There is no model {name!r}.{meant}", status=404)


def _is_alike(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
