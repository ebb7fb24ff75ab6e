"""What `modelyard doctor` finds out about the servers that the settings name."""

from typing import Any

import pytest
from pydantic import SecretStr

from modelyard.entrypoints.cli.checks_elsewhere import findings_elsewhere
from modelyard.settings import Settings
from tests.mail_server import HOST, mail_server
from tests.servers import free_port


async def _found(settings: Settings, **changed: Any) -> dict[str, tuple[bool, str]]:
    findings = await findings_elsewhere(settings.model_copy(update=changed))
    assert all(finding.hint for finding in findings if not finding.ok)
    return {finding.code: (finding.ok, finding.text) for finding in findings}


async def test_nothing_is_set(settings: Settings) -> None:
    found = await _found(settings)

    assert {code: ok for code, (ok, _) in found.items()} == {"MAIL-01": True, "OIDC-01": True}


async def test_a_mail_server_that_answers(settings: Settings) -> None:
    with mail_server() as mailbox:
        url = f"smtp+insecure://{HOST}:{mailbox.port}"
        found = await _found(settings, smtp_url=url, mail_from="m@example.org", public_url="https://m.example.org")
        unknown = await _found(settings, smtp_url=url, mail_from="m@example.org")

    assert found["MAIL-01"] == (True, "The mail server lets us in.")
    assert found["MAIL-02"] == (True, "Letters lead people to https://m.example.org.")
    assert not unknown["MAIL-02"][0]
    assert mailbox.arrived == []


async def test_servers_that_are_away(settings: Settings) -> None:
    found = await _found(
        settings,
        smtp_url=f"smtp+insecure://{HOST}:{free_port()}",
        mail_from="m@example.org",
        oidc_issuer=f"http://127.0.0.1:{free_port()}",
        oidc_client_id="modelyard",
    )

    assert not found["MAIL-01"][0]
    assert "does not answer" in found["MAIL-01"][1]
    assert not found["OIDC-01"][0]


@pytest.mark.parametrize(
    "changed",
    [
        {"smtp_url": "pigeon://host", "mail_from": "m@example.org"},
        {"smtp_url": "smtp://user@host", "smtp_password": SecretStr(""), "mail_from": "m@example.org"},
        {"oidc_issuer": "http://login.example.org", "oidc_client_id": "modelyard"},
    ],
)
async def test_settings_that_cannot_be(settings: Settings, changed: dict[str, Any]) -> None:
    found = await _found(settings, **changed)

    assert list(found) == ["SETTINGS-01"]
    assert not found["SETTINGS-01"][0]
