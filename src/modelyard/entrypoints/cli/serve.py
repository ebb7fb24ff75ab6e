"""`modelyard serve`: checks, first start, then the web server until a signal ends it."""

import contextlib
import gc
import socket
import sys
from collections.abc import Mapping
from typing import Any

import click
import uvicorn
import uvloop

from modelyard.adapters.runtimes.probe import crun_finding, open_files_finding
from modelyard.app import Platform
from modelyard.core.errors import PlatformError
from modelyard.core.logs import configure_logs, log
from modelyard.core.sealing import SecretKeyWrong
from modelyard.entrypoints.cli.bound_sockets import bound_sockets
from modelyard.entrypoints.cli.checks import local_findings
from modelyard.entrypoints.cli.connections import MOST_CONNECTIONS, bounded_protocol
from modelyard.entrypoints.cli.database_checks import database_findings
from modelyard.entrypoints.cli.given import read_settings
from modelyard.entrypoints.cli.sealed import WRONG_KEY
from modelyard.entrypoints.rest.app import create_api
from modelyard.settings import Settings

SECONDS_FOR_OPEN_REQUESTS = 2
SECONDS_OF_AN_IDLE_CONNECTION = 75
"""Well above the five seconds between two looks of existing clients, which would meet a connection that just closes."""


def run_server(given: Mapping[str, Any]) -> None:
    """Serves until SIGTERM or SIGINT."""
    settings = read_settings(given)
    configure_logs(json=settings.log_json, level=settings.log_level)
    findings = [*local_findings(settings), *uvloop.run(database_findings(settings))]
    if problems := [finding for finding in findings if not finding.ok]:
        raise click.ClickException("\n".join(f"{it.code}: {it.text} {it.hint}" for it in problems))
    for finding in (crun_finding(), open_files_finding()):
        if not finding.ok:  # the server can start; a container may not: `modelyard doctor` starts one to see
            log.error("a check failed", code=finding.code, text=finding.text, hint=finding.hint)
    try:
        with contextlib.suppress(KeyboardInterrupt):  # raised once Ctrl-C has stopped the server in good order
            uvloop.run(_serve(settings))
    except SecretKeyWrong:
        raise click.ClickException(f"{WRONG_KEY.code}: {WRONG_KEY.text} {WRONG_KEY.hint}") from None
    except PlatformError as error:
        raise click.ClickException(error.message) from error


async def _serve(settings: Settings) -> None:
    sockets = bound_sockets(settings.host, settings.port)  # before a first start shows a key that no server takes
    platform = Platform(settings)
    platform.destinations.own_ports.update(listening.getsockname()[1] for listening in sockets)
    await platform.prepare()
    if platform.first_key and not settings.admin_api_key.get_secret_value():
        _show_first_key(settings, platform.first_key.text, port=sockets[0].getsockname()[1])
    server = _AnnouncedServer(
        uvicorn.Config(
            create_api(platform),
            log_config=None,
            access_log=False,
            http=bounded_protocol(settings.max_connections_per_address, settings.trusted_proxies),
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=SECONDS_OF_AN_IDLE_CONNECTION,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_graceful_shutdown=SECONDS_FOR_OPEN_REQUESTS,
            server_header=False,
        )
    )
    await server.serve(sockets)
    if not server.started:
        sys.exit(1)


class _AnnouncedServer(uvicorn.Server):
    """Says where it serves: with port 0 nobody else knows."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.freeze()  # what is there now stays; to look for garbage in it would stop all requests for 0.1 s each time
        for listening in self.servers if self.started else []:
            for bound in listening.sockets:
                host, port = bound.getsockname()[:2]
                click.echo(f"modelyard serves at http://{host}:{port}, its API is described at /api/docs", err=True)


def _show_first_key(settings: Settings, key: str, *, port: int) -> None:
    server = settings.public_url or f"http://{settings.host}:{port}"
    click.echo(
        f"\nThis is the first start. Administrator: {settings.admin_email}\n"
        f"API key, shown only now:\n\n    {key}\n\n"
        f"Try it:     curl -H 'Authorization: ApiKey {key}' {server}/api/models\n"
        f"Log in:     echo {key} | modelyard login --url {server} --api-key-stdin"
    )
    if not settings.admin_password.get_secret_value():
        click.echo(f"A password: modelyard users reset-password {settings.admin_email}   shows a link to choose one")
    click.echo()
