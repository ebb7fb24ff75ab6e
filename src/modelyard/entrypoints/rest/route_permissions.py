"""Which permission each route asks for. A route that is not in this table cannot be served."""

from enum import StrEnum

from modelyard.domain.accounts.permissions import Permission as May


class Open(StrEnum):
    """Who may call a route that asks for no permission."""

    PUBLIC = "public"
    """Everybody, without a key."""
    ANYONE = "any key"
    """Everybody who is known, with any role."""
    SIGNED_IN = "signed in"
    """A person with a session or a token, with any role; not a key."""


Rule = May | Open

_MODEL = "/api/models/{model_id}"
_VERSION = _MODEL + "/versions/{version}"
_WIZARD = "/deploy/{model_id}/{version}"
_TAG = "/api/models/tags/{tag}"
_SNAPSHOTS = _MODEL + "/snapshot-image"
_RESULTS = "/api/results/{job_id}"
_PROJECTS = "/api/accounting/projects"
_KEYS = "/api/accounting/access-keys"
_ROLES = "/api/accounting/roles"
_TEAMS = "/api/accounting/teams"
_USERS = "/api/accounting/users"
_ACCOUNTS = "/api/accounting/accounts"
_CARD = _VERSION + "/card"
_CARD_SCHEMA = _ACCOUNTS + "/{account}/card-schema"
_ACCOUNT_USERS = _ACCOUNTS + "/{account}/users"

