"""Every setting, its default and its meaning; the only file that reads the environment.

A setting `NAME` is read from `MODELYARD_NAME`, or from the file that `MODELYARD_NAME_FILE` names.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from sqlalchemy import URL

from modelyard.core.database_address import DatabaseAddressUnusable, read_database_address
from modelyard.core.destination_rules import Group, parse_rules
from modelyard.core.destinations import DENIED_BY_DEFAULT
from modelyard.core.group_teams import GroupTeam, parse_group_teams

_PREFIX = "MODELYARD_"
WordList = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """What an operator can set."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True
    )

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on.")
    data_dir: Path = Field(Path("var"), description="Directory of the embedded database and all files.")
    database_url: SecretStr = Field(
        SecretStr(""),
        description="Address of a database, `postgresql://user:password@host/database` or `sqlite:///file.db`; "
        "empty: SQLite below the data directory.",
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Key that seals credentials; empty: made in `secret.key` of the data directory.",
    )
    previous_secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="Earlier secret keys, with commas between, until `modelyard rotate-secret` has run."
    )
    admin_email: str = Field("admin@example.org", description="First administrator, used at the first start only.")
    admin_password: SecretStr = Field(SecretStr(""), description="Password of the first administrator.")
    admin_api_key: SecretStr = Field(
        SecretStr(""),
        description="First API key as `prefix.body`; empty: made and printed once at the first start.",
    )
    account_name: str = Field("local", description="Name of the account, made at the first start.")
    public_url: str = Field("", description="Address under which people reach the server; empty: as each request says.")
    session_idle_minutes: int = Field(60, gt=0, description="Who does nothing for so long is signed out.")
    session_hours: int = Field(12, gt=0, description="Signing in holds for so long at most.")
    token_minutes: int = Field(60, gt=0, description="How long a token of `/auth/token` holds.")
    invitation_hours: int = Field(72, gt=0, description="How long an invitation can be accepted.")
    password_reset_minutes: int = Field(60, gt=0, description="How long a link to a new password holds.")
    processing_engines: int = Field(
        64, ge=0, description="Licence: engines of an account in total, unless set for the account."
    )
    smtp_url: str = Field(
        "",
        description="Mail server as `smtp://user@host:587` (STARTTLS), `smtps://…` (TLS from the start) or "
        "`smtp+insecure://…` (unprotected); empty: no mail, links are shown to administrators instead.",
    )
    smtp_password: SecretStr = Field(SecretStr(""), description="Password of the user at the mail server.")
    mail_from: str = Field("", description="Sender of mail as `Name <address>`; needed where a mail server is set.")
    oidc_issuer: str = Field(
        "", description="Issuer of an OpenID provider through which people sign in, an https address; empty: none."
    )
    oidc_client_id: str = Field("", description="Client id under which this server is registered at the provider.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="Secret of that client; empty: it has none.")
    oidc_scopes: str = Field(
        "openid email profile",
        description="What the provider is asked for; add its scope for groups (often `groups`) where it has one.",
    )
    oidc_groups_claim: str = Field("groups", description="Claim with a person's groups; dots lead into objects.")
    oidc_teams: Annotated[tuple[GroupTeam, ...], NoDecode] = Field(
        (),
        description="Teams and roles that groups of the provider give, as `group=Team:ROLE,ROLE;group=Team:ROLE`.",
    )
    oidc_required_email_verified: bool = Field(
        True, description="People whose e-mail address the provider has not verified cannot sign in through it."
    )
    oidc_button: str = Field("Single sign-on", description="What the button says that leads to the provider.")
    sign_in_failures_per_address: int = Field(
        30, gt=0, description="Failed sign-ins within five minutes after which an address has to wait."
    )
    sign_in_failures_per_account: int = Field(
        100,
        gt=0,
        description="Failed sign-ins within five minutes, from all addresses together, after which an account has to "
        "wait, but for where somebody signed in to it lately.",
    )
    sign_in_failures_per_account_there: int = Field(
        10, gt=0, description="The same from one address, after which the account has to wait there."
    )
    trusted_proxies: WordList = Field(
        (), description="Addresses of reverse proxies whose word about where a request comes from is taken."
    )
    wrong_keys_per_address: int = Field(
        30, gt=0, description="Different wrong API keys within five minutes after which an address has to wait."
    )
    wrong_keys_per_prefix: int = Field(
        10, gt=0, description="The same for wrong bodies of one key; the right body is never held up by it."
    )
    cors_origins: WordList = Field((), description="Web origins that may call the API from a browser; `*` for all.")
    storage_url: str = Field(
        "",
        description="Where large inputs, outputs and pictures are kept: `file:///directory` or `s3://bucket/path` "
        "(keys and endpoint from the AWS_… variables); empty: the data directory. Servers of one database share it.",
    )
    runtime_socket: str = Field("", description="Socket of podman or docker; empty: the first that is found.")
    docker_host: str = Field("", validation_alias="DOCKER_HOST", description="As docker's own client reads it.")
    insecure_registries: WordList = Field((), description="`host:port` of image registries that speak plain http.")
    image_copies: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Whether the store of files keeps copies of images that other servers cannot pull (uploads, and "
        "those that need a password); auto: with PostgreSQL and MODELYARD_STORAGE_URL.",
    )
    max_connections_per_address: int = Field(
        200,
        ge=0,
        description="Connections that one address may have at once, unless MODELYARD_TRUSTED_PROXIES names it; "
        "0: any number, for servers behind a proxy that is not named there by its very address.",
    )
    max_body_bytes: int = Field(67_108_864, gt=0, description="Largest JSON body of a request.")
    body_memory_bytes: int = Field(
        536_870_912,
        gt=0,
        description="JSON bodies of more than 64 kB that are in memory at the same time, together; others have to come "
        "again. One user may have half of it.",
    )
    max_upload_bytes: int = Field(53_687_091_200, gt=0, description="Largest uploaded container image.")
    max_test_input_bytes: int = Field(1_073_741_824, gt=0, description="Largest test file of a version.")
    destinations_denied: WordList = Field(
        tuple(DENIED_BY_DEFAULT),
        description="Where inputs are never fetched from, callbacks never sent to: hosts (`*.example.org`), networks "
        f"(`10.0.0.0/8`) and the words {', '.join(Group)}; each may end with `:port`.",
    )
    destinations_allowed: WordList = Field(
        (), description="Exceptions from what is denied, in the same form; `all` denied, only these can be reached."
    )
    fetch_seconds: float = Field(
        60,
        gt=0,
        description="An input that its source does not deliver within this time, with all tries, fails its item; "
        "large ones have a second more for each MiB that arrives.",
    )
    fetch_concurrency: int = Field(
        32, gt=0, description="Inputs that are fetched from sources at the same time; a quarter of them for one user."
    )
    sqlite_sources: Path | None = Field(
        None, description="Directory of the SQLite files that inputs may come from; empty: they come from none."
    )
    max_items_per_job: int = Field(100_000, gt=0, description="Most items of one job.")
    input_retention_hours: int = Field(24, ge=1, description="Inputs of a finished job are deleted after this time.")
    open_job_hours: float = Field(
        24, gt=0, description="A job to which nothing is uploaded for so long is canceled if it was not closed."
    )
    max_open_jobs_per_user: int = Field(
        100, gt=0, description="Most jobs of one user that inputs are being uploaded to."
    )
    result_retention_days: int = Field(
        0, ge=0, le=36_500, description="Results are deleted so many days after the end of their job; 0: never."
    )
    job_retention_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="Jobs are deleted, with items, results and votes, so many days after their end; 0: never.",
    )
    engine_retention_days: int = Field(
        30, ge=0, le=36_500, description="Engines that have ended are forgotten after so many days; 0: never."
    )
    audit_retention_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="Audit events are removed after so many days; 0: never, since no law asks for the same time "
        "everywhere and nothing brings them back. A million events take about 1 GB.",
    )
    usage_retention_days: int = Field(
        0, ge=0, le=36_500, description="Sums of what was done on a day are deleted after so many days; 0: never."
    )
    use_sample_seconds: int = Field(
        30, ge=5, le=3600, description="How often processor and memory of machines and engines are written down."
    )
    use_sample_days: int = Field(
        14, ge=1, le=366, description="Those samples are deleted after so many days, of single engines after two."
    )
    stuck_job_minutes: float = Field(
        30, gt=0, le=525_600, description="A job that waits or runs is called stuck when nothing happens for so long."
    )
    expiration_alert_days: int = Field(
        14, ge=0, le=3650, description="So many days before a model expires, people are told."
    )
    engine_idle_seconds: float = Field(
        60, ge=0, description="An engine above the minimum stops after doing nothing for this time."
    )
    engine_standby: int = Field(
        4,
        ge=0,
        description="So many engines that nobody needs any more are paused instead of stopped; each keeps its memory.",
    )
    engine_standby_seconds: float = Field(
        300, ge=0, description="A paused engine is stopped after this time; 0: at once."
    )
    engine_log_bytes: int = Field(1_000_000, gt=0, description="How much output of each container is kept.")
    engine_processes: int = Field(512, gt=0, description="Most processes and threads in one container.")
    work_concurrency: int = Field(4, gt=0, description="Imports and tests that run at the same time.")
    test_report_seconds: float = Field(
        60, ge=0, le=115, description="After a run test has passed, load is measured for so long at most; 0: never."
    )
    drain_seconds: float = Field(6, ge=0, description="After SIGTERM, what runs may finish for this time.")
    log_json: bool = Field(False, description="Logs as JSON lines instead of readable text.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least important log lines shown: debug, info, warning, error."
    )

    @field_validator(
        "cors_origins",
        "trusted_proxies",
        "insecure_registries",
        "previous_secret_keys",
        "destinations_denied",
        "destinations_allowed",
        mode="before",
    )
    @classmethod
    def _split_words(cls, value: Any) -> Any:
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value

    @field_validator("oidc_teams", mode="before")
    @classmethod
    def _parse_teams(cls, value: Any) -> Any:
        return parse_group_teams(value) if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _check_address(cls, value: SecretStr) -> SecretStr:
        if value:
            try:
                read_database_address(value.get_secret_value())
            except DatabaseAddressUnusable as error:
                raise ValueError(error.message) from None
        return value

    @field_validator("destinations_denied", "destinations_allowed")
    @classmethod
    def _check_rules(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        parse_rules(value)
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("admin_api_key")
    @classmethod
    def _check_key(cls, value: SecretStr) -> SecretStr:
        parts = value.get_secret_value().split(".")
        if value.get_secret_value() and (len(parts) != 2 or min(map(len, parts)) < 8):
            raise ValueError("must be prefix.body, at least 8 letters or digits each")
        return value

    def keeps_image_copies(self) -> bool:
        """Whether images that other servers cannot pull are kept in the store of files."""
        is_shared = bool(self.storage_url) and self.database_address().get_backend_name() != "sqlite"
        return is_shared if self.image_copies == "auto" else self.image_copies == "always"

    def database_address(self) -> URL:
        """Where the database is, with its driver."""
        own = f"sqlite:///{self.data_dir.resolve() / 'modelyard.db'}"
        return read_database_address(self.database_url.get_secret_value() or own)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _FileSource(settings_cls)


class _FileSource(EnvSettingsSource):
    """Reads `MODELYARD_NAME_FILE`, as container platforms mount secrets."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"{_PREFIX}{field_name.upper()}_FILE")
        if path is None:
            return None, field_name, False
        return Path(path).read_text(encoding="utf-8").strip(), field_name, False
