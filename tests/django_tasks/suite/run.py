"""Run Django's own tests of task backends against ours: ``python -m tests.django_tasks.suite.run DIRECTORY DATABASE``.

DIRECTORY is where the package ``tasks`` with the tests is, DATABASE what Django's setting of the name says, as JSON. It
prints one line of JSON: the names of the tests that passed, and those that did not with their last line.
"""

import json
import logging
import sys
import unittest
from typing import Any

import django
from django.conf import settings
from django.test.runner import DiscoverRunner

from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport


class Noted(unittest.TextTestResult):
    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.passed: list[str] = []

    def addSuccess(self, test: unittest.TestCase) -> None:
        super().addSuccess(test)
        self.passed.append(test.id())


class Runner(DiscoverRunner):
    def get_resultclass(self) -> type[unittest.TextTestResult]:
        return Noted

    def suite_result(self, suite: unittest.TestSuite, result: Any, **_: Any) -> Any:
        return result


def main(directory: str, database: str) -> None:
    sys.path.insert(0, directory)
    settings.configure(
        SECRET_KEY="only for tests",
        ALLOWED_HOSTS=["testserver"],
        INSTALLED_APPS=["qstash_integrations.django", "qstash_integrations.django.tasks", *_backport()],
        DATABASES={"default": json.loads(database)},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        QSTASH={"TOKEN": "only_for_tests", "PUBLIC_URL": "https://shop.example.com"},
        ROOT_URLCONF="tests.django_tasks.urls",
        USE_TZ=True,
    )
    django.setup()
    logging.getLogger("qstash_integrations").setLevel(logging.CRITICAL)
    with override_transport(_accept):
        result = Runner(verbosity=0, interactive=False, keepdb=True, top_level=directory).run_tests(["tasks"])
    failed = {
        test.id().rpartition(" ")[0] or test.id(): text.strip().splitlines()[-1]
        for test, text in (*result.failures, *result.errors)
    }
    print(json.dumps({"passed": result.passed, "failed": failed, "skipped": len(result.skipped)}))


def _accept(request: APIRequest) -> APIResponse:
    return APIResponse(201, b'{"messageId":"msg_1"}')


def _backport() -> list[str]:
    return [] if django.VERSION >= (6,) else ["django_tasks"]


if __name__ == "__main__":
    main(*sys.argv[1:])
