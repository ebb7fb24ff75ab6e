"""Imports a model in one transaction, through the same functions as every other change of models."""

from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.sealing import Sealer
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.audit.record import record
from modelyard.domain.images.request_import import request_load, request_pull
from modelyard.domain.images.tables import ContainerImage
from modelyard.domain.models import catalog, pictures, samples, sharing, snapshots, trial_files, versions
from modelyard.domain.models.cards import write_card
from modelyard.domain.models.requirements import EDGE_ID, list_presets
from modelyard.domain.models.standing import Standing
from modelyard.domain.models.tables import Requirement
from modelyard.domain.transfer.model_arrival import Arrival, ArrivingImage, ArrivingModel, ArrivingVersion
from modelyard.domain.transfer.model_place import Place, find_place, require_same
from modelyard.domain.transfer.model_preset import Hardware, choose_preset, is_same


@dataclass(frozen=True, slots=True)
class ModelImport:
    """An import under way.

    Args:
        default_engines: the licence of accounts that have none of their own.
    """

    session: AsyncSession
    clock: Clock
    sealer: Sealer
    actor: Actor
    default_engines: int

    async def run(self, model: ArrivingModel, spare: str) -> Arrival:
        """Makes a new model of the actor's, or adds what is missing to the one that it is already.

        Versions come as drafts: what tests found elsewhere is not believed.

        Args:
            spare: see `find_place`.

        Raises what single changes raise, and
        VersionDiffers, VersionDeleted.
        """
        require(self.actor, Permission.DEPLOY_MODELS)
        place = await find_place(self.session, self.actor, model.identifier, spare)
        arrival = Arrival(place.model_id, place.is_new)
        if place.note:
            arrival.notes.append(f"{place.note} The model is {place.model_id} here.")
        for version in model.versions:
            await self._take(arrival, place, model, _named(version, model.identifier, place.model_id))
        if place.is_new:
            await self._describe(arrival, model)
        target = f"model/{arrival.model_id}"
        facts = {"identifier": model.identifier, "versions": arrival.added, "present": arrival.present}
        if arrival.added:
            record(self.session, self.clock, self.actor, "model:imported", target, **facts)
        await self.session.flush()
        return arrival

    async def _take(self, arrival: Arrival, place: Place, model: ArrivingModel, version: ArrivingVersion) -> None:
        if version.version in place.versions:
            await require_same(self.session, self.actor, place.model_id, version)
            arrival.present.append(version.version)
            return
        base = (self.session, self.clock, self.actor)
        if place.is_new and not arrival.added:
            await catalog.create_model(*base, name=model.name, version=version.version, identifier=place.model_id)
        else:
            await versions.create_version(*base, place.model_id, version=version.version)
        arrival.added.append(version.version)
        await self._fill(arrival, place.model_id, version)
        await self._give_image(arrival, place.model_id, version)

    async def _fill(self, arrival: Arrival, model_id: str, version: ArrivingVersion) -> None:
        base, number = (self.session, self.clock, self.actor, model_id, version.version), version.version
        changes = replace(version.changes, status=None, requirement_id=await self._preset(arrival, model_id, version))
        if not self.actor.may(Permission.SET_ENGINES):
            changes = replace(changes, minimum_engines=None, maximum_engines=None)
        await versions.change_version(*base, changes, default_engines=self.default_engines)
        await write_card(*base, version.card)
        for kind, sample in (("input", version.sample_input), ("output", version.sample_output)):
            if sample is not None:
                await samples.write_sample(*base, kind, sample)
        for file in version.test_inputs:
            await trial_files.set_test_input(
                *base,
                name=file.name,
                file_name=file.file_name,
                media_type=file.media_type,
                size=file.size,
                storage_key=file.storage_key,
            )
        if version.image is None:
            arrival.notes.append(f"The version {number} had no container image; give it one.")

    async def _preset(self, arrival: Arrival, model_id: str, version: ArrivingVersion) -> int | None:
        wanted = version.hardware
        if wanted is None:
            return None
        presets = await list_presets(self.session, self.actor.account_id, model_id)
        if wanted.is_edge and (edge := await self.session.get(Requirement, EDGE_ID)):
            return edge.id
        found = choose_preset(wanted, presets)
        if found is None:
            arrival.notes.append(
                f"No hardware preset here has as much as {_told(wanted)}; choose one for the version {version.version}."
            )
        elif not is_same(found, wanted):
            arrival.notes.append(f"The version {version.version} has the preset {found.name} for {_told(wanted)}.")
        return found.id if found else None

    async def _give_image(self, arrival: Arrival, model_id: str, version: ArrivingVersion) -> None:
        image = version.image
        if image is None:
            return
        row = await self._request(arrival, image, f"{model_id}-{version.version}.tar")
        if row is None:
            arrival.notes.append(
                f"The file has no image of the version {version.version}, and names none to pull; give it one."
            )
            return
        await versions.set_image(self.session, self.clock, self.actor, model_id, version.version, row)

    async def _request(self, arrival: Arrival, image: ArrivingImage, file_name: str) -> ContainerImage | None:
        """The import of an image, one for all versions that have it; None when nobody knows where it is."""
        source = image.archive or image.reference
        if source is None:
            return None
        if (identifier := arrival.requested.get(str(source))) is not None:
            return await self.session.get_one(ContainerImage, identifier)
        if image.archive is not None:
            row = await request_load(self.session, self.clock, image.archive, file_name=file_name)
        else:
            assert image.reference is not None  # noqa: S101 - one of both is there
            row = await request_pull(self.session, self.clock, self.sealer, image.reference)
        arrival.requested[str(source)] = row.id
        return row

    async def _describe(self, arrival: Arrival, model: ArrivingModel) -> None:
        base, model_id = (self.session, self.clock, self.actor), arrival.model_id
        standing = model.standing
        if (standing.is_recommended or standing.is_commercial) and not self.actor.may(Permission.RECOMMEND_MODELS):
            arrival.notes.append("Only administrators say that a model is recommended or commercial; this one is not.")
            standing = Standing(expiry=standing.expiry)
        tags = list(model.tags)
        await catalog.change_model(*base, model_id, description=model.description, tags=tags, standing=standing)
        if model.picture is not None:
            await pictures.set_picture(*base, model_id, *model.picture)
        for snapshot in model.snapshots:
            await snapshots.add_snapshot(*base, model_id, *snapshot)
            self.session.expire_all()  # the next one counts those that are there
        if model.scope:
            await sharing.set_visibility(*base, model_id, scope=model.scope)


def _named(version: ArrivingVersion, before: str, now: str) -> ArrivingVersion:
    """The same, with samples that can be posted here."""
    return replace(
        version,
        sample_input=samples.readdressed(version.sample_input, "identifier", before, now),
        sample_output=samples.readdressed(version.sample_output, "identifier", before, now),
    )


def _told(hardware: Hardware) -> str:
    gpu = f", {hardware.gpu_units} GPU" if hardware.gpu_units else ""
    return f"{hardware.cpu_millis / 1000:g} CPU, {hardware.memory_bytes / 1e9:g} GB{gpu}"
