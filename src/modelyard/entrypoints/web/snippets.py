"""Code that runs a version as it is shown, once a key stands in it."""

import json
import shlex
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
        CodeSnippet("Command line", _command_line(server, version, sample)),
    ]


_CURL = """\
api={server}/api key='{key}'
call() {{ curl -sS -w '\\n' -H "Authorization: ApiKey $key" "$@"; }}

answer=$(call "$api/jobs" -H 'Content-Type: application/json' -d '{body}')
job=$(echo "$answer" | sed -n 's/.*"jobIdentifier":"\\([^"]*\\)".*/\\1/p')
if [ -n "$job" ]; then
  for second in $(seq 600); do
    call "$api/jobs/$job" | grep -qE '"status":"(SUBMITTED|IN_PROGRESS)"' || break
    sleep 1
  done
  call "$api/results/$job"
else
  echo "$answer"
fi
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
console.log(JSON.stringify((await call(`/results/${{job.jobIdentifier}}`)).results, null, 2));
"""


def _python(sample: Any) -> str:
    """The body as Python writes it."""
    text = json.dumps(sample, indent=4, ensure_ascii=False)
    if any(word in text for word in ("true", "false", "null")):
        return f"json.loads({json.dumps(json.dumps(sample, ensure_ascii=False), ensure_ascii=False)})"
    return text


def _command_line(server: str, version: Version, sample: dict[str, Any]) -> str:
    run = _run_command(f"modelyard run {version.model_id}@{version.version}", version, _texts_of(sample))
    return f"pip install modelyard\nmodelyard login --url {shlex.quote(server)}\n{run}\n"


def _run_command(run: str, version: Version, texts: dict[str, str]) -> str:
    """With the texts of the sample; files are somebody's own."""
    if len(texts) == 1:
        return f"{run} --text {shlex.quote(next(iter(texts.values())))}"
    if texts:
        return f"printf '%s' {shlex.quote(json.dumps(texts, ensure_ascii=False))} | {run} --jsonl -"
    names = [" ".join(entry["name"].split()) for entry in version.inputs or []]
    if len(names) == 1:
        return f"# FILE: {names[0]}, as a file of your own\n{run} FILE"
    return f"# DIRECTORY: one of your own with the files {', '.join(names)}\n{run} DIRECTORY"


def _texts_of(sample: dict[str, Any]) -> dict[str, str]:
    """The first item of a sample by the names of inputs; empty for one that is not of texts."""
    given = sample.get("input")
    sources = given.get("sources") if isinstance(given, dict) and given.get("type") == "text" else None
    item = next(iter(sources.values()), None) if isinstance(sources, dict) else None
    if not isinstance(item, dict) or not all(isinstance(text, str) for text in item.values()):
        return {}
    return {name: text.rstrip("\n") for name, text in item.items()}
