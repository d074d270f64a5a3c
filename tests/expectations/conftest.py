"""Where gates tell what they found."""

import pytest

from tests.unit.web.doors import connect


@pytest.fixture(autouse=True)
def slack(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, "slack", {"review_channel": "#review"})
