"""Every page as people see it, light and dark, wide and narrow: axe finds nothing, and the console stays empty."""

from collections.abc import Callable

import pytest

from tests.browser.conftest import Site
from tests.browser.looking import NARROW, WIDE, Visitor

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("browser")]
LOOKS = {"light": (WIDE, False), "dark": (WIDE, True), "narrow": (NARROW, False), "narrow-dark": (NARROW, True)}


def pages(site: Site) -> dict[str, str]:
    """A path for each page, by the name of its picture."""
    model = site.model_path("sentiment")
    return {
        "library": "/models",
        "library-nothing": "/models?q=nosuchthinganywhere",
        "model": model,
        "try": f"{model}?part=try",
        "try-picture": f"{site.model_path('digits')}?part=try",
        "styleguide": "/styleguide",
        "guides": "/guides",
        "guide": "/guides/guide/library",
        "jobs": "/jobs",
        "operations": "/operations",
        "operations-nothing": "/operations?begin-date=2026-01-01&end-date=2026-01-02",
        "operations-engines": "/operations/engines?show=all",
        "operations-version": model.replace("/models/", "/operations/versions/"),
        "operations-alerts": "/operations/alerts",
        "people": "/people",
        "people-alice": f"/people/users/{site.email('Alice')}",
        "people-new": "/people/new",
        "people-teams": "/people/teams",
        "people-projects": "/people/projects",
        "people-roles": "/people/roles",
        "people-role-new": "/people/roles/new",
        "people-accounts": "/people/accounts",
        "people-account": f"/people/accounts/{site.account()}",
        "people-account-new": "/people/accounts/new",
        "people-presets": "/people/presets",
        "people-preset": "/people/presets/1",
        "people-quotas": "/people/quotas",
        "people-quota-new": "/people/quotas/new",
        "people-audit": "/people/audit",
        "profile": "/profile",
        "error": "/models/nosuchmodel/1.0.0",
    }


@pytest.mark.parametrize("look", LOOKS)
def test_pages_are_well_made(visit: Callable[..., Visitor], site: Site, look: str) -> None:
    width, dark = LOOKS[look]
    visitor = visit("Olga", width=width, dark=dark)
    found = {}

    for name, path in pages(site).items():
        visitor.open(path, 404 if name == "error" else 200)
        visitor.picture(f"{name}-{look}")
        found[name] = visitor.judge()

    assert {name: problems for name, problems in found.items() if problems} == {}


@pytest.mark.parametrize("look", LOOKS)
def test_the_page_to_sign_in_is_well_made(visit: Callable[..., Visitor], look: str) -> None:
    width, dark = LOOKS[look]
    visitor = visit(width=width, dark=dark)

    visitor.open("/models")

    visitor.picture(f"sign-in-{look}")
    assert visitor.judge() == []
