"""The built site, when `tox -e docs` has built it: nothing leads nowhere, and machines find every page as Markdown."""

import importlib
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest

from tests.readme import ROOT
from tests.site.pages import DOCS, IDS, PAGES
from tests.site.test_questions import QUESTIONS

SITE = ROOT / "site"
HTML = sorted(SITE.rglob("*.html"))
DOCUMENTED = ("chat", "once", "options", "results", "routes", "schedules", "sqlalchemy", "tasks", "testing")


class Links(HTMLParser):
    def __init__(self, page: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.targets: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.update(value for name in ("id", "name") if (value := given.get(name)))
        self.targets += [value for name in ("href", "src") if (value := given.get(name))]


READ = {page: Links(page) for page in HTML}


def served(path: str) -> Path:
    file = SITE / unquote(path).lstrip("/")
    return file / "index.html" if file.is_dir() else file


def test_the_site_was_built() -> None:
    assert len(HTML) > len(PAGES)


@pytest.mark.parametrize("page", HTML, ids=lambda page: page.relative_to(SITE).as_posix())
def test_every_internal_link_and_anchor_leads_somewhere(page: Path) -> None:
    base = "/" + page.relative_to(SITE).as_posix()
    dead = []
    for target in READ[page].targets:
        split = urlsplit(target)
        if split.scheme in ("http", "https", "data", "mailto", "javascript") and split.netloc != "127.0.0.1:8000":
            continue
        path, anchor = urldefrag(urljoin(base, split._replace(scheme="", netloc="").geturl()))
        file = served(path)
        found = file.is_file() and (not anchor or file not in READ or unquote(anchor) in READ[file].ids)
        dead += [] if found else [target]
    assert dead == []


@pytest.mark.parametrize("page", HTML, ids=lambda page: page.relative_to(SITE).as_posix())
def test_nothing_is_loaded_from_elsewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"<(?:script|img|iframe)[^>]+src=\"?https?://(?!127\.0\.0\.1:8000)", text) == []
    assert (
        re.findall(r"<link[^>]+rel=\"?(?:stylesheet|preconnect|preload)\"?[^>]+https?://(?!127\.0\.0\.1)", text) == []
    )


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_page_is_in_the_nav_and_there_as_markdown(page: Path) -> None:
    name = page.relative_to(DOCS)
    folder = SITE / (name.parent if name.name == "index.md" else name.with_suffix(""))
    assert (folder / "index.html").is_file()
    assert (folder / "index.md").read_text(encoding="utf-8").strip()
    assert f"{folder.relative_to(SITE).as_posix()}/index.md".removeprefix("./") in (SITE / "llms.txt").read_text()
    assert re.search(rf": {re.escape(name.as_posix())}\n", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"))


def test_all_of_it_is_one_file_for_machines() -> None:
    whole = (SITE / "llms-full.txt").read_text(encoding="utf-8")
    assert all(title.lower() in whole.replace("`", "").lower() for title in QUESTIONS.values())


@pytest.mark.parametrize("module", sorted({"", *DOCUMENTED}))
def test_every_public_name_is_in_the_reference(module: str) -> None:
    """Some modules are on two pages, each of which lists its names."""
    full = f"qstash_integrations.{module}".rstrip(".")
    ids = set().union(*(links.ids for page, links in READ.items() if "reference" in page.parts))
    names = set(importlib.import_module(full).__all__)
    if module == "tasks":  # its name is that of its module as well
        assert f"{full}.task.task" in ids
        names.remove("task")
    assert [name for name in names if f"{full}.{name}" not in ids] == []
