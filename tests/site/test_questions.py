"""A reader's questions: each is the title of a page, which the overview, the README or another page leads to."""

import pytest

from tests.readme import README
from tests.site.pages import DOCS, PAGES

QUESTIONS = {
    "containers.md": "separate containers",
    "howto/tunnels.md": "Real QStash on a laptop",
    "howto/callbacks.md": "Reading a callback",
    "howto/duplicates.md": "once on a FastAPI router",
    "explanation/limits.md": "Default retries, backoff and time limits",
    "howto/factories.md": "App factories, Celery and scripts",
    "schedules.md": "Schedules at deploy",
    "howto/ci.md": "CI and image builds without secrets",
    "howto/previews.md": "Preview deployments",
    "options.md": "every option with its encoding and limit",
}


@pytest.mark.parametrize("page", QUESTIONS)
def test_a_question_of_readers_is_a_title(page: str) -> None:
    title = (DOCS / page).read_text(encoding="utf-8").partition("\n")[0]
    assert QUESTIONS[page].lower() in title.replace("`", "").lower()


@pytest.mark.parametrize("page", QUESTIONS)
def test_the_overview_and_the_readme_lead_to_it(page: str) -> None:
    assert f"]({page})" in (DOCS / "index.md").read_text(encoding="utf-8")
    assert f"](docs/{page})" in README.read_text(encoding="utf-8")


def test_no_two_pages_have_one_title() -> None:
    titles = [page.read_text(encoding="utf-8").partition("\n")[0].lower() for page in PAGES]
    assert sorted(titles) == sorted(set(titles))
