"""One-time links in all their forms."""

import pytest

from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.one_time_link import read_link

TOKEN = "N01d3xAxhs8evKVMI0RbLZtEeAo3-_Go50CQ0P2aN8g"


@pytest.mark.parametrize("kind", ["invitations", "password-reset"])
@pytest.mark.parametrize("server", ["", "http://h:1", "https://h/models"])
def test_links_of_pages_and_of_the_api(kind: str, server: str) -> None:
    page = {"password-reset": "new-password"}.get(kind, kind)
    for path in (f"/{page}/{TOKEN}", f"/auth/{kind}/{TOKEN}/"):
        link = read_link(f" {server}{path}")
        assert (link.server, link.kind, link.token) == (server, kind, TOKEN)
        assert link.is_invitation is (kind == "invitations")
        assert TOKEN not in repr(link)


@pytest.mark.parametrize(
    "text",
    [
        "",
        TOKEN,
        f"http://h/{TOKEN}",
        "http://h/invitations/",
        f"http://h/invitations/{TOKEN}/x",
        f"ftp://h/invitations/{TOKEN}",
        f"http://h/invitations/../{TOKEN}",
        f"h/invitations/{TOKEN}",
        f"http://u:p@h/invitations/{TOKEN}",
    ],
)
def test_what_is_no_link(text: str) -> None:
    with pytest.raises(CommandFailed) as caught:
        read_link(text)

    assert caught.value.code == Exit.USAGE
    assert TOKEN not in caught.value.message
