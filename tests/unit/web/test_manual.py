"""The documentation in the web app: every page is there, every link leads somewhere, and a page can do nothing."""

import re
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from handoff.settings import REPOSITORY, settings
from handoff.web.app import PREFIX
from handoff.web.pages import manual
from tests.unit.web.board_data import COOKIE, site

DOCS = REPOSITORY / "docs"
NAMES = sorted(path.stem for path in DOCS.glob("*.md"))


def get(path: str) -> httpx.Response:
    with TestClient(site(), cookies={COOKIE: "reader"}) as client:
        answer: httpx.Response = client.get(f"{PREFIX}{path}", follow_redirects=False)
    return answer


def test_the_menu_has_every_page_once_and_those_for_people_first() -> None:
    groups = manual.menu(DOCS)
    assert sorted(entry.name for _, entries in groups for entry in entries) == NAMES
    assert groups[0][0] == "For you"
    assert [entry.title for entry in groups[0][1]][:2] == ["For reps", "For sales managers"]
    named = [name for _, names in manual.GROUPS for name in names]
    assert [name for name in named if name not in NAMES] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_page_is_shown_and_its_links_lead_somewhere(name: str) -> None:
    answer = get(f"/docs/{name}")
    assert answer.status_code == 200
    anchors = set(re.findall(r' id="([^"]+)"', answer.text))
    for href in re.findall(r'<(?:a|img)[^>]* (?:href|src)="([^"]+)"', answer.text.partition("<article>")[2]):
        if href.startswith("https://"):
            continue
        if href.startswith("#"):
            assert href[1:] in anchors, href
            continue
        path, _, anchor = href.removeprefix(PREFIX).partition("#")
        found = get(path)
        assert found.status_code == 200, href
        assert not anchor or f' id="{anchor}"' in found.text, href


@pytest.mark.parametrize("name", NAMES)
def test_a_link_into_the_repository_names_a_file_that_is_there(name: str) -> None:
    for href in re.findall(r"\]\(([^)#\s]+)[^)]*\)", (DOCS / f"{name}.md").read_text()):
        assert href.startswith("https://") or (DOCS / href).exists(), href


def test_each_paragraph_of_the_decision_log_begins_with_its_choice() -> None:
    _, _, *paragraphs = (DOCS / "decisions.md").read_text().split("\n\n")
    assert [paragraph for paragraph in paragraphs if not re.match(r"\*\*\S.+?\*\*", paragraph)] == []


def test_documentation_begins_with_its_first_page() -> None:
    answer = get("/docs")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PREFIX}/docs/for-reps")


@pytest.mark.parametrize(
    "path", ["/docs/nothing", "/docs/..%2Fsecret", "/docs/images/no.png", "/docs/images/..%2F..%2Fx.png"]
)
def test_what_is_not_there_is_not_found(path: str) -> None:
    assert get(path).status_code == 404


def test_what_a_page_says_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "page.md").write_text(
        "# Page\n\n<script>alert(1)</script> [a](javascript:alert(1)) [b](../../etc/passwd) ![c](http://elsewhere/x.png)\n"
    )
    monkeypatch.setenv("HANDOFF_DOCS", str(tmp_path))
    settings.cache_clear()
    body = get("/docs/page").text.partition("<article>")[2]
    assert "<script" not in body
    assert "javascript:alert(1)</p>" in body or "[a](javascript:alert(1))" in body
    assert '<span class="source">b</span>' in body
    assert f'src="{PREFIX}/docs/images/x.png"' in body


def test_what_dbt_wrote_is_shown_with_its_own_scripts_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDOFF_DBT_TARGET", str(tmp_path))
    settings.cache_clear()
    missing = get("/docs/models/index")
    assert missing.status_code == 404
    assert "The next run of handoff_marts writes this page" in missing.text
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "static_index.html").write_text("<title>dbt</title>")
    shown = get("/docs/models/index")
    assert shown.text == "<title>dbt</title>"
    assert "default-src 'none'" in shown.headers["content-security-policy"]