ROUTES: dict[tuple[str, str], Rule] = {
    # pages
    ("GET", "/sign-in"): Open.PUBLIC,
    ("POST", "/sign-in"): Open.PUBLIC,
    ("POST", "/sign-out"): Open.SIGNED_IN,
    ("POST", "/team"): Open.SIGNED_IN,
    ("POST", "/theme"): Open.PUBLIC,
    ("GET", "/styleguide"): Open.ANYONE,
    ("GET", "/models"): May.READ_MODELS,
    ("GET", "/models/permalink/{permalink}"): May.READ_MODELS,
    ("GET", "/models/{model_id}"): May.READ_MODELS,
    ("GET", "/jobs"): May.READ_JOBS,
    ("GET", "/jobs/{job_id}"): May.READ_JOBS,
    ("POST", "/jobs/{job_id}/cancel"): May.CANCEL_JOBS,
    ("POST", "/jobs/{job_id}/retry"): May.SUBMIT_JOBS,
    ("GET", "/models/{model_id}/{version}"): May.READ_MODELS,
    # pages of people
    ("GET", "/people"): May.READ_USERS,
    ("GET", "/people/new"): May.MANAGE_USERS,
    ("POST", "/people/new"): May.MANAGE_USERS,
    ("GET", "/people/users/{user}"): May.READ_USERS,
    ("POST", "/people/users/{user}"): May.MANAGE_USERS,
    ("POST", "/people/users/{user}/status"): May.MANAGE_USERS,
    ("POST", "/people/users/{user}/link"): May.MANAGE_USERS,
    ("GET", "/people/teams"): May.READ_TEAMS,
    ("POST", "/people/teams"): May.MANAGE_TEAMS,
    ("GET", "/people/teams/{team}"): May.READ_TEAMS,
    ("POST", "/people/teams/{team}"): May.MANAGE_TEAMS,
    ("POST", "/people/teams/{team}/delete"): May.MANAGE_TEAMS,
    ("POST", "/people/teams/{team}/members"): May.MANAGE_TEAMS,
    ("GET", "/people/teams/{team}/members/{user}"): May.MANAGE_TEAMS,
    ("POST", "/people/teams/{team}/members/{user}"): May.MANAGE_TEAMS,
    ("POST", "/people/teams/{team}/members/{user}/remove"): May.MANAGE_TEAMS,
    ("GET", "/people/projects"): May.READ_PROJECTS,
    ("POST", "/people/projects"): May.CREATE_PROJECTS,
    ("GET", "/people/projects/{project}"): May.READ_PROJECTS,
    ("POST", "/people/projects/{project}"): May.MANAGE_PROJECTS,
    ("POST", "/people/projects/{project}/delete"): May.MANAGE_PROJECTS,
    ("POST", "/people/projects/{project}/members"): May.MANAGE_PROJECTS,
    ("POST", "/people/projects/{project}/members/{user}/remove"): May.MANAGE_PROJECTS,
    ("POST", "/people/projects/{project}/keys"): May.MANAGE_PROJECTS,
    ("GET", "/people/keys/{prefix}"): May.READ_KEYS,
    ("POST", "/people/keys/{prefix}"): May.READ_KEYS,  # owners change other members than administrators
    ("POST", "/people/keys/{prefix}/status"): May.MANAGE_KEYS,
    ("GET", "/people/roles"): May.READ_ROLES,
    ("POST", "/people/roles"): May.MANAGE_ROLES,
    ("GET", "/people/roles/new"): May.MANAGE_ROLES,
    ("GET", "/people/roles/{role}"): May.READ_ROLES,
    ("POST", "/people/roles/{role}"): May.MANAGE_ROLES,
    ("POST", "/people/roles/{role}/delete"): May.MANAGE_ROLES,
    ("GET", "/people/accounts"): May.READ_ACCOUNTS,
    ("POST", "/people/accounts"): May.MANAGE_ACCOUNTS,
    ("GET", "/people/accounts/new"): May.MANAGE_ACCOUNTS,
    ("GET", "/people/accounts/{account}"): May.READ_ACCOUNTS,
    ("POST", "/people/accounts/{account}"): May.MANAGE_ACCOUNTS,
    ("POST", "/people/accounts/{account}/status"): May.MANAGE_ACCOUNTS,
    ("GET", "/people/presets"): May.READ_PRESETS,
    ("POST", "/people/presets"): May.MANAGE_PRESETS,
    ("GET", "/people/presets/new"): May.MANAGE_PRESETS,
    ("GET", "/people/presets/{preset}"): May.MANAGE_PRESETS,
    ("POST", "/people/presets/{preset}"): May.MANAGE_PRESETS,
    ("POST", "/people/presets/{preset}/delete"): May.MANAGE_PRESETS,
    ("GET", "/people/quotas"): May.READ_QUOTAS,
    ("POST", "/people/quotas"): May.MANAGE_QUOTAS,
    ("GET", "/people/quotas/new"): May.MANAGE_QUOTAS,
    ("GET", "/people/quotas/{quota_id}"): May.MANAGE_QUOTAS,
    ("POST", "/people/quotas/{quota_id}"): May.MANAGE_QUOTAS,
    ("POST", "/people/quotas/{quota_id}/delete"): May.MANAGE_QUOTAS,
    ("GET", "/people/audit"): May.READ_AUDIT,
    ("POST", "/people/audit/check"): May.READ_AUDIT,  # of the whole installation, asked by the page
    ("GET", "/profile"): May.USE_PROFILE,
    ("POST", "/profile"): May.USE_PROFILE,
    ("POST", "/profile/password"): Open.SIGNED_IN,
    ("POST", "/profile/teams/{team}/leave"): Open.SIGNED_IN,
    ("POST", "/profile/sessions/end-others"): Open.SIGNED_IN,
    ("POST", "/profile/sessions/{session_id}/end"): Open.SIGNED_IN,
    ("POST", "/profile/keys/{prefix}/body"): May.USE_PROFILE,
    ("GET", "/profile/keys/{prefix}/replace"): May.USE_PROFILE,
    ("POST", "/profile/keys/{prefix}/replace"): May.USE_PROFILE,
    ("GET", "/deploy"): May.DEPLOY_MODELS,
    ("POST", "/deploy"): May.DEPLOY_MODELS,
    ("POST", "/deploy/preview"): May.DEPLOY_MODELS,
    ("GET", "/deploy/{model_id}"): May.DEPLOY_MODELS,
    ("POST", "/deploy/{model_id}"): May.DEPLOY_MODELS,
    ("GET", _WIZARD): May.DEPLOY_MODELS,
    ("GET", _WIZARD + "/{panel}"): May.DEPLOY_MODELS,
    ("POST", _WIZARD + "/{panel}"): May.DEPLOY_MODELS,
    ("POST", _WIZARD + "/image"): May.DEPLOY_MODELS,
    ("POST", _WIZARD + "/test-files"): May.DEPLOY_MODELS,
    ("POST", _WIZARD + "/picture"): May.DEPLOY_MODELS,
    ("GET", _WIZARD + "/outputs/{position}"): May.DEPLOY_MODELS,
    ("GET", "/approvals"): May.APPROVE_MODELS,
    ("POST", "/approvals/{model_id}/{version}"): May.APPROVE_MODELS,
    ("GET", "/models/{model_id}/{version}/try"): May.READ_MODELS,
    ("POST", "/models/{model_id}/{version}/try"): May.SUBMIT_JOBS,
    ("GET", "/jobs/{job_id}/input"): May.READ_JOBS,
    ("GET", "/operations"): May.READ_JOBS,
    ("GET", "/operations/alerts"): May.READ_JOBS,
    ("GET", "/operations/engines"): May.READ_ENGINES,
    ("GET", "/operations/engines/{engine}"): May.READ_ENGINES,
    ("GET", "/operations/versions/{model_id}/{version}"): May.READ_ENGINES,
    ("POST", "/operations/versions/{model_id}/{version}"): May.SET_ENGINES,
    # health
    ("GET", "/healthz"): Open.PUBLIC,
    ("GET", "/readyz"): Open.PUBLIC,
    ("GET", "/metrics"): May.READ_MEASURES,
    # signing in
    ("POST", "/auth/sign-in"): Open.PUBLIC,
    ("POST", "/auth/sign-out"): Open.SIGNED_IN,
    ("GET", "/auth/session"): Open.SIGNED_IN,
    ("PATCH", "/auth/session"): Open.SIGNED_IN,
    ("GET", "/auth/sessions"): Open.SIGNED_IN,
    ("DELETE", "/auth/sessions"): Open.SIGNED_IN,
    ("DELETE", "/auth/sessions/{session_id}"): Open.SIGNED_IN,
    ("GET", "/auth/token"): Open.SIGNED_IN,
    ("POST", "/auth/password"): Open.SIGNED_IN,
    ("GET", "/auth/oidc/start"): Open.PUBLIC,
    ("GET", "/auth/oidc/callback"): Open.PUBLIC,
    # teams
    ("GET", _TEAMS): May.READ_TEAMS,
    ("POST", _TEAMS): May.MANAGE_TEAMS,
    ("GET", _TEAMS + "/{team}"): May.READ_TEAMS,
    ("PATCH", _TEAMS + "/{team}"): May.MANAGE_TEAMS,
    ("DELETE", _TEAMS + "/{team}"): May.MANAGE_TEAMS,
    ("GET", _TEAMS + "/{team}/members"): May.READ_TEAMS,
    ("PUT", _TEAMS + "/{team}/members/{user}"): May.MANAGE_TEAMS,
    ("DELETE", _TEAMS + "/{team}/members/{user}"): May.MANAGE_TEAMS,
    # API keys
    ("GET", _KEYS): May.READ_KEYS,
    ("GET", _KEYS + "/user/{email}"): May.READ_KEYS,
    ("GET", _KEYS + "/{prefix}"): May.READ_KEYS,
    ("PATCH", _KEYS + "/{prefix}"): May.READ_KEYS,  # owners change other members than administrators
    ("DELETE", _KEYS + "/{prefix}"): May.MANAGE_KEYS,
    ("PUT", _KEYS + "/{prefix}/roles"): May.ASSIGN_ROLES,
    ("POST", _KEYS + "/{prefix}/hash"): May.USE_PROFILE,
    ("POST", _KEYS + "/{prefix}/replace"): May.USE_PROFILE,
    ("GET", "/invitations/{token}"): Open.PUBLIC,
    ("POST", "/invitations/{token}"): Open.PUBLIC,
    ("GET", "/new-password"): Open.PUBLIC,
    ("POST", "/new-password"): Open.PUBLIC,
    ("GET", "/new-password/{token}"): Open.PUBLIC,
    ("POST", "/new-password/{token}"): Open.PUBLIC,
    ("GET", "/auth/invitations/{token}"): Open.PUBLIC,
    ("POST", "/auth/invitations/{token}"): Open.PUBLIC,
    ("POST", "/auth/password-reset"): Open.PUBLIC,
    ("GET", "/auth/password-reset/{token}"): Open.PUBLIC,
    ("POST", "/auth/password-reset/{token}"): Open.PUBLIC,
    # users: what people may do to themselves is open to all, and asked in the domain
    ("GET", "/api/accounting/profile"): May.USE_PROFILE,
    ("PATCH", "/api/accounting/profile"): May.USE_PROFILE,
    ("GET", _USERS): May.READ_USERS,
    ("POST", _USERS + "/search"): May.READ_USERS,
    ("GET", _USERS + "/{user}"): May.READ_USERS,
    ("POST", _USERS + "/{user}/picture"): Open.ANYONE,
    ("GET", "/api/portraits/{address}"): Open.PUBLIC,
    ("POST", _ACCOUNT_USERS): May.MANAGE_USERS,
    ("PATCH", _ACCOUNT_USERS + "/{user}"): Open.ANYONE,
    ("DELETE", _ACCOUNT_USERS + "/{user}"): May.MANAGE_USERS,
    ("POST", _ACCOUNT_USERS + "/{user}/invitation"): May.MANAGE_USERS,
    ("POST", _ACCOUNT_USERS + "/{user}/password-reset"): May.MANAGE_USERS,
    # accounts
    ("GET", _ACCOUNTS): May.READ_ACCOUNTS,
    ("POST", _ACCOUNTS): May.MANAGE_ACCOUNTS,
    ("GET", _ACCOUNTS + "/{account}"): May.READ_ACCOUNTS,
    ("PATCH", _ACCOUNTS + "/{account}"): May.MANAGE_ACCOUNTS,
    # roles
    ("GET", "/api/accounting/entitlements"): Open.ANYONE,
    ("GET", _ROLES): May.READ_ROLES,
    ("POST", _ROLES): May.MANAGE_ROLES,
    ("GET", _ROLES + "/{role}"): May.READ_ROLES,
    ("PATCH", _ROLES + "/{role}"): May.MANAGE_ROLES,
    ("DELETE", _ROLES + "/{role}"): May.MANAGE_ROLES,
    # models
    ("GET", "/api/models"): May.READ_MODELS,
    ("POST", "/api/models"): May.DEPLOY_MODELS,
    ("GET", "/api/models/latest"): May.READ_MODELS,
    ("GET", "/api/models/all/versions/all"): May.READ_MODELS,
    ("GET", "/api/models/permalink/{permalink}"): May.READ_MODELS,
    ("GET", "/api/models/deleted"): May.CHANGE_MODELS,
    ("GET", "/api/models/processing-engines"): May.READ_MODELS,
    # hardware presets
    ("GET", "/api/models/requirements"): May.READ_PRESETS,
    ("POST", "/api/models/requirements"): May.MANAGE_PRESETS,
    ("GET", "/api/models/requirements/account"): May.READ_MODELS,
    ("PATCH", "/api/models/requirements/{preset}"): May.MANAGE_PRESETS,
    ("DELETE", "/api/models/requirements/{preset}"): May.MANAGE_PRESETS,
    ("PUT", "/api/models/requirements/{preset}/accounts"): May.MANAGE_PRESETS,
    ("PUT", "/api/models/requirements/{preset}/models"): May.MANAGE_PRESETS,
    ("GET", _MODEL + "/requirements"): May.READ_MODELS,
    # tags and single models
    ("GET", "/api/models/tags"): Open.PUBLIC,
    ("GET", "/api/models/tags/{tag_ids}"): Open.PUBLIC,
    ("GET", "/api/models/tag-counts"): Open.PUBLIC,
    ("GET", "/api/models/facets"): May.READ_MODELS,
    ("GET", "/api/models/search"): May.READ_MODELS,
    ("PATCH", _TAG): May.MANAGE_TAGS,
    ("DELETE", _TAG): May.MANAGE_TAGS,
    ("POST", _TAG + "/merge"): May.MANAGE_TAGS,
    ("POST", _TAG + "/image"): May.MANAGE_TAGS,
    ("DELETE", _TAG + "/image"): May.MANAGE_TAGS,
    ("GET", _MODEL): May.READ_MODELS,
    ("PATCH", _MODEL): May.CHANGE_MODELS,
    ("DELETE", _MODEL): May.CHANGE_MODELS,  # for good only administrators, asked in the domain
    ("POST", _MODEL + "/restore"): May.CHANGE_MODELS,
    ("GET", _MODEL + "/related-models"): May.READ_MODELS,
    ("GET", _MODEL + "/export"): May.CHANGE_MODELS,
    ("POST", "/api/models/import"): May.DEPLOY_MODELS,
    ("GET", _MODEL + "/visibility"): May.READ_MODELS,
    ("PATCH", _MODEL + "/visibility"): May.CHANGE_MODELS,
    ("GET", _MODEL + "/timeline"): May.READ_MODELS,
    # pictures
    ("GET", _MODEL + "/image"): May.READ_MODELS,
    ("POST", _MODEL + "/image"): May.CHANGE_MODELS,
    ("PATCH", _MODEL + "/image"): May.CHANGE_MODELS,
    ("DELETE", _MODEL + "/image"): May.CHANGE_MODELS,
    ("GET", _SNAPSHOTS): May.READ_MODELS,
    ("POST", _SNAPSHOTS): May.CHANGE_MODELS,
    ("PUT", _SNAPSHOTS): May.CHANGE_MODELS,
    ("PATCH", _SNAPSHOTS + "/{picture}"): May.CHANGE_MODELS,
    ("DELETE", _SNAPSHOTS + "/{picture}"): May.CHANGE_MODELS,
    ("GET", _ACCOUNTS + "/{account}/logo"): May.READ_ACCOUNTS,
    ("POST", _ACCOUNTS + "/{account}/logo"): May.MANAGE_TEAMS,
    ("DELETE", _ACCOUNTS + "/{account}/logo"): May.MANAGE_TEAMS,
    ("GET", "/api/pictures/{address}"): Open.PUBLIC,
    # versions
    ("GET", _MODEL + "/versions"): May.READ_MODELS,
    ("POST", _MODEL + "/versions"): May.DEPLOY_MODELS,
    ("GET", _VERSION): May.READ_MODELS,
    ("PATCH", _VERSION): May.CHANGE_MODELS,
    ("DELETE", _VERSION): May.CHANGE_MODELS,
    ("GET", _MODEL + "/versions/deleted"): May.CHANGE_MODELS,
    ("POST", _VERSION + "/restore"): May.CHANGE_MODELS,
    ("POST", _VERSION + "/clone"): May.DEPLOY_MODELS,
    ("PATCH", _VERSION + "/processing"): May.SET_ENGINES,
    ("GET", _VERSION + "/sample-input"): May.READ_MODELS,
    ("PUT", _VERSION + "/sample-input"): May.CHANGE_MODELS,
    ("GET", _VERSION + "/sample-output"): May.READ_MODELS,
    ("PUT", _VERSION + "/sample-output"): May.CHANGE_MODELS,
    ("GET", _VERSION + "/diff/{other}"): May.READ_MODELS,
    # model cards
    ("GET", _CARD): May.READ_MODELS,
    ("PUT", _CARD): May.CHANGE_MODELS,
    ("GET", _CARD + "/revisions"): May.READ_MODELS,
    ("GET", _CARD + "/revisions/{revision}"): May.READ_MODELS,
    ("GET", _CARD + "/compare"): May.READ_MODELS,
    ("GET", _CARD + "/problems"): May.READ_MODELS,
    ("GET", _CARD + "/export"): May.READ_MODELS,
    ("GET", _CARD_SCHEMA): May.READ_ACCOUNTS,
    ("PUT", _CARD_SCHEMA): May.MANAGE_CARD_SCHEMA,
    ("DELETE", _CARD_SCHEMA): May.MANAGE_CARD_SCHEMA,
    # approvals
    ("GET", "/api/models/approvals"): May.APPROVE_MODELS,
    ("GET", _VERSION + "/approvals"): May.READ_MODELS,
    ("POST", _VERSION + "/approvals"): May.APPROVE_MODELS,
    # deployment
    ("GET", _VERSION + "/container-image"): May.READ_MODELS,
    ("POST", _VERSION + "/container-image"): May.DEPLOY_MODELS,
    ("GET", _VERSION + "/load-process"): May.READ_MODELS,
    ("POST", _VERSION + "/load-process"): May.DEPLOY_MODELS,
    ("GET", _VERSION + "/run-process"): May.READ_MODELS,
    ("POST", _VERSION + "/run-process"): May.DEPLOY_MODELS,
    ("POST", _VERSION + "/testInput"): May.DEPLOY_MODELS,
    ("GET", _VERSION + "/report"): May.READ_MODELS,
    # jobs and results
    ("GET", "/api/jobs"): May.READ_JOBS,
    ("POST", "/api/jobs"): May.SUBMIT_JOBS,
    ("DELETE", "/api/jobs"): May.CANCEL_JOBS,
    ("GET", "/api/jobs/features"): Open.ANYONE,
    ("GET", "/api/jobs/history"): May.READ_JOBS,
    ("GET", "/api/jobs/history/{job_id}"): May.READ_JOBS,
    ("GET", "/api/jobs/statistics"): May.READ_JOBS,
    ("GET", "/api/jobs/statistics/{prefix}"): May.READ_JOBS,
    ("GET", "/api/jobs/{job_id}"): May.READ_JOBS,
    ("DELETE", "/api/jobs/{job_id}"): May.CANCEL_JOBS,
    ("POST", "/api/jobs/{job_id}/close"): May.SUBMIT_JOBS,
    ("POST", "/api/jobs/{job_id}/retry"): May.SUBMIT_JOBS,
    ("POST", "/api/jobs/{job_id}/{item_name:path}/{input_name}"): May.SUBMIT_JOBS,
    ("GET", "/api/jobs/{job_id}/{item_name:path}/{input_name}"): May.READ_JOBS,
    ("GET", _RESULTS): May.READ_JOBS,
    ("GET", _RESULTS + "/results.jsonl"): May.READ_JOBS,
    ("GET", _RESULTS + "/results.csv"): May.READ_JOBS,
    ("GET", _RESULTS + "/outputs.zip"): May.READ_JOBS,
    ("POST", _RESULTS + "/upvote/{item_name:path}"): May.VOTE_ON_RESULTS,
    ("POST", _RESULTS + "/downvote/{item_name:path}"): May.VOTE_ON_RESULTS,
    ("GET", _RESULTS + "/vote/{item_name:path}"): May.READ_JOBS,
    ("DELETE", _RESULTS + "/vote/{item_name:path}"): May.VOTE_ON_RESULTS,
    ("GET", _RESULTS + "/datasource/{item_name:path}"): May.READ_JOBS,
    ("GET", _RESULTS + "/datasource/{item_name:path}/output/{output_name}"): May.READ_JOBS,
    ("HEAD", _RESULTS + "/datasource/{item_name:path}/output/{output_name}"): May.READ_JOBS,
    ("GET", _RESULTS + "/{item_name:path}/{output_name}"): May.READ_JOBS,
    ("HEAD", _RESULTS + "/{item_name:path}/{output_name}"): May.READ_JOBS,
    ("GET", "/api/license"): Open.ANYONE,
    # projects
    ("GET", _PROJECTS): May.READ_PROJECTS,
    ("POST", _PROJECTS): May.CREATE_PROJECTS,
    ("GET", _PROJECTS + "/{project}"): May.READ_PROJECTS,
    ("PATCH", _PROJECTS + "/{project}"): May.MANAGE_PROJECTS,
    ("DELETE", _PROJECTS + "/{project}"): May.MANAGE_PROJECTS,
    ("PUT", _PROJECTS + "/{project}/members/{user}"): May.MANAGE_PROJECTS,
    ("DELETE", _PROJECTS + "/{project}/members/{user}"): May.MANAGE_PROJECTS,
    ("POST", _PROJECTS + "/{project}/access-keys"): May.MANAGE_PROJECTS,
    ("GET", _PROJECTS + "/{project}/statistics"): May.READ_PROJECTS,
    # quotas
    ("GET", "/api/accounting/quotas"): May.READ_QUOTAS,
    ("POST", "/api/accounting/quotas"): May.MANAGE_QUOTAS,
    ("GET", "/api/accounting/quotas/{quota_id}"): May.READ_QUOTAS,
    ("PATCH", "/api/accounting/quotas/{quota_id}"): May.MANAGE_QUOTAS,
    ("DELETE", "/api/accounting/quotas/{quota_id}"): May.MANAGE_QUOTAS,
    # the audit trail
    ("GET", "/api/audit"): May.READ_AUDIT,
    ("GET", "/api/audit/export"): May.READ_AUDIT,
    # engines
    ("GET", "/api/resources/processing/engines"): May.READ_ENGINES,
    ("GET", "/api/resources/processing/models"): May.READ_ENGINES,
    ("GET", "/api/resources/processing/engines/{engine}/logs"): May.READ_ENGINES,
    ("GET", "/api/resources/processing/nodes"): May.READ_ENGINES,
    # dashboards
    ("GET", "/api/metrics/data-processed"): May.READ_JOBS,
    ("GET", "/api/metrics/predictions-made"): May.READ_JOBS,
    ("GET", "/api/metrics/active-users"): May.READ_JOBS,
    ("GET", "/api/metrics/active-models"): May.READ_JOBS,
    ("GET", "/api/metrics/prometheus/{metric}"): May.READ_ENGINES,
    ("GET", "/api/notifications/alerts"): May.READ_JOBS,
    ("GET", "/api/notifications/alerts/{alert_type}"): May.READ_JOBS,
}


def rule_of(method: str, path: str) -> Rule:
    """What a route asks for. Raises LookupError for one that is not in the table."""
    try:
        return ROUTES[method, path]
    except KeyError:
        raise LookupError(f"{method} {path} is missing in route_permissions.py: say who may call it") from None
