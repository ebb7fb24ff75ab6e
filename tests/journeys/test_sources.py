"""Jobs whose inputs are elsewhere, through a real server and engine; and that no secret of theirs is left anywhere."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from tests.containers import build_image
from tests.journeys.server import Server, deploy_archive, finished_results
from tests.mariadb_server import DATABASE, PASSWORD, USER, mariadb_server
from tests.object_servers import AZURE_ACCOUNT, AZURE_KEY, BUCKET, S3_KEY, azure_server, s3_server
from tests.postgres_cluster import running_cluster
from tests.servers import free_port

pytestmark = [pytest.mark.containers, pytest.mark.slow]

OBJECTS = {"in/a.txt": b"first", "in/sub/b 😀.txt": b"second", "in/huge": b"x" * 1_000_001}
SECRET = "a-secret-that-nobody-may-see"
TABLE = "CREATE TABLE texts (words varchar(100)); INSERT INTO texts VALUES ('first'), ('second'), (NULL)"
QUERY = "SELECT words AS {quote}input.txt{quote} FROM texts ORDER BY words IS NULL, words"


@pytest.fixture(scope="module")
def echo_image() -> str:
    """A model that answers with what it was given."""
    program = (Path(__file__).parents[1] / "models" / "misbehaving.py").read_bytes()
    return build_image("echo", {"/app/model.py": program}, ["python3", "-u", "/app/model.py", "echo"])


@pytest.fixture
def sources(new_server: Callable[..., Server], tmp_path: Path) -> Server:
    """A server that may reach other servers on this machine."""
    (tmp_path / "shared").mkdir()
    return new_server(
        MODELYARD_DESTINATIONS_ALLOWED="127.0.0.1",
        MODELYARD_SQLITE_SOURCES=str(tmp_path / "shared"),
        MODELYARD_MAX_ITEMS_PER_JOB="1000",
    )


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Any]]]:
    """The members of `input` for each kind of object store, which has the objects."""
    with s3_server(tmp_path_factory.mktemp("s3")) as s3, azure_server(tmp_path_factory.mktemp("azure")) as azure:
        s3.put(OBJECTS)
        azure.put(OBJECTS)
        s3_access = {"accessKeyID": S3_KEY, "secretAccessKey": SECRET, "endpoint": s3.endpoint}
        yield {
            "aws-s3": {**s3_access, "region": "us-east-1"},
            "aws-s3-folder": {**s3_access, "region": "us-east-1"},
            "storage-grid": s3_access,
            "azureblob": {
                "storageAccount": AZURE_ACCOUNT,
                "storageAccountKey": AZURE_KEY,
                "endpoint": azure.endpoint,
            },
        }


def submit(server: Server, model_id: str, kind: str, **members: Any) -> str:
    answer = server.call("POST", "/api/jobs", job_of(model_id, kind, **members))
    assert answer.status == 202, answer.body
    return cast(str, answer.json["jobIdentifier"])


def job_of(model_id: str, kind: str, **members: Any) -> dict[str, Any]:
    return {"model": {"identifier": model_id, "version": "0.1.0"}, "input": {"type": kind, **members}}


def texts_of(results: dict[str, Any]) -> dict[str, str]:
    """What the model was given, by item."""
    return {name: json.dumps(item["results.json"]) for name, item in results["results"].items()}


def test_inputs_come_from_object_stores(sources: Server, stores: dict[str, dict[str, Any]], echo_image: str) -> None:
    model_id, _ = deploy_archive(sources, echo_image, name="echo")
    for kind in ("aws-s3", "storage-grid", "azureblob"):
        container, key = ("container", "filePath") if kind == "azureblob" else ("bucket", "key")
        items = {"one": "in/a.txt", "two/😀": "in/sub/b 😀.txt", "missing": "no", "huge": "in/huge"}
        places = {name: {"input.txt": {container: BUCKET, key: place}} for name, place in items.items()}

        job = submit(sources, model_id, kind, sources=places, **stores[kind])
        results = finished_results(sources, job)

        assert (results["completed"], results["failed"]) == (2, 2), results
        assert "first" in texts_of(results)["one"]
        assert "second" in texts_of(results)["two/😀"]
        assert "there is no object 'no'" in results["failures"]["missing"]["error"]
        assert "more than the 1000000 bytes" in results["failures"]["huge"]["error"]
    _no_trace_of(SECRET, sources)
    _no_trace_of(AZURE_KEY, sources)


def test_folders_become_items(sources: Server, stores: dict[str, dict[str, Any]], echo_image: str) -> None:
    model_id, _ = deploy_archive(sources, echo_image, name="echo")
    folder = {"0001": {"input.txt": {"bucket": BUCKET, "key": "in/"}}}
    kind, access = "aws-s3-folder", stores["aws-s3-folder"]

    results = finished_results(sources, submit(sources, model_id, kind, sources=folder, **access))

    assert set(results["results"]) == {"a.txt", "sub/b 😀.txt"}
    assert set(results["failures"]) == {"huge"}

    for key, bucket, reason in (("none", BUCKET, "no objects"), ("in", "elsewhere", "no bucket")):
        folder = {"0001": {"input.txt": {"bucket": bucket, "key": key}}}
        results = finished_results(sources, submit(sources, model_id, kind, sources=folder, **access))
        assert (results["total"], results["failed"]) == (1, 1)
        assert reason in results["failures"]["0001"]["error"]


def test_rows_become_items(sources: Server, tmp_path: Path, echo_image: str) -> None:
    model_id, _ = deploy_archive(sources, echo_image, name="echo")
    with running_cluster(loopback_port=free_port()) as postgres, mariadb_server() as mariadb:
        postgres.commands.execute(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'".encode())
        postgres.commands.execute(f"{TABLE}; GRANT SELECT ON texts TO PUBLIC".encode())
        mariadb.execute(f"USE {DATABASE}; {TABLE}")
        with sqlite3.connect(tmp_path / "shared" / "texts.db") as made:
            made.executescript(TABLE)
        made.close()
        login = {"username": USER, "password": PASSWORD, "driver": "org.postgresql.Driver"}
        addresses = {
            f"jdbc:postgresql://127.0.0.1:{postgres.port}/postgres": '"',
            f"jdbc:mariadb://127.0.0.1:{mariadb.port}/{DATABASE}": "`",
            "jdbc:sqlite:texts.db": '"',
        }
        for url, quote in addresses.items():
            query = QUERY.format(quote=quote)
            job = submit(sources, model_id, "jdbc", url=url, query=query, sources={}, **login)
            results = finished_results(sources, job)

            assert (results["total"], results["completed"], results["failed"]) == (3, 2, 1), results
            assert "first" in texts_of(results)["row1"]
            assert "missing" in results["failures"]["row3"]["error"]

            nothing = query.replace("ORDER BY", "WHERE 1 = 2 ORDER BY")
            for wrong, reason in (("SELECT nope FROM texts", "nope"), (nothing, "no rows")):
                job = submit(sources, model_id, "jdbc", url=url, query=wrong, sources={}, **login)
                assert reason in finished_results(sources, job)["failures"]["row"]["error"]
    _no_trace_of(PASSWORD, sources)


def test_servers_that_die_while_they_find_items_lose_and_repeat_none(
    sources: Server, tmp_path: Path, echo_image: str
) -> None:
    model_id, _ = deploy_archive(sources, echo_image, name="echo")
    file = tmp_path / "shared" / "many.db"
    made = sqlite3.connect(file)
    made.execute(
        "CREATE TABLE many AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 600)"
        " SELECT n FROM c"
    )
    made.commit()
    made.close()
    # Each row takes the database a while, so that the server is killed in the middle.
    slow = "SELECT count(*) FROM many a, many b WHERE a.n < 20 AND a.n + b.n + many.n < 0"
    query = 'SELECT n + (SLOW) AS "input.txt" FROM many'.replace("SLOW", slow)
    job = submit(sources, model_id, "jdbc", url="jdbc:sqlite:many.db", query=query)
    for _ in range(2):
        _until(lambda: _held_items(sources.data_dir / "modelyard.db", job) > 0)
        sources.kill()
        sources.start()

    sources.until(f"/api/jobs/{job}", lambda found: found["status"] == "COMPLETED", seconds=240)
    results = finished_results(sources, job)
    assert (results["total"], results["completed"], results["failed"]) == (600, 600, 0)
    assert set(results["results"]) == {f"row{number}" for number in range(1, 601)}


def _held_items(file: Path, job: str) -> int:
    with sqlite3.connect(file, timeout=30) as database:
        query = "SELECT count(*) FROM job_items WHERE job_id = ? AND state IN ('held', 'queued')"
        number = int(database.execute(query, [job]).fetchone()[0])
    database.close()
    return number


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_bad_submissions_are_refused_with_everything_that_is_wrong(sources: Server, echo_image: str) -> None:
    model_id, _ = deploy_archive(sources, echo_image, name="echo")
    places = {"one": {"input.txt": {"bucket": "b", "key": "k"}}}

    def refusal(kind: str, **members: Any) -> str:
        answer = sources.call("POST", "/api/jobs", job_of(model_id, kind, **members))
        assert answer.status in {400, 413}, answer.body
        return cast(str, answer.json["message"])

    missing = refusal("aws-s3", sources=places, accessKeyID=SECRET)
    assert "secretAccessKey is missing" in missing
    assert "region is missing" in missing
    assert SECRET not in missing
    assert "may not connect" in refusal(
        "storage-grid", sources=places, accessKeyID="a", secretAccessKey=SECRET, endpoint="http://169.254.169.254"
    )
    assert "may not connect" in refusal(
        "storage-grid", sources=places, accessKeyID="a", secretAccessKey=SECRET, endpoint=sources.url
    )
    assert "url must begin with jdbc:" in refusal("jdbc", url=f"x:{SECRET}", username="a", query="SELECT 1")
    assert "base64" in refusal("azureblob", storageAccount="abc", storageAccountKey="***", sources=places)
    _no_trace_of(SECRET, sources)


def _no_trace_of(secret: str, server: Server) -> None:
    """Neither the files of the server, nor its log, nor what it answers has the secret."""
    answers = [
        server.call("GET", path).body for path in ("/api/jobs/history?per-page=1000", "/api/audit?per-page=1000")
    ]
    log = server.data_dir.parent / f"{server.data_dir.name}.log"
    files = [path for path in server.data_dir.rglob("*") if path.is_file()]
    for content in [*answers, log.read_bytes(), *(path.read_bytes() for path in files)]:
        assert secret.encode() not in content
