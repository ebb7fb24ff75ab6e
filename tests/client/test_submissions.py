"""What is sent for a job, without a server: operations are given their answers."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from modelyard.client.errors import BadInputs
from modelyard.client.exchange import Answer, Operation, Request, Talk
from modelyard.client.submissions import submit, submit_s3, submit_source
from modelyard.client.things import version_of

MODEL = {"identifier": "abcdefghij", "latestActiveVersion": "1.0.0", "inputs": [{"name": "in.txt"}]}


def _sent(operation: Operation[Any]) -> dict[str, Any]:
    """The body of the submission."""
    talk = Talk(operation)
    bodies: list[Any] = []
    while not talk.is_over:
        assert isinstance(talk.step, Request)
        bodies.append(talk.step.body)
        talk.reply(Answer(200, json.dumps(MODEL).encode()))
    body = bodies[-1]
    assert isinstance(body, dict)
    return body


def test_texts() -> None:
    body = _sent(submit("abcdefghij", {"a": "x"}, explain=True, timeout=1.5))

    assert body == {
        "model": {"identifier": "abcdefghij", "version": "1.0.0"},
        "explain": True,
        "timeout": 1500,
        "input": {"type": "text", "sources": {"a": {"in.txt": "x"}}},
    }


def _kinds() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    key = {"access_key_id": "known", "secret_access_key": "hidden"}
    sent = {"accessKeyID": "known", "secretAccessKey": "hidden"}
    yield {"sources": ["s3://b/k.txt"], **key}, {"type": "aws-s3", "region": "us-east-1", **sent}
    yield {"sources": ["s3://b/k/"], "region": "eu-west-1"}, {"type": "aws-s3-folder", "region": "eu-west-1"}
    there = {"endpoint": "https://storage.example.org"}
    yield {"sources": ["s3://b/k.txt"], **key, **there}, {"type": "storage-grid", **sent, **there}
    yield {"sources": ["s3://b/k.txt"], **there}, {"type": "aws-s3", **there}
    yield {"sources": ["s3://b/k/"], **there}, {"type": "aws-s3-folder", **there}


@pytest.mark.parametrize(
    ("given", "expected"), list(_kinds()), ids=["object", "folder", "other store", "public there", "folder there"]
)
def test_objects_of_s3(given: dict[str, Any], expected: dict[str, Any]) -> None:
    source = _sent(submit_s3("abcdefghij", **given))["input"]
    [(name, places)] = source.pop("sources").items()

    assert source == expected
    assert name == "0001"
    assert places["in.txt"]["bucket"] == "b"


def test_objects_and_folders_do_not_mix() -> None:
    with pytest.raises(BadInputs, match="not both"):
        _sent(submit_s3("abcdefghij", ["s3://b/k/", "s3://b/k"]))
    with pytest.raises(BadInputs, match="for tables"):
        _sent(submit("abcdefghij", ["x"], names="id"))


def test_a_version_that_was_found_before_is_not_looked_up_again() -> None:
    version = version_of({"model": {"modelId": "abcdefghij"}, "version": "2.0.0", "inputs": [{"name": "in.txt"}]})

    assert _sent(submit(version, ["x"]))["model"] == {"identifier": "abcdefghij", "version": "2.0.0"}
    with pytest.raises(BadInputs, match=r"2\.0\.0 and 1\.0\.0 at once"):
        _sent(submit(version, ["x"], version="1.0.0"))


def test_a_source_of_another_kind_is_sent_as_it_is() -> None:
    source = {"type": "jdbc", "url": "jdbc:postgresql://db.example.org/x", "query": 'select t as "in.txt" from texts'}

    assert _sent(submit_source("abcdefghij", source))["input"] == source
