"""``schedule(...)`` and whose it is: what is wrong is told at import, by the schedule's name."""

from typing import Any

import pytest

from qstash_integrations import ConfigurationError
from qstash_integrations.schedules import Owner, wanted
from qstash_integrations.tasks import Schedule, schedule
from tests.schedules.account import OWNER, URL, daily

WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "an unknown option": ({"retrys": 3}, TypeError, "unknown option 'retrys'; did you mean 'retries'?"),
    "an option of messages alone": ({"deduplication_id": "1"}, TypeError, "unknown option 'deduplication_id'"),
    "an id of its own": ({"schedule_id": "daily"}, TypeError, "unknown option 'schedule_id'"),
    "a delay that is none": ({"delay": "soon"}, ValueError, "delay must look like '90s'"),
    "retries that are no number": ({"retries": "3"}, TypeError, "retries must be an int, not str"),
    "a body that is no JSON": ({"body": {"at": object()}}, TypeError, "body"),
    "NaN in a body": ({"body": {"rate": float("nan")}}, ValueError, "body"),
    "a callback that is no URL": ({"callback": "done"}, ValueError, "callback must start with https:// or http://"),
    "a label that is none": ({"label": "a b"}, ValueError, "label must be letters"),
    "a queue that is none": ({"queue": "a b"}, ValueError, "queue must be letters"),
    "flow control without a limit": ({"flow_control": {"key": "crm"}}, ValueError, "flow_control needs parallelism"),
    "a destination that is none": ({"destination": "shop.example/x"}, ValueError, "destination must start with"),
    "a destination with a password": ({"destination": "https://a:b@c.example"}, ValueError, "destination has a user"),
    "no destination": ({"destination": None}, TypeError, "give either the call of a task or destination="),
    "a former name that is none": ({"renamed_from": "a b"}, ValueError, "renamed_from must be letters"),
    "a former name that is a number": ({"renamed_from": 3}, TypeError, "renamed_from must be a list of texts"),
    "its own name as a former one": ({"renamed_from": ["x", "daily"]}, ValueError, "renamed_from is its own name"),
}


