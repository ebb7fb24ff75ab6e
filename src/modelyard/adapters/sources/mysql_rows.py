"""Rows of a query of MySQL or MariaDB, unbuffered."""

import importlib
import ssl
from typing import Any

from modelyard.adapters.sources.base import DatabaseAccess
from modelyard.adapters.sources.driver_rows import SECONDS_TO_CONNECT, SECONDS_WITHOUT_A_ROW, Driver

MODULE, EXTRA = "pymysql", "mysql"
_LOGIN = {1044, 1045, 1049, 1698}
_AWAY = {2002, 2003, 2006, 2013, 1040, 1053}


def mysql_driver() -> Driver:
    """What is particular to it. Raises ImportError."""
    driver: Any = importlib.import_module(MODULE)

    def connect(access: DatabaseAccess) -> Any:
        connection = driver.connect(
            host=access.host,
            port=access.port,
            user=access.username,
            password=access.password,
            database=access.name or None,
            charset="utf8mb4",
            connect_timeout=SECONDS_TO_CONNECT,
            read_timeout=SECONDS_WITHOUT_A_ROW,
            write_timeout=SECONDS_TO_CONNECT,
            local_infile=False,  # or its server could ask for files of ours
            ssl=_ssl(access),
        )
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
        return connection

    def is_one_of(codes: set[int]) -> Any:
        return lambda error: isinstance(error, driver.MySQLError) and bool(error.args) and error.args[0] in codes

    return Driver(
        connect=connect,
        open_cursor=lambda connection: connection.cursor(driver.cursors.SSCursor),
        is_login=is_one_of(_LOGIN),
        is_away=is_one_of(_AWAY),
        abandon=_abandon,
    )


def _abandon(cursor: Any) -> None:
    """Cursor and result would read on, also when they are collected as garbage; the driver has no call against that."""
    if cursor is None:
        return
    if (result := cursor._result) is not None:
        result.unbuffered_active = False
    cursor.connection = None


def _ssl(access: DatabaseAccess) -> ssl.SSLContext | None:
    mode = access.options.get("sslMode", "").upper().replace("-", "_")
    wants = access.options.get("useSSL", "").lower() == "true"
    if mode in {"VERIFY_CA", "VERIFY_IDENTITY", "VERIFY_FULL"}:
        context = ssl.create_default_context()
        context.check_hostname = mode != "VERIFY_CA"
        return context
    if not wants and mode not in {"REQUIRED", "TRUST"}:
        return None
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
