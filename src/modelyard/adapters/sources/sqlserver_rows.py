"""Rows of a query of Microsoft SQL Server, as they come."""

import importlib
import ssl
from typing import Any

from modelyard.adapters.sources.base import DatabaseAccess
from modelyard.adapters.sources.driver_rows import SECONDS_TO_CONNECT, SECONDS_WITHOUT_A_ROW, Driver

MODULE, EXTRA = "pytds", "sqlserver"
_LOGIN = {18456, 4060, 18452}


def sqlserver_driver() -> Driver:
    """What is particular to it. Raises ImportError."""
    driver: Any = importlib.import_module(MODULE)

    def connect(access: DatabaseAccess) -> Any:
        is_encrypted = access.options.get("encrypt", "true").lower() not in {"false", "no", "optional"}
        return driver.connect(
            dsn=access.host,
            port=access.port,
            database=access.name or None,
            user=access.username,
            password=access.password,
            login_timeout=SECONDS_TO_CONNECT,
            timeout=SECONDS_WITHOUT_A_ROW,
            appname=access.options.get("applicationName", "modelyard"),
            cafile=ssl.get_default_verify_paths().cafile if is_encrypted else None,
            readonly=True,
        )

    return Driver(
        connect=connect,
        open_cursor=lambda connection: connection.cursor(),
        is_login=lambda error: isinstance(error, driver.LoginError) or getattr(error, "msg_no", 0) in _LOGIN,
        is_away=lambda error: isinstance(error, OSError | driver.TimeoutError | driver.ClosedConnectionError),
    )
