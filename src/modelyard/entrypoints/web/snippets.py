"""Code that runs a version as it is shown, once a key stands in it."""

import json
from dataclasses import dataclass
from typing import Any

from modelyard.domain.models.tables import Version

KEY = "YOUR_API_KEY"


@dataclass(frozen=True, slots=True)
class CodeSnippet:
    """The same job in one language."""

    language: str
    text: str


def code_snippets(server: str, version: Version, sample: Any) -> list[CodeSnippet]:
    """For curl, Python, JavaScript and the command line.

    Args:
        sample: a body for POST /api/jobs; None where the version declares no inputs yet.
    """
    if not isinstance(sample, dict):
        return []
    body = json.dumps(sample, indent=2, ensure_ascii=False)
    return [
        CodeSnippet("curl", _CURL.format(server=server, key=KEY, body=body.replace("'", "'\\''"))),
        CodeSnippet("Python", _PYTHON.format(server=server, key=KEY, body=_python(sample))),
        CodeSnippet("JavaScript", _JAVASCRIPT.format(server=server, key=KEY, body=body)),
        CodeSnippet("Command line", _command_line(server, version)),
    ]


_CURL = """\
curl -s {server}/api/jobs \\
  -H 'Authorization: ApiKey {key}' \\
  -H 'Content-Type: application/json' \\
  -d '{body}'
# Then, with the jobIdentifier of the answer:
curl -s {server}/api/results/JOB_IDENTIFIER -H 'Authorization: ApiKey {key}'
"""
_PYTHON = """\
import json
import time
import urllib.request

SERVER, KEY = "{server}/api", "{key}"


def call(path, body=None):
    headers = {{"Authorization": f"ApiKey {{KEY}}", "Content-Type": "application/json"}}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(SERVER + path, data, headers)) as answer:
        return json.load(answer)


job = call("/jobs", {body})
while call(f"/jobs/{{job['jobIdentifier']}}")["status"] in ("SUBMITTED", "IN_PROGRESS"):
    time.sleep(0.5)
print(json.dumps(call(f"/results/{{job['jobIdentifier']}}")["results"], indent=2))
"""
_JAVASCRIPT = """\
const server = "{server}/api";
const headers = {{ Authorization: "ApiKey {key}", "Content-Type": "application/json" }};
const call = async (path, body) =>
  (await fetch(server + path, {{ headers, ...(body && {{ method: "POST", body: JSON.stringify(body) }}) }})).json();

const job = await call("/jobs", {body});
let state;
do {{
  await new Promise((done) => setTimeout(done, 500));
  state = await call(`/jobs/${{job.jobIdentifier}}`);
}} while (["SUBMITTED", "IN_PROGRESS"].includes(state.status));
console.log((await call(`/results/${{job.jobIdentifier}}`)).results);
"""


def _python(sample: Any) -> str:
    """The body as Python writes it."""
    text = json.dumps(sample, indent=4, ensure_ascii=False)
    if any(word in text for word in ("true", "false", "null")):
        return f"json.loads({json.dumps(json.dumps(sample, ensure_ascii=False), ensure_ascii=False)})"
    return text


def _command_line(server: str, version: Version) -> str:
    inputs = [entry["name"] for entry in version.inputs or []]
    wanted = f"{version.model_id}@{version.version}"
    what = "FILE" if len(inputs) == 1 else " ".join(f"{name}=FILE" for name in inputs)
    return f"modelyard login --url {server}\nmodelyard run {wanted} {what}\n"
