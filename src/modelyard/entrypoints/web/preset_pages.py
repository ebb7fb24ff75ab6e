"""The pages of hardware presets: the list, and making, changing, assigning and deleting one."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelyard.core.errors import PlatformError
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.organisations import list_accounts
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.models import presets
from modelyard.domain.models.presets import AssigneeUnknown, PresetChanges
from modelyard.entrypoints.rest.requests import Caller, ThePlatform
from modelyard.entrypoints.web.filled_forms import Filled, read_filled, refused
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.people_tabs import back_to, read_people_frame, shown

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PATH = "/people/presets"
_TAB = "Hardware presets"
_PLACES: dict[type[PlatformError], str] = {AssigneeUnknown: "models"}


@router.get(PATH)
async def show_presets(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """The inactive ones too, smallest first."""
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, _TAB)
        found = await presets.list_all(session, actor)
    may_manage = actor.may(Permission.MANAGE_PRESETS)
    return shown("people_presets.html", people, presets=found, may_manage=may_manage)


@router.get(PATH + "/new")
async def begin_preset(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    return await _new_page(request, platform, actor, Filled())


@router.post(PATH)
async def create_preset(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    form = await read_filled(request)
    try:
        form.require("name", "cpuAmount", "memoryAmount")
        async with platform.database.write() as session:
            await presets.create_preset(session, platform.clock, actor, _read_preset(form))
    except PlatformError as error:
        return await _new_page(request, platform, actor, await refused(request, form, error))
    return back_to(PATH, "created")


@router.get(PATH + "/{preset}")
async def show_preset(preset: int, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    return await _preset_page(request, platform, actor, preset, Filled())


@router.post(PATH + "/{preset}")
async def change_preset(preset: int, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """What it is, whether it can be chosen, and whom it is for."""
    form = await read_filled(request)
    try:
        async with platform.database.write() as session:
            await presets.change_preset(session, platform.clock, actor, preset, _read_preset(form))
            if "accounts" in form.values:  # else the boxes of accounts were not there
                await presets.assign_accounts(session, platform.clock, actor, preset, form.all("accounts"))
            models = form.first("models").replace(",", " ").split()
            await presets.assign_models(session, platform.clock, actor, preset, models)
    except PlatformError as error:
        return await _preset_page(request, platform, actor, preset, await refused(request, form, error, _PLACES))
    return back_to(PATH, "saved")


@router.post(PATH + "/{preset}/delete")
async def delete_preset(preset: int, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Takes the preset's name to be typed."""
    form = await read_filled(request)
    try:
        async with platform.database.write() as session:
            form.require_typed((await presets.find_managed(session, actor, preset)).preset.name)
            await presets.delete_preset(session, platform.clock, actor, preset)
    except PlatformError as error:
        return await _preset_page(request, platform, actor, preset, await refused(request, form, error))
    return back_to(PATH, "deleted")


def _read_preset(form: Filled) -> PresetChanges:
    return PresetChanges(
        name=form.first("name"),
        description=form.first("description"),
        gpu_units=form.number("gpuUnits") or 0,
        cpu=form.first("cpuAmount"),
        memory=form.first("memoryAmount"),
        storage=form.first("storage"),
        price=form.first("price"),
        instance_type=form.first("instanceType"),
        status=form.given("status"),
    )


def exact_memory(size: int) -> str:
    """In the largest unit that leaves a whole number, as it can be typed again."""
    units = {"G": 10**9, "Gi": 2**30, "M": 10**6, "Mi": 2**20}
    return next((f"{size // unit}{name}" for name, unit in units.items() if size % unit == 0), str(size))


async def _new_page(request: Request, platform: ThePlatform, actor: Actor, form: Filled) -> Response:
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, _TAB)
    return shown("people_preset.html", people, form.status, form=form, preset=None, memory="", facts=None, accounts=[])


async def _preset_page(request: Request, platform: ThePlatform, actor: Actor, preset: int, form: Filled) -> Response:
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, _TAB)
        facts = await presets.find_managed(session, actor, preset)
        accounts = await list_accounts(session, actor) if actor.may(Permission.READ_ACCOUNTS) else []
    return shown(
        "people_preset.html",
        people,
        form.status,
        form=form,
        preset=facts.preset,
        memory=exact_memory(facts.preset.memory_bytes),
        facts=facts,
        accounts=[each.account for each in accounts],
    )
