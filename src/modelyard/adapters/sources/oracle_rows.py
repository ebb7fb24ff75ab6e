"""Rows of a query of Oracle Database, through the driver's thin mode."""

import importlib
from typing import Any

from modelyard.adapters.sources.base import DatabaseAccess
from modelyard.adapters.sources.driver_rows import SECONDS_TO_CONNECT, SECONDS_WITHOUT_A_ROW, Driver

MODULE, EXTRA = "oracledb", "oracle"
_LOGIN = {"ORA-01017", "ORA-28000", "ORA-28001", "ORA-12514", "ORA-12505", "DPY-4001"}
_AWAY = ("DPY-6005", "DPY-4011", "DPY-4024", "DPY-6000", "ORA-12541", "ORA-12170", "ORA-12528")


def oracle_driver() -> Driver:
    """What is particular to it. Raises ImportError."""
    driver: Any = importlib.import_module(MODULE)

    def connect(access: DatabaseAccess) -> Any:
        by_sid = access.options.get("by") == "sid"
        connection = driver.connect(
            user=access.username,
            password=access.password,
            host=access.host,
            port=access.port,
            tcp_connect_timeout=SECONDS_TO_CONNECT,
            retry_count=0,
            **({"sid": access.name} if by_sid else {"service_name": access.name}),
        )
        connection.call_timeout = SECONDS_WITHOUT_A_ROW * 1000
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        return connection

    def open_cursor(connection: Any) -> Any:
        connection.outputtypehandler = large_as_values
        cursor = connection.cursor()
        cursor.prefetchrows, cursor.arraysize = 1, 10
        return cursor

    def large_as_values(cursor: Any, column: Any) -> Any:
        types = {driver.DB_TYPE_CLOB: driver.DB_TYPE_LONG, driver.DB_TYPE_BLOB: driver.DB_TYPE_LONG_RAW}
        types[driver.DB_TYPE_NCLOB] = driver.DB_TYPE_LONG_NVARCHAR
        wanted = types.get(column.type_code)
        return None if wanted is None else cursor.var(wanted, arraysize=cursor.arraysize)

    def code(error: Exception) -> str:
        first = error.args[0] if error.args else None
        return str(getattr(first, "full_code", ""))

    return Driver(
        connect=connect,
        open_cursor=open_cursor,
        is_login=lambda error: code(error) in _LOGIN,
        is_away=lambda error: code(error) in _AWAY or isinstance(error, OSError),
    )
