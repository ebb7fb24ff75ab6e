"""`modelyard presets`: hardware that versions of models can choose from."""

from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.bodies import given, listed, some
from modelyard.entrypoints.cli.lazy import Group
from modelyard.entrypoints.cli.named import preset_of
from modelyard.entrypoints.cli.numbers import WholeNumber
from modelyard.entrypoints.cli.over_rest import confirm, over_rest, yes_option
from modelyard.entrypoints.cli.paths import at
from modelyard.entrypoints.cli.shown import Column, Screen

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.remote import Remote

LISTED: list[Column] = [
    ("number", "requirementId"),
    ("name", "name"),
    ("status", "status"),
    ("cpu", "cpuAmount"),
    ("memory", "memoryAmount"),
    ("gpus", "gpuUnits"),
    ("price", "price"),
]
SHOWN: list[Column] = [
    *LISTED,
    ("description", "description"),
    ("storage", "storage"),
    ("instance type", "instanceType"),
    ("accounts", "accounts"),
    ("models", "models"),
]
_NEGATIVE_NUMBERS = {"ignore_unknown_options": True}
"""Some presets are called -6, which is no option."""


@click.group(cls=Group)
def presets() -> None:
    """Hardware presets, and who may choose them. A preset is named by number or name."""


@presets.command("list")
@click.option("--mine", is_flag=True, help="Only those that you may choose.")
@over_rest
def list_presets(server: "Remote", screen: Screen, mine: bool) -> None:
    """List all presets, or those that you may choose."""
    screen.rows([server.things(_path("account") if mine else _path())], LISTED)


def _words(command: click.decorators.FC) -> click.decorators.FC:
    """The options that create and update share, beside processors and memory."""
    for add in (
        click.option("--instance-type", help="Type of the machine, in words."),
        click.option("--price", help="Price for an hour, in words."),
        click.option("--storage", help="Disk, in words."),
        click.option("--gpus", type=WholeNumber(0), metavar="N", help="Number of GPUs."),
        click.option("--description", help="What it is good for."),
    ):
        command = add(command)
    return command


@presets.command("create")
@click.argument("name")
@click.option("--cpu", required=True, help="Processors, such as 0.5 or 500m.")
@click.option("--memory", required=True, help="Memory, such as 2G or 512Mi.")
@_words
@over_rest
def create_preset(server: "Remote", screen: Screen, name: str, **hardware: object) -> None:
    """Create a preset called NAME."""
    screen.thing(server.post(_path(), given(name=name) | _body(hardware)), SHOWN)


@presets.command("update", context_settings=_NEGATIVE_NUMBERS)
@click.argument("preset")
@click.option("--name", help="What it is called.")
@click.option("--cpu", help="Processors, such as 0.5 or 500m.")
@click.option("--memory", help="Memory, such as 2G or 512Mi.")
@_words
@over_rest
def update_preset(server: "Remote", screen: Screen, preset: str, name: str | None, **hardware: object) -> None:
    """Change PRESET, given by number or name."""
    changes = given(name=name) | _body(hardware)
    screen.thing(server.patch(_path(preset_of(server, preset)), some(changes)), SHOWN)


@presets.command("activate", context_settings=_NEGATIVE_NUMBERS)
@click.argument("preset")
@over_rest
def activate_preset(server: "Remote", screen: Screen, preset: str) -> None:
    """Let versions choose PRESET, given by number or name."""
    screen.done(f"The preset {preset} is active.", server.patch(_path(preset_of(server, preset)), {"status": "ACTIVE"}))


@presets.command("deactivate", context_settings=_NEGATIVE_NUMBERS)
@click.argument("preset")
@yes_option
@over_rest
def deactivate_preset(server: "Remote", screen: Screen, preset: str, yes: bool) -> None:
    """Let no version choose PRESET any more; those that have it keep it."""
    confirm(f"Deactivate the preset {preset}?", yes)
    answer = server.patch(_path(preset_of(server, preset)), {"status": "INACTIVE"})
    screen.done(f"The preset {preset} is inactive.", answer)


@presets.command("assign", context_settings=_NEGATIVE_NUMBERS)
@click.argument("preset")
@click.option("--account", "accounts", multiple=True, help="Identifier of an account, as often as needed.")
@click.option("--model", "models", multiple=True, help="Identifier of a model, as often as needed.")
@click.option("--no-accounts", is_flag=True, help="Take it from the accounts that it is assigned to.")
@click.option("--no-models", is_flag=True, help="Take it from the models that it is assigned to.")
@over_rest
def assign_preset(
    server: "Remote",
    screen: Screen,
    preset: str,
    *,
    accounts: tuple[str, ...],
    models: tuple[str, ...],
    no_accounts: bool,
    no_models: bool,
) -> None:
    """Let these accounts and models choose PRESET, instead of those that may. Assigned to nobody, it is for all."""
    changes = given(accounts=listed(accounts, no_accounts), models=listed(models, no_models))
    if not changes:
        raise click.UsageError("Say whom it is for; --help lists how.")
    answer: dict[str, object] = {}
    number = preset_of(server, preset)
    for kind, identifiers in changes.items():
        answer = server.put(_path(number, kind), {kind: identifiers})
    screen.thing(answer, SHOWN)


def _path(*more: str) -> str:
    return at("api", "models", "requirements", *more)


def _body(hardware: dict[str, object]) -> dict[str, object]:
    return given(
        description=hardware["description"],
        cpuAmount=hardware["cpu"],
        memoryAmount=hardware["memory"],
        gpuUnits=hardware["gpus"],
        storage=hardware["storage"],
        price=hardware["price"],
        instanceType=hardware["instance_type"],
    )
