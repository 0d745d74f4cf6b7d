"""The tests on the page about tests pass in pytest, unittest and Django's project, whatever the terminal exports."""

import sys

import pytest

from tests.readme import blocks
from tests.site.pages import DOCS
from tests.site.test_pages import SETTINGS

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("exported")]
pytest_plugins = ["pytester"]

# As a terminal has it in which the app runs beside `qstash-integrations dev`, or for a region of an account.
EXPORTED = {
    **SETTINGS,
    "QSTASH_URL": "http://127.0.0.1:8080",
    "QSTASH_PUBLIC_URL": "http://127.0.0.1:5000",
    "QSTASH_REGION": "US_EAST_1",
    **{f"US_EAST_1_QSTASH_{name}": f"sig_or_token_of_the_region_{name}" for name in ("CURRENT_SIGNING_KEY", "TOKEN")},
}
APP, *TESTS = (block.code for block in blocks(DOCS / "howto" / "testing.md") if block.language == "python")
URLS = next(block.code for block in blocks(DOCS / "frameworks" / "django.md") if "urlpatterns" in block.code)


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in EXPORTED.items():
        if name != "PYTHONPATH":
            monkeypatch.setenv(name, value)


@pytest.mark.parametrize("code", TESTS[:2], ids=["pytest", "unittest"])
def test_they_pass_beside_the_app(code: str, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    pytester.makepyfile(app=APP, test_app=code)
    plugins = ("-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:django")
    result = pytester.runpytest_subprocess(*plugins, timeout=60)
    assert result.ret == 0
    assert "passed" in result.parseoutcomes()


def test_the_unittest_passes_without_pytest(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(app=APP, test_app=TESTS[1])
    assert pytester.run(sys.executable, "-m", "unittest", timeout=60).ret == 0


@pytest.mark.parametrize("command", ["manage.py test", "-m pytest --ds shop.settings -p no:asyncio shop/tests.py"])
def test_those_for_django_pass_in_the_project_of_its_page(command: str, pytester: pytest.Pytester) -> None:
    pytester.run(sys.executable, "-m", "django", "startproject", "shop", ".", timeout=60)
    for name, code in (("urls", URLS), ("tests", TESTS[2])):
        (pytester.path / "shop" / f"{name}.py").write_text(code)
    assert pytester.run(sys.executable, *command.split(), timeout=60).ret == 0
