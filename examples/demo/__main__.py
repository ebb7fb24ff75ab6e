"""Shows the platform at work: builds five example models, deploys them in 17 steps each, and runs jobs on them.

`python -m examples.demo [--data-dir DIRECTORY]`; a second run deploys only what has changed.
"""

import argparse
import contextlib
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from examples.demo.deployment import Deployed, Example, deploy_example, find_deployed, plan_example, read_example
from examples.demo.failure import DemoFailed
from examples.demo.files import files
from examples.demo.headlines import measured
from examples.demo.images import EXAMPLES, build_image
from examples.demo.jobs import Item, Target, run_job
from examples.demo.key import FILE, PASSWORD_FILE, read_or_create_key, read_password
from examples.demo.screen import Screen
from examples.demo.server import LOG, Server
from examples.demo.signals import pictures, recordings, series
from examples.demo.texts import texts
from modelyard.entrypoints.cli.access import Access, api_key_header
from modelyard.entrypoints.cli.exit_codes import CommandFailed
from modelyard.entrypoints.cli.remote import Remote

ROOT = EXAMPLES.parent
SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_PER_CALL = 120
DATA_DIR = ROOT / "var" / "demo"
MODELS: dict[str, Callable[[], list[Item]]] = {
    "sentiment": texts,
    "digits": pictures,
    "speech": recordings,
    "file-type": files,
    "forecast": series,
}
"""Each example and the items of its job."""


def main() -> None:
    """Runs the demo; ends with 0, or with another code and the reason."""
    parser = argparse.ArgumentParser(prog="python -m examples.demo", description="Shows the platform at work.")
    parser.add_argument("--data-dir", type=Path, default=DATA_DIR, help="where everything is kept [var/demo]")
    data_dir: Path = parser.parse_args().data_dir.resolve()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    screen = Screen()
    try:
        run_demo(screen, data_dir)
    except DemoFailed as failure:
        screen.fail(failure)
        sys.exit(1)
    except CommandFailed as failed:
        screen.fail(DemoFailed(failed.message, f"What the server wrote is in {data_dir / LOG}."))
        sys.exit(1)
    except KeyboardInterrupt:
        screen.fail(DemoFailed("It was interrupted; what is done is kept, and the next run goes on from there."))
        sys.exit(130)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def run_demo(screen: Screen, data_dir: Path) -> None:
    """Everything, from images to results. Raises DemoFailed, CommandFailed."""
    began = time.monotonic()
    key = read_or_create_key(data_dir)
    screen.head("Images and server")
    images = {}
    with screen.steps() as steps:
        for name in MODELS:
            with steps.step(f"       Build {name}") as bar:
                images[name] = build_image(name, bar)
                bar.result(f"{images[name].size / 1e6:.0f} MB")
        server = Server(data_dir, key)
        with steps.step("       Start the server") as bar:
            server.start()
            bar.result(f"{server.address} for now")
    with server:
        access = Access(server.address, api_key_header(key))
        with contextlib.closing(Remote(access, seconds=SECONDS_PER_CALL)) as remote:
            for name, make_items in MODELS.items():
                show_model(remote, screen, read_example(name, images[name]), make_items(), data_dir)
    screen.say(f"\nThe server is stopped; the demo took {time.monotonic() - began:.0f} s.\n")
    for line in where_to_go(data_dir):
        screen.say(line)


def show_model(server: Remote, screen: Screen, example: Example, items: list[Item], data_dir: Path) -> None:
    """Deploys one example unless it is there, and runs its job."""
    deployed = deploy_unless_there(server, screen, example, data_dir)
    show_report(server, screen, f"/api/models/{deployed.model_id}/versions/{deployed.version}/report")
    name, declared = next(iter(example.model.inputs.items()))
    target = Target(deployed.model_id, deployed.version, name, declared.media_types.partition(",")[0])
    run_job(server, screen, target, items)


def deploy_unless_there(server: Remote, screen: Screen, example: Example, data_dir: Path) -> Deployed:
    """The version that is active in the end."""
    plan = plan_example(server, example)
    if there := find_deployed(server, plan, example.image):
        screen.head(example.model.name, f"version {there.version}")
        screen.say("       It is deployed already, with this very image.")
        return there
    screen.head(example.model.name, f"version {plan.version}")
    with screen.steps() as steps:
        return deploy_example(server, steps, example, plan, data_dir)


def show_report(server: Remote, screen: Screen, path: str) -> None:
    """What the tests measured, once all of it is measured: nobody else shall have the processor meanwhile."""
    with screen.steps() as steps, steps.step("       Measured under load") as bar:
        while (report := server.get(path))["state"] == "MEASURING":
            bar.share(report["percentage"] / 100)
            bar.note(report["stepName"])
            time.sleep(SECONDS_BETWEEN_LOOKS)
        bar.result(measured(report))


def where_to_go(data_dir: Path) -> tuple[str, str]:
    """How to start the server on this data, and where to look then."""
    command = "make serve" if data_dir == DATA_DIR else f"modelyard serve --data-dir {data_dir}"
    secret = data_dir / (PASSWORD_FILE if read_password(data_dir) else FILE)
    shown = secret.relative_to(ROOT) if secret.is_relative_to(ROOT) else secret
    how = "sign in as admin@example.org, the password is in" if read_password(data_dir) else "the API key is in"
    return (
        f"Start the server on this data:  {command}",
        f"Then look at:  http://127.0.0.1:8080  ({how} {shown})",
    )


if __name__ == "__main__":
    main()
