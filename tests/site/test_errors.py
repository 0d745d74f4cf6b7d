"""Every error has a page whose title names it, says what the code says, and no page names one that does not exist."""

import ast
import importlib
import inspect
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from qstash_integrations._core import errors
from qstash_integrations._core.receiving import report
from qstash_integrations.django.tasks import errors as of_django_tasks
from qstash_integrations.server.model.refusals import StartupError
from qstash_integrations.tasks.arguments import BadArguments
from tests.readme import ROOT
from tests.site.pages import DOCS
from tests.test_docstrings import MODULES

PACKAGE = ROOT / "qstash_integrations"
INDEX = DOCS / "errors" / "index.md"
PAGES = {page.stem: page.read_text(encoding="utf-8") for page in (DOCS / "errors").glob("*.md") if page != INDEX}
LINES = {slug: " ".join(text.split()) for slug, text in PAGES.items()}  # each page as one
NAMED = {slug: re.findall(r"`([^`]+)`", text.partition("\n")[0].partition(": ")[0]) for slug, text in PAGES.items()}
HEADINGS = ["What it says", "Why", "Remedy"]
# A record of no error; what has a page of its own for what it does.
NO_ERROR = {"next_key"}
OF_PYTHON = {"TypeError", "ValueError"}
# What a command says of a wrong line ends with an exit code, of which the page of commands tells.
OF_COMMANDS = "qstash_integrations.verbs"
RECORDS = {"length_required", "broken", "store_failed", "overtaken", "not_renewed"}
each_page = pytest.mark.parametrize("slug", sorted(PAGES))


def raised() -> set[str]:
    """The classes that a reader can import, or meets in a result or at a start."""
    found: set[type[BaseException]] = {BadArguments, StartupError}
    for module in (errors, of_django_tasks, *map(importlib.import_module, MODULES)):
        for name in getattr(module, "__all__", vars(module)):
            value = getattr(module, name)
            if inspect.isclass(value) and issubclass(value, BaseException):
                found.add(value)
    ours = [each for each in found if each.__module__.startswith("qstash_integrations")]
    return {each.__name__ for each in ours if not each.__module__.startswith(OF_COMMANDS)}


def answered() -> Iterator[tuple[int, str]]:
    """Status and text of every answer that is written with ``error_answer``, but for what is computed."""
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Name(id="error_answer"), args=[ast.Constant(int(status)), ast.Constant(str(text)), *_]
                ):
                    yield status, text
                case ast.Call(
                    func=ast.Name(id="error_answer"),
                    args=[ast.Constant(int(status)), ast.BoolOp(values=[_, ast.Constant(str(text))]), *_],
                ):
                    yield status, text


def checks() -> set[str]:
    """The ids of system checks; those of a series are put together there."""
    sources = "".join(file.read_text(encoding="utf-8") for file in (PACKAGE / "django").rglob("*.py"))
    series = {f"qstash.{kind}{number}" for kind in "WE" for number in re.findall(r'\{series\}(\d+)"', sources)}
    return series | set(re.findall(r'id="(qstash(?:_tasks)?\.[EW]\d+)"', sources))


REASONS = (report._REMEDIES.keys() | report._REPEATED.keys()) - NO_ERROR
ANSWERS = sorted(set(answered()))


def test_each_error_is_in_one_title_and_no_title_names_another() -> None:
    counts = Counter(name for names in NAMED.values() for name in names)
    assert [name for name, count in counts.items() if count > 1] == []
    of_answers = {text for _, text in ANSWERS} | {"the task raised"}
    known = raised() | REASONS | RECORDS | OF_PYTHON
    assert known - {"QStashError"} <= counts.keys()
    assert counts.keys() - known - of_answers == {"qstash.E001"}


def test_the_base_of_all_is_on_the_first_page() -> None:
    assert "`QStashError` is the base" in INDEX.read_text(encoding="utf-8")


@each_page
def test_a_page_says_what_why_and_the_remedy(slug: str) -> None:
    assert re.findall(r"^## (.+)$", PAGES[slug], re.MULTILINE) == HEADINGS
    for part in re.split(r"^## .+\n", PAGES[slug], flags=re.MULTILINE)[1:]:
        assert len(part.split()) >= 5


@each_page
def test_the_first_page_leads_there(slug: str) -> None:
    assert f"]({slug}.md) |" in INDEX.read_text(encoding="utf-8")


@pytest.mark.parametrize("reason", sorted(report._REMEDIES.keys() - NO_ERROR))
def test_a_refusal_is_quoted_with_the_remedy_of_its_record(reason: str) -> None:
    (text,) = (PAGES[slug] for slug, names in NAMED.items() if reason in names)
    assert f"qstash request rejected: reason={reason} method='POST' path='/hooks/ship': " in text
    assert f"; {report._REMEDIES[reason]}\n" in text


@pytest.mark.parametrize("state", sorted(report._REPEATED))
def test_a_repetition_is_quoted_as_its_record_has_it(state: str) -> None:
    (text,) = (PAGES[slug] for slug, names in NAMED.items() if state in names)
    assert f"qstash request not handled again: {report._REPEATED[state]}; url=" in text


@pytest.mark.parametrize(("status", "error"), ANSWERS)
def test_an_answer_is_on_a_page_with_its_status(status: int, error: str) -> None:
    assert any(f'{status} `{{"error":"{error}"}}`' in text for text in LINES.values())


@each_page
def test_no_page_quotes_an_answer_that_is_not_given(slug: str) -> None:
    quoted = {(int(status), error) for status, error in re.findall(r'(\d{3}) `\{"error":"([^"]*)"\}`', LINES[slug])}
    of_a_task = {quote for quote in quoted if quote[1].startswith("the task raised ")}
    assert quoted - of_a_task - set(ANSWERS) <= {(400, "...")}


def test_every_reason_that_a_page_names_is_one() -> None:
    for page in DOCS.rglob("*.md"):
        named = set(re.findall(r"\breason=`?(\w+)", page.read_text(encoding="utf-8")))
        assert named <= REASONS | RECORDS, page


def test_the_system_checks_are_those_that_there_are() -> None:
    text = PAGES["django-checks"]
    assert set(re.findall(r"^\| `(qstash(?:_tasks)?\.\w+)` \|", text, re.MULTILINE)) == checks()


def test_a_class_of_the_package_that_a_page_names_exists() -> None:
    every = "".join(file.read_text(encoding="utf-8") for file in Path(PACKAGE).rglob("*.py"))
    for text in PAGES.values():
        for name in set(re.findall(r"`([A-Z]\w+(?:Error|Exception))`", text)):
            assert name in every, name
