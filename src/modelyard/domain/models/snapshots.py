"""Further pictures of a model, such as screenshots, which its page shows one after the other."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import Conflict, InvalidInput
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.audit.changes import differences
from modelyard.domain.audit.record import record
from modelyard.domain.models.catalog import find_model_to_change
from modelyard.domain.models.loose_files import claim_files
from modelyard.domain.models.picture_files import NewPicture, PictureKind
from modelyard.domain.models.pictures import (
    PictureNotFound,
    Words,
    change_words,
    check_words,
    drop_pictures,
    new_row,
    pictures_of,
    words_of,
)
from modelyard.domain.models.tables import Model, Picture

MOST_SNAPSHOTS = 10


class SnapshotsFull(Conflict):
    """The model has as many snapshots as it can have."""

    def __init__(self) -> None:
        super().__init__(f"A model has at most {MOST_SNAPSHOTS} snapshot pictures; remove one first.")


class OrderRejected(InvalidInput):
    """The list does not name each snapshot once."""

    def __init__(self, known: Sequence[str]) -> None:
        super().__init__(
            f"The list must name each of the model's {len(known)} snapshot pictures exactly once: "
            f"{', '.join(known) or 'there are none'}."
        )


async def require_room(session: AsyncSession, actor: Actor, model_id: str) -> Model:
    """A model that can have a further snapshot. Raises as `find_model_to_change`, and SnapshotsFull."""
    model = await find_model_to_change(session, actor, model_id)
    if len(pictures_of(model, PictureKind.SNAPSHOT)) >= MOST_SNAPSHOTS:
        raise SnapshotsFull
    return model


async def add_snapshot(
    session: AsyncSession, clock: Clock, actor: Actor, model_id: str, picture: NewPicture, words: Words
) -> Picture:
    """Adds a stored picture behind the others. Raises as `require_room`, and WordsRejected."""
    model = await require_room(session, actor, model_id)
    last = max((each.position for each in pictures_of(model, PictureKind.SNAPSHOT)), default=0)
    row = new_row(picture, PictureKind.SNAPSHOT, check_words(words), model_id=model.id, position=last + 1)
    session.add(row)
    await claim_files(session, picture.storage_keys)
    record(session, clock, actor, "model:snapshot-added", f"model/{model.id}", after=words_of(row))
    return row


async def order_snapshots(
    session: AsyncSession, clock: Clock, actor: Actor, model_id: str, identifiers: Sequence[str]
) -> None:
    """Shows the snapshots in this order from now on. Raises OrderRejected."""
    model = await find_model_to_change(session, actor, model_id)
    snapshots = {picture.id: picture for picture in pictures_of(model, PictureKind.SNAPSHOT)}
    if len(identifiers) != len(snapshots) or set(identifiers) != set(snapshots):
        raise OrderRejected(list(snapshots))
    before = {"order": list(snapshots)}
    for position, identifier in enumerate(identifiers, start=1):
        snapshots[identifier].position = position
    if changed := differences(before, {"order": list(identifiers)}):
        record(session, clock, actor, "model:snapshots-ordered", f"model/{model.id}", **changed)


async def describe_snapshot(
    session: AsyncSession, clock: Clock, actor: Actor, model_id: str, identifier: str, words: Words
) -> None:
    """Changes the words of a snapshot. Raises PictureNotFound, WordsRejected."""
    snapshot = await _find(session, actor, model_id, identifier)
    before = words_of(snapshot)
    change_words(snapshot, check_words(words))
    if changed := differences(before, words_of(snapshot)):
        record(session, clock, actor, "model:snapshot-described", f"model/{model_id}", **changed)


async def remove_snapshot(session: AsyncSession, clock: Clock, actor: Actor, model_id: str, identifier: str) -> None:
    """Takes a snapshot away. Raises PictureNotFound."""
    snapshot = await _find(session, actor, model_id, identifier)
    record(session, clock, actor, "model:snapshot-removed", f"model/{model_id}", before=words_of(snapshot))
    await drop_pictures(session, clock, [snapshot])


async def _find(session: AsyncSession, actor: Actor, model_id: str, identifier: str) -> Picture:
    model = await find_model_to_change(session, actor, model_id)
    for picture in pictures_of(model, PictureKind.SNAPSHOT):
        if picture.id == identifier:
            return picture
    raise PictureNotFound
