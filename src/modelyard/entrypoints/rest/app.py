"""The web server: all routes, in an explicit list, over one platform."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import RedirectResponse, Response

import modelyard
from modelyard.app import Platform
from modelyard.entrypoints.rest import (
    access_keys,
    accounts,
    approvals,
    audit,
    card_schemas,
    cards,
    chunks,
    contract_diffs,
    dashboard,
    deployment,
    engines,
    errors,
    invitations,
    jobs,
    library,
    licence,
    model_exports,
    models,
    oidc,
    outputs,
    pictures,
    presets,
    projects,
    quotas,
    removal,
    reports,
    results,
    roles,
    search,
    sign_in,
    system,
    tags,
    teams,
    timeline,
    users,
    versions,
    votes,
)
from modelyard.entrypoints.rest.body_memory import BodyMemory
from modelyard.entrypoints.rest.docs_page import show_docs
from modelyard.entrypoints.rest.documentation import KEY_SCHEME
from modelyard.entrypoints.rest.measures import Measures
from modelyard.entrypoints.rest.middleware import BodyLimit, RequestContext, TolerantPaths
from modelyard.entrypoints.rest.time_limits import TimeLimits
from modelyard.entrypoints.rest.wire import Json
from modelyard.entrypoints.web import (
    account_pages,
    approval_pages,
    audit_pages,
    deploy_pages,
    deploy_uploads,
    engine_pages,
    forgotten_password_page,
    guide_pages,
    invitation_pages,
    job_pages,
    key_pages,
    library_page,
    member_pages,
    model_page,
    operations_pages,
    page_routes,
    password_pages,
    preset_pages,
    profile_page,
    project_pages,
    quota_pages,
    role_pages,
    sign_in_pages,
    styleguide_page,
    team_pages,
    try_pages,
    user_pages,
    users_page,
)
from modelyard.entrypoints.web.assets import MOUNT, static_files
from modelyard.entrypoints.web.library_choices import LIBRARY

ROUTERS = (
    jobs.router,  # routes are tried in this order: what programs call all the time stands first
    votes.router,
    chunks.router,
    outputs.router,  # the address of an item may be the beginning of one
    results.router,
    outputs.short_router,
    system.router,
    engines.router,
    dashboard.router,
    approvals.router,
    timeline.router,
    presets.router,
    tags.router,
    search.router,
    library.router,  # fixed words before identifiers
    removal.router,
    model_exports.router,
    models.router,
    pictures.router,
    versions.router,
    cards.router,
    contract_diffs.router,
    card_schemas.router,
    deployment.router,
    reports.router,
    sign_in.router,
    oidc.router,
    invitations.router,
    accounts.router,
    users.router,
    users.portraits_router,
    teams.router,
    access_keys.router,
    roles.router,
    audit.router,
    licence.router,
    projects.router,
    quotas.router,
    password_pages.router,
    forgotten_password_page.router,
    sign_in_pages.router,
    library_page.router,
    job_pages.router,
    operations_pages.router,
    engine_pages.router,
    model_page.router,
    invitation_pages.router,
    users_page.router,
    user_pages.router,
    team_pages.router,
    member_pages.router,
    project_pages.router,
    key_pages.router,
    role_pages.router,
    account_pages.router,
    preset_pages.router,
    quota_pages.router,
    audit_pages.router,
    profile_page.router,
    deploy_uploads.router,  # before those of any panel
    deploy_pages.router,
    approval_pages.router,
    try_pages.router,
    guide_pages.router,
    styleguide_page.router,
)
_DESCRIPTION = "Send `Authorization: ApiKey <prefix>.<body>`; the first start of the server prints the first key."


def create_api(platform: Platform) -> FastAPI:
    """The ASGI application. Its life is the platform's: background work starts and ends with it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with platform.running():
            yield

    measures = Measures()
    app = _Api(
        title="modelyard",
        version=modelyard.__version__,
        description=_DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        default_response_class=Json,
        lifespan=lifespan,
        redirect_slashes=False,
        middleware=_middleware(platform, measures),
    )
    app.state.platform = platform
    app.state.measures = measures
    app.state.checking_trail = asyncio.Lock()
    app.state.body_memory = BodyMemory(max(platform.settings.body_memory_bytes, platform.settings.max_body_bytes))
    errors.install(app)
    page_routes.install(app)
    for router in ROUTERS:  # as they are: `include_router` would build each route again for every application
        app.router.routes.extend(router.routes)
    app.mount(MOUNT, static_files(), name="static")
    app.add_route("/api/docs", show_docs, include_in_schema=False)
    app.add_route("/", _to_library, include_in_schema=False)
    return app


class _Api(FastAPI):
    """Documents how callers prove who they are; checking it is the business of the guarded routes."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        document.setdefault("components", {})["securitySchemes"] = KEY_SCHEME
        return document


def _middleware(platform: Platform, measures: Measures) -> list[Middleware]:
    chain = [
        Middleware(RequestContext, measures=measures, is_encrypted=platform.settings.public_url.startswith("https:")),
        Middleware(TolerantPaths),
        Middleware(TimeLimits),
        Middleware(BodyLimit, max_bytes=platform.settings.max_body_bytes),
    ]
    if origins := platform.settings.cors_origins:
        cors = Middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "If-Match", "Modzy-Team-Id", "Range", "X-Request-Id"],
            expose_headers=["Content-Disposition", "Content-Range", "ETag", "Link", "X-Request-Id", "Retry-After"],
        )
        chain.insert(1, cors)
    return chain


async def _to_library(_request: object) -> Response:
    return RedirectResponse(LIBRARY)
