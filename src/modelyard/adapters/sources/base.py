"""Other people's data: object stores and databases, how they are reached, and what can go wrong with them."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from modelyard.core.errors import InvalidInput, TooLarge, Unavailable

Row = Mapping[str, object]
"""The values of a row by column, as the driver gives them."""


class ContainerMissing(InvalidInput):
    """There is no such bucket or container."""

    def __init__(self, container: str) -> None:
        super().__init__(f"there is no bucket or container {container[:100]!r}")


class ObjectMissing(InvalidInput):
    """There is no such object."""

    def __init__(self, container: str, key: str) -> None:
        super().__init__(f"there is no object {key[:200]!r} in {container[:100]!r}")


class AccessDenied(InvalidInput):
    """The credentials are right, but do not allow it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the credentials do not allow to read {what[:300]}")


class CredentialsWrong(InvalidInput):
    """The source does not know the credentials."""

    def __init__(self) -> None:
        super().__init__("the source does not accept the credentials; check key, secret and account")


class CredentialsExpired(InvalidInput):
    """The credentials hold no more."""

    def __init__(self) -> None:
        super().__init__("the credentials have expired; submit the job again with new ones")


class ObjectTooLarge(TooLarge):
    """An input has more bytes than its model takes."""

    def __init__(self, most: int) -> None:
        super().__init__(f"it has more than the {most} bytes that are allowed")


class SourceMisconfigured(InvalidInput):
    """What the submission says about the source cannot be right."""


class QueryFailed(InvalidInput):
    """The database refused the query."""


class DriverMissing(InvalidInput):
    """Python code for this kind of database is not installed on the server."""

    def __init__(self, database: str, extra: str) -> None:
        super().__init__(
            f"This server has no driver for {database}. "
            f"An administrator can install it with: pip install 'modelyard[{extra}]'"
        )


class SourceNotReachable(Unavailable):
    """The source does not answer, or says that it cannot at the moment."""


class ObjectChanged(SourceNotReachable):
    """Another object came in the place of the one that was being read; it can be read from its beginning."""

    def __init__(self) -> None:
        super().__init__("it was changed while it was being read")


class DatabaseKind(StrEnum):
    """The databases whose rows can be inputs."""

    POSTGRESQL = "postgresql"
    MYSQL = "mysql"
    SQL_SERVER = "sqlserver"
    ORACLE = "oracle"
    SQLITE = "sqlite"


@dataclass(frozen=True, slots=True)
class S3Access:
    """How to read buckets. Without a key requests are not signed, as public buckets want it."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    region: str
    endpoint: str = ""
    """`https://host[:port]`; empty: that of AWS for the region."""
    session_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AzureAccess:
    """How to read containers of a storage account."""

    account: str
    key: str = field(repr=False)
    """In base64."""
    endpoint: str = ""
    """`https://host[:port]`; empty: that of Azure for the account."""


@dataclass(frozen=True, slots=True)
class DatabaseAccess:
    """One query and where to ask it. `name` is that of the database, or the path of a SQLite file."""

    kind: DatabaseKind
    host: str
    port: int
    name: str
    username: str
    password: str = field(repr=False)
    query: str = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict)


ObjectAccess = S3Access | AzureAccess


@dataclass(frozen=True, slots=True)
class FoundObject:
    """An object of a folder. Size in bytes."""

    key: str
    size: int


class Objects(Protocol):
    """An object store that is open for one set of credentials."""

    def read(self, container: str, key: str, *, most_bytes: int) -> AsyncIterator[bytes]:
        """The bytes of an object in chunks. Raises ObjectTooLarge before more than so many have been given.

        Raises ContainerMissing, ObjectMissing, AccessDenied, CredentialsWrong, CredentialsExpired,
        SourceNotReachable, DestinationForbidden, HostUnknown.
        """

    def list(self, container: str, folder: str) -> AsyncIterator[FoundObject]:
        """The objects below a folder, in the order of the store. Raises as `read` does."""


class Sources(Protocol):
    """Reaches all of them."""

    async def check(self, access: ObjectAccess | DatabaseAccess) -> None:
        """Whether it may be reached, and there is a driver. Raises DestinationForbidden, DriverMissing, HostUnknown."""

    def objects(self, access: ObjectAccess) -> AbstractAsyncContextManager[Objects]:
        """Opens an object store. Raises SourceMisconfigured."""

    def rows(self, access: DatabaseAccess) -> AsyncGenerator[Row]:
        """The rows of the query, one after the other, with flat memory.

        Raises QueryFailed, CredentialsWrong, SourceNotReachable, DestinationForbidden, HostUnknown, DriverMissing.
        """

    async def close(self) -> None:
        """Ends what runs for it."""
