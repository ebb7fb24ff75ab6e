"""The guide's way of checking a callback agrees with how callbacks are signed."""

import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from modelyard.domain.jobs.callback_signing import key_of_secret, signed_headers

GUIDE = Path(__file__).parents[3] / "docs/guide/job-callbacks.md"


@pytest.mark.parametrize("secret", ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a secret of plain text"])
def test_the_guide_checks_signatures(secret: str) -> None:
    snippet = re.search(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert snippet is not None
    names: dict[str, Any] = {}
    exec(snippet[1], names)  # noqa: S102 - our own guide
    is_genuine, key = names["is_genuine"], key_of_secret(secret)

    headers = signed_headers("msg", datetime.now(UTC), b"{}", key)
    assert is_genuine(headers, b"{}", secret)
    assert not is_genuine(headers, b"{} ", secret)
    assert not is_genuine(headers, b"{}", "another secret of theirs")
    old = signed_headers("msg", datetime.fromtimestamp(time.time() - 400, UTC), b"{}", key)
    assert not is_genuine(old, b"{}", secret)
