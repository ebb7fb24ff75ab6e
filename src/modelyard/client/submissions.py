"""Operations that submit jobs: with all inputs at once, in chunks, or from where the data is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from modelyard.client import frames
from modelyard.client.errors import BadInputs, InvalidInput, NotOffered, Refused, is_unknown_route
from modelyard.client.exchange import Operation, Request, T, Thing, call, thing_of
from modelyard.client.inputs import (
    LARGEST_AT_ONCE,
    Items,
    Value,
    content_of,
    needs_input_name,
    read_inputs,
    size_of,
    source_of,
)
from modelyard.client.model_calls import find_version, only_input
from modelyard.client.paths import at
from modelyard.client.progress import Progress, Shows, uploading
from modelyard.client.things import Job, Model, Version, job_of

CHUNK = 1024 * 1024
_BOUNDARY = "modelyard-0b5f2f2c7d1e4a63"
_PIECES = "inputs in pieces"


def submit(
    model: str | Model | Version,
    inputs: Any,
    *,
    version: str | None = None,
    input_name: str | None = None,
    columns: Mapping[Any, str] | None = None,
    names: Any = None,
    explain: bool = False,
    timeout: float | None = None,
    progress: Progress = None,
) -> Operation[Job]:
    """Submits a job, and does not wait for it.

    Args:
        model: by identifier or name, or as `MODEL@VERSION`; or what was found before, a `Model` or a `Version`.
        inputs: items by name; or a list of items; or one item; or a `pandas.DataFrame`. An item is a text, bytes, a
            `Path`, `Data`, or anything that JSON can say; or a dictionary of these by names of inputs.
        version: the newest active one unless it is named.
        input_name: which input bare values are for; needed only where the model has several.
        columns: of a table: which column is which input.
        names: of a table: the column that names the items; the index unless given.
        explain: whether the model is to say why, where it can.
        timeout: seconds after which the server ends the job.
        progress: how to show an upload; see `Progress`.
    """
    if frames.is_frame(inputs):
        inputs = frames.items_of_frame(inputs, columns, names)
    elif columns is not None or names is not None:
        raise BadInputs("columns and names are for tables.")
    found = yield from find_version(model, version)
    name = input_name or (only_input(found) if needs_input_name(inputs) else "")
    items = read_inputs(inputs, name)
    job = _body(found, explain=explain, timeout=timeout)
    if size_of(items) > LARGEST_AT_ONCE:
        return (yield from _submit_in_chunks(job, items, progress))
    return (yield from _post({**job, "input": source_of(items)}))


def submit_s3(
    model: str | Model | Version,
    sources: Any,
    *,
    access_key_id: str = "",
    secret_access_key: str = "",
    session_token: str = "",
    region: str | None = None,
    endpoint: str | None = None,
    version: str | None = None,
    input_name: str | None = None,
    explain: bool = False,
    timeout: float | None = None,
) -> Operation[Job]:
    """Submits a job of objects in S3, which the server fetches.

    Args:
        sources: as `inputs` of `submit`, with addresses such as `s3://bucket/key`. One that ends in `/` is a folder, of
            which every object becomes an item; then all have to be folders.
        access_key_id: with `secret_access_key`, who may read them; without, they have to be public.
        region: of AWS; `us-east-1` unless it is named.
        endpoint: of another store that speaks S3, such as `https://storage.example.org`.
    """
    found = yield from find_version(model, version)
    items = read_inputs(sources, input_name or (only_input(found) if needs_input_name(sources) else ""))
    places = {name: {key: s3_place(value) for key, value in values.items()} for name, values in items.items()}
    folders = {
        place["key"].endswith("/") or not place["key"] for values in places.values() for place in values.values()
    }
    if len(folders) > 1:
        raise BadInputs("A job takes objects or folders of S3, not both.")
    known = {"accessKeyID": access_key_id, "secretAccessKey": secret_access_key, "sessionToken": session_token}
    where = {"endpoint": endpoint, "region": region} if endpoint else {"region": region or "us-east-1"}
    source = {
        "type": "aws-s3-folder" if folders == {True} else "storage-grid" if endpoint and access_key_id else "aws-s3",
        **{name: text for name, text in (known | where).items() if text},
        "sources": places,
    }
    return (yield from _post({**_body(found, explain=explain, timeout=timeout), "input": source}))


def submit_source(
    model: str | Model | Version,
    source: Mapping[str, Any],
    *,
    version: str | None = None,
    explain: bool = False,
    timeout: float | None = None,
) -> Operation[Job]:
    """Submits a job whose `input` is given as the API takes it, such as one of type `azureblob` or `jdbc`."""
    found = yield from find_version(model, version)
    return (yield from _post({**_body(found, explain=explain, timeout=timeout), "input": dict(source)}))


def s3_place(address: object) -> dict[str, str]:
    """Bucket and key of `s3://bucket/key`. Raises BadInputs."""
    scheme, _, rest = str(address).partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise BadInputs(f"{str(address)[:200]!r} is no address of the form s3://bucket/key.")
    return {"bucket": bucket, "key": key}


def _body(version: Version, *, explain: bool, timeout: float | None) -> Thing:
    body: Thing = {"model": {"identifier": version.model_id, "version": version.version}, "explain": explain}
    return body | ({"timeout": round(timeout * 1000)} if timeout else {})


def _post(body: Thing) -> Operation[Job]:
    return job_of((yield from thing_of(Request("POST", at("jobs"), body=body))))


def _submit_in_chunks(body: Thing, items: Items, progress: Progress) -> Operation[Job]:
    """Opens a job, appends every input to it piece by piece, and closes it; cancels it when that fails."""
    try:
        job = yield from _post(body)
    except InvalidInput as error:  # a server that wants `input` with every job
        raise NotOffered(_PIECES, error.status) from error
    try:
        with uploading(progress, size_of(items)) as shows:
            for name, values in items.items():
                for key, value in values.items():
                    yield from _in_turn(at("jobs", job.identifier, name, key), value, shows)
        # Closing twice is as good as once.
        closed = yield from thing_of(Request("POST", at("jobs", job.identifier, "close"), body={}, may_repeat=True))
    except BaseException:
        yield from _quietly(call(Request("DELETE", at("jobs", job.identifier))))
        raise
    return job_of(closed)


def _in_turn(path: str, value: Value, shows: Shows) -> Operation[None]:
    if isinstance(value, Path):
        try:
            with value.open("rb") as file:
                yield from _chunks(path, file, shows)
        except OSError as error:
            raise BadInputs(f"{value} cannot be read: {error.strerror}") from None
    else:
        from io import BytesIO

        yield from _chunks(path, BytesIO(content_of(value)), shows)


def _chunks(path: str, file: BinaryIO, shows: Shows) -> Operation[None]:
    offset = 0
    while (chunk := file.read(CHUNK)) or not offset:  # an empty input is there, too
        yield from _append(path, chunk, offset)
        offset += len(chunk)
        shows.advance(len(chunk))
        if not chunk:
            return


def _append(path: str, chunk: bytes, offset: int) -> Operation[None]:
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="input"; filename="input"\r\n\r\n'
    request = Request(
        "POST",
        path,
        {"offset": offset},  # what has arrived already is not appended again
        content=head.encode() + chunk + f"\r\n--{_BOUNDARY}--\r\n".encode(),
        headers={"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"},
        may_repeat=True,
    )
    try:
        yield from call(request)
    except Refused as error:
        if is_unknown_route(error):
            raise NotOffered(_PIECES, error.status) from error
        raise


def _quietly(operation: Operation[T]) -> Operation[None]:
    try:
        yield from operation
    except Exception:  # noqa: BLE001 - there is a better error to tell of
        return
