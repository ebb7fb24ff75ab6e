"""Routes of hardware presets: what may be chosen, and their management."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from modelyard.domain.models import catalog, presets, requirements
from modelyard.entrypoints.rest.model_shapes import requirement_object
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/models", tags=["presets"], route_class=GuardedRoute)
Amount = str | int | float


class PresetChange(BaseModel):
    """A preset's members; absent or null leaves them as they are."""

    name: str | None = None
    description: str | None = None
    gpuUnits: int | None = Field(None, description="Graphics processors.")  # noqa: N815 - the API's spelling
    cpuAmount: Amount | None = Field(None, description="Cores, such as 0.5 or 500m.")  # noqa: N815
    memoryAmount: Amount | None = Field(  # noqa: N815
        None, description="Bytes, or with a suffix: 128974848, 129e6, 129M, 123Mi, 2G."
    )
    storage: str | None = Field(None, description="Disk, in words.")
    price: str | None = Field(None, description="Per hour, in words.")
    instanceType: str | None = Field(None, description="Type of machine, in words.")  # noqa: N815
    status: str | None = Field(None, description="ACTIVE, or INACTIVE: it cannot be chosen any more.")

    def to_changes(self) -> presets.PresetChanges:
        """The same in the domain's words."""
        return presets.PresetChanges(
            name=self.name,
            description=self.description,
            gpu_units=self.gpuUnits,
            cpu=_text(self.cpuAmount),
            memory=_text(self.memoryAmount),
            storage=self.storage,
            price=self.price,
            instance_type=self.instanceType,
            status=self.status,
        )


class NewPreset(PresetChange):
    """A preset to create."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "Small", "cpuAmount": "500m", "memoryAmount": "512Mi"}}
    )
    name: str
    cpuAmount: Amount  # noqa: N815
    memoryAmount: Amount  # noqa: N815


class Accounts(BaseModel):
    """Identifiers of accounts."""

    accounts: list[str]


class Models(BaseModel):
    """Identifiers of models."""

    models: list[str]


@router.get("/requirements", summary="List hardware presets and whom they are for")
async def list_presets(platform: ThePlatform, actor: Caller) -> Response:
    """The inactive ones too. A preset without accounts and models is for all."""
    async with platform.database.read() as session:
        return Json([preset_object(facts) for facts in await presets.list_all(session, actor)])


@router.post("/requirements", status_code=201, summary="Create a hardware preset")
async def create_preset(body: NewPreset, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        facts = await presets.create_preset(session, platform.clock, actor, body.to_changes())
    return Json(preset_object(facts), 201)


@router.get("/requirements/account", summary="The hardware presets that the caller may choose")
async def list_requirements(platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        found = await requirements.list_presets(session, actor.account_id)
    return Json([requirement_object(preset) for preset in found])


@router.patch("/requirements/{preset}", summary="Change, activate or deactivate a hardware preset")
async def change_preset(preset: int, body: PresetChange, platform: ThePlatform, actor: Caller) -> Response:
    """Processor, memory and GPU stay as they are once a version was tested with them: create another preset then."""
    async with platform.database.write() as session:
        facts = await presets.change_preset(session, platform.clock, actor, preset, body.to_changes())
    return Json(preset_object(facts))


@router.delete("/requirements/{preset}", summary="Delete a hardware preset that no version has")
async def delete_preset(preset: int, platform: ThePlatform, actor: Caller) -> Response:
    """Those that every installation has stay; make one INACTIVE that versions have."""
    async with platform.database.write() as session:
        await presets.delete_preset(session, platform.clock, actor, preset)
    return Json({})


@router.put("/requirements/{preset}/accounts", summary="Set the accounts that a hardware preset is for")
async def assign_accounts(preset: int, body: Accounts, platform: ThePlatform, actor: Caller) -> Response:
    """Without any accounts and models it is for all. Versions that have it keep it in any case."""
    async with platform.database.write() as session:
        facts = await presets.assign_accounts(session, platform.clock, actor, preset, body.accounts)
    return Json(preset_object(facts))


@router.put("/requirements/{preset}/models", summary="Set the models that a hardware preset is for")
async def assign_models(preset: int, body: Models, platform: ThePlatform, actor: Caller) -> Response:
    """Without any accounts and models it is for all. Versions that have it keep it in any case."""
    async with platform.database.write() as session:
        facts = await presets.assign_models(session, platform.clock, actor, preset, body.models)
    return Json(preset_object(facts))


@router.get("/{model_id}/requirements", summary="The hardware presets that a model's versions may choose")
async def list_of_model(model_id: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        await catalog.find_model(session, actor, model_id)
        found = await requirements.list_presets(session, actor.account_id, model_id)
    return Json([requirement_object(preset) for preset in found])


def preset_object(facts: presets.PresetFacts) -> dict[str, Any]:
    """A preset as administrators see it."""
    return requirement_object(facts.preset) | {"accounts": list(facts.accounts), "models": list(facts.models)}


def _text(amount: Amount | None) -> str | None:
    return None if amount is None else str(amount)
