"""Deploys what a `model.yaml` describes: the code is that of `modelyard deploy`, without a terminal."""

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from modelyard.client.access import Access
from modelyard.client.errors import BadInputs, ClientError, refused
from modelyard.client.things import Version, version_of

if TYPE_CHECKING:
    from rich.console import Console

    from modelyard.entrypoints.cli.exit_codes import CommandFailed


def deploy(
    access: Access,
    file: Path,
    *,
    image: str | None = None,
    archive: str | Path | None = None,
    samples: dict[str, str | Path] | None = None,
    picture: str | Path | None = None,
    model: str | None = None,
    next_version: bool = False,
    activate: bool = True,
    progress: bool | None = None,
) -> Version:
    """All steps; those that are done are left as they are. Raises ClientError."""
    from modelyard.entrypoints.cli import access as cli_access
    from modelyard.entrypoints.cli.deploy_plan import make_plan
    from modelyard.entrypoints.cli.deploy_sources import Registry, find_sources
    from modelyard.entrypoints.cli.deployment import Deployment, require_sources
    from modelyard.entrypoints.cli.exit_codes import CommandFailed
    from modelyard.entrypoints.cli.model_file import read_model_file
    from modelyard.entrypoints.cli.remote import Remote
    from modelyard.entrypoints.cli.steps import shown_steps

    if image and archive:
        raise BadInputs("Give image or archive, not both.")
    server = Remote(cli_access.Access(access.url, access.authorization, access.team))
    try:
        described = read_model_file(file)
        reference = image or described.modelyard.image
        source = Path(archive) if archive else Registry(reference) if reference else None
        given = {name: Path(path) for name, path in (samples or {}).items()}
        sources = find_sources(file, described, source, given, Path(picture) if picture else None)
        plan = make_plan(server, described.name, described.version, model_id=model, next_version=next_version)
        require_sources(server, described, sources, plan)
        deployment = Deployment(server, described, sources, plan)
        with shown_steps(_console(progress)) as steps:
            return version_of(deployment.run(steps, activate=activate))
    except CommandFailed as error:
        raise _failure(error) from None
    finally:
        server.close()


def _console(progress: bool | None) -> "Console | None":
    """Standard error when somebody looks, or wants to; else a place where nobody does."""
    from rich.console import Console

    is_shown = sys.stderr.isatty() if progress is None else progress
    return None if is_shown else Console(file=io.StringIO())


def _failure(error: "CommandFailed") -> ClientError:
    """The same failure for a program; the server's message is in it already."""
    from modelyard.entrypoints.cli.exit_codes import BY_STATUS, Exit

    statuses = {code: status for status, code in reversed(BY_STATUS.items())}
    if error.code in statuses:
        return refused(statuses[error.code], error.message)
    return BadInputs(error.message) if error.code is Exit.USAGE else ClientError(error.message)
