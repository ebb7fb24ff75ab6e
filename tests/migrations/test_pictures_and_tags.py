"""Pictures and tags of earlier schemas: addresses stay, and models know their predefined tags."""

from typing import Any

from sqlalchemy import select, text

from modelyard.core.database import Database
from modelyard.domain.models.picture_files import parse_address
from modelyard.domain.models.pictures import files_of, find_uploaded
from modelyard.domain.models.tables import Model, Picture
from modelyard.domain.models.tag_names import bit_of
from modelyard.migrations.upgrade import upgrade_database

TIME = "2026-01-02 03:04:05.000000"
ADDRESSES = [f"{number:032x}_{size}.jpg" for number, size in enumerate(("thumbnail", "card", "background"), start=1)]

_PERSON = {"created_by": "u", "created_by_email": "a@example.org", "created_by_full_name": "A"}
_TIMES = {"created_at": TIME, "updated_at": TIME, "last_active_at": TIME}
_WORDS = {
    "author": "A",
    "name": "echo",
    "description": "",
    "scope": "ALL",
    "is_recommended": False,
    "is_commercial": False,
}
_USER = {"email": "a@example.org", "first_name": "A", "last_name": "A", "status": "Active", "created_at": TIME}
TAGS = {"image": True, "own": False, "topics,_ideas,_and_sentiment": True}
ROWS: list[tuple[str, dict[str, Any]]] = [
    ("accounts", {"id": "a", "name": "local", "created_at": TIME}),
    ("teams", {"id": "t", "account_id": "a", "name": "T", "is_admin": True, "created_at": TIME}),
    ("users", {"id": "u", "account_id": "a", **_USER}),
    ("models", {"id": "m", "account_id": "a", "team_id": "t", **_PERSON, **_TIMES, **_WORDS}),
    *(
        ("tags", {"identifier": tag, "name": tag, "data_type": "Any", "is_categorical": is_categorical})
        for tag, is_categorical in TAGS.items()
    ),
    *(("model_tags", {"model_id": "m", "tag": tag, "position": place}) for place, tag in enumerate(TAGS)),
    *(
        (
            "pictures",
            {
                "model_id": "m",
                "address": address,
                "relation_type": address[33:-4],
                "caption": "A caption",
                "media_type": "image/jpeg",
                "storage_key": f"pictures/{address}",
            },
        )
        for address in ADDRESSES
    ),
]


async def test_pictures_keep_their_addresses_and_models_their_tags(empty: str) -> None:
    database = Database(empty)
    await upgrade_database(database, "0002")
    async with database.engine.begin() as connection:
        for table, values in ROWS:
            columns, places = ", ".join(values), ", ".join(f":{name}" for name in values)
            await connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({places})"), values)  # noqa: S608

    assert await upgrade_database(database) == "0002"

    async with database.read() as session:
        model = await session.get_one(Model, "m")
        rows = list(await session.scalars(select(Picture).order_by(Picture.position)))
        for address in ADDRESSES:
            parts = parse_address(address)
            assert parts is not None
            await find_uploaded(session, parts)
    assert model.tag_bits == bit_of("image") | bit_of("topics,_ideas,_and_sentiment")
    assert [files_of(row) for row in rows] == [[f"pictures/{address}"] for address in ADDRESSES]
    assert {(row.model_id, row.caption, row.kind) for row in rows} == {("m", "A caption", "picture")}
    await database.close()