@pytest.mark.parametrize(("options", "kind", "problem"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_at_import(options: dict[str, Any], kind: type[Exception], problem: str) -> None:
    with pytest.raises(kind) as caught:
        daily(**options)
    assert str(caught.value).startswith(f"schedule 'daily': {problem}")


@pytest.mark.parametrize("name", ["", "a b", "a/b", "tägli", "..", None, 3])
def test_a_name_that_is_none(name: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^the name of a schedule "):
        schedule(name, "0 7 * * *", destination=URL)


def test_a_schedule_has_to_say_when() -> None:
    with pytest.raises(TypeError, match="cron"):
        schedule("daily", destination=URL)  # type: ignore[call-arg]


@pytest.mark.parametrize("target", [print, "https://shop.example", {"url": URL}], ids=["a function", "a URL", "a dict"])
def test_a_target_that_is_none(target: object) -> None:
    with pytest.raises(TypeError, match=r"^schedule 'daily': its target must be the call of a task, .* destination=$"):
        schedule("daily", "0 7 * * *", target)


def test_a_target_and_a_destination_are_one_too_many() -> None:
    with pytest.raises(TypeError, match=r"^schedule 'daily': give either the call of a task or destination="):
        schedule("daily", "0 7 * * *", Report(), destination=URL)


@pytest.mark.parametrize("name", ["body", "content_type", "method"])
def test_a_task_says_its_body_itself(name: str) -> None:
    with pytest.raises(TypeError, match=rf"^schedule 'daily': {name} goes with destination=; a task says its own$"):
        schedule("daily", "0 7 * * *", Report(), **{name: "PUT"})  # type: ignore[arg-type]


def test_a_body_in_an_error_does_not_show() -> None:
    with pytest.raises(TypeError) as caught:
        daily(body={"key": "sesame", "at": object()})
    assert "sesame" not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


class Report:
    """A target of somebody else's."""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def planned(self, task_url: Any = None) -> Any:
        return {"destination": URL, "body": {"region": "eu"}, "retries": 5, "headers": {"X-A": "1"}, **self.options}


def test_a_target_says_what_is_published_and_options_win_over_it() -> None:
    made = schedule("daily", "0 7 * * *", Report(), retries=0, label="mail")
    [one] = wanted([made], OWNER)
    assert one.create.path == f"/v2/schedules/{URL}"
    assert one.create.body == b'{"region":"eu"}'
    headers = dict(one.create.headers)
    assert (headers["Upstash-Retries"], headers["Upstash-Forward-X-A"]) == ("0", "1")
    assert headers["Upstash-Label"] == "qstash-integrations,mail"


def test_what_a_target_says_wrong_is_told_with_its_name() -> None:
    with pytest.raises(ConfigurationError, match=r"^schedule 'daily': delay must look like '90s'"):
        wanted([schedule("daily", "0 7 * * *", Report(delay="soon"))], OWNER)


def test_none_is_not_given() -> None:
    assert daily(retries=None, queue=None, tz=None).options == {"destination": URL}


def test_a_schedule_cannot_be_changed() -> None:
    made = daily(retries=3)
    assert isinstance(made, Schedule)
    with pytest.raises(AttributeError):
        made.cron = "* * * * *"  # type: ignore[misc]
    with pytest.raises(TypeError):
        made.options["retries"] = 4  # type: ignore[index]


@pytest.mark.parametrize("body", [3, 1.5, True, [1], "text", b"bytes"], ids=repr)
def test_any_body_that_is_json_or_bytes(body: object) -> None:
    [one] = wanted([daily(body=body)], OWNER)
    expected = {"3": b"3", "1.5": b"1.5", "True": b"true", "[1]": b"[1]", "'text'": b"text", "b'bytes'": b"bytes"}
    assert one.create.body == expected[repr(body)]


def test_a_set_in_a_body_has_one_order() -> None:
    """Its own is another one in each process."""
    words = {"words": {f"word-{number}" for number in range(9)}, "nested": [({2, 1},)]}
    [one] = wanted([daily(body=words)], OWNER)
    assert one.create.body == (
        b'{"words":["word-0","word-1","word-2","word-3","word-4","word-5","word-6","word-7","word-8"],'
        b'"nested":[[[1,2]]]}'
    )


@pytest.mark.parametrize(
    ("app", "environment", "problem"),
    [
        ("shop.eu", "prod", "QSTASH_APP must be letters, digits, '-' or '_'"),
        ("shop", "prod.eu", "QSTASH_ENVIRONMENT must be letters"),
        ("sh op", "prod", "QSTASH_APP must be"),
        ("shop", "tägli", "QSTASH_ENVIRONMENT must be"),
        ("x" * 101, "prod", "QSTASH_APP must be"),
    ],
)
def test_an_owner_has_no_dots(app: str, environment: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Owner(app, environment)
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize("missing", ["QSTASH_APP", "QSTASH_ENVIRONMENT"])
@pytest.mark.parametrize("value", [None, "", "  "], ids=["not set", "empty", "blank"])
def test_the_owner_is_never_assumed(monkeypatch: pytest.MonkeyPatch, missing: str, value: str | None) -> None:
    monkeypatch.setenv("QSTASH_APP", "shop")
    monkeypatch.setenv("QSTASH_ENVIRONMENT", "prod")
    monkeypatch.setenv("ENVIRONMENT", "production")
    assert Owner.configured() == Owner("shop", "prod")
    if value is None:
        monkeypatch.delenv(missing)
    else:
        monkeypatch.setenv(missing, value)
    with pytest.raises(ConfigurationError, match=rf"^{missing} is not set; "):
        Owner.configured()


def test_a_framework_s_configuration_says_the_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_ENVIRONMENT", "prod")
    assert Owner.configured({"QSTASH_APP": "blog"}) == Owner("blog", "prod")
