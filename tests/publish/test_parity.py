"""Whatever the official SDK 3.4 has, this package has under the same name; read from the SDK itself."""

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, get_args, get_overloads, get_type_hints, is_typeddict

import pytest
import qstash as official
from qstash import chat as official_chat
from qstash.log import LogState

import qstash_integrations
from qstash_integrations import AsyncQStash, QStash, Receiver, chat
from qstash_integrations._core.publishing import filters, message_options, retry
from qstash_integrations._core.publishing.results import (
    dlq,
    flow_control,
    log,
    published,
    queue,
    schedule,
    signing_key,
    url_group,
)
from qstash_integrations._core.publishing.results import message as messages
from tests.publish.loopback import TOKEN

# What is of the official SDK and not here, or here otherwise, and why.
DIFFERENCES = {
    "QStash.http": "its HTTP client; here a ready one is given as http_client=, and run() sends what has no method",
    "AsyncQStash.http": "as QStash.http",
    "Receiver.verify(url) is optional": "None says in writing that requests for other endpoints pass",
    "chat.LlmProvider": "Provider, which prints without the token",
    "client.QStash": "qstash_integrations.QStash",
    "dlq.DlqApi": "client.dlq",
    "errors.DailyMessageLimitExceededError": "DailyLimitError, whose numbers are numbers",
    "errors.QStashError": "qstash_integrations.QStashError",
    "errors.RateLimitExceededError": "RateLimitError, whose numbers are numbers",
    "errors.SignatureError": "qstash_integrations.SignatureError",
    "flow_control_api.FlowControlApi": "client.flow_control",
    "http.HttpClient": "as QStash.http",
    "log.LogApi": "client.log",
    "log.LogState": "states are texts: an unknown one would be an error in an enumeration",
    "message.MessageApi": "client.message",
    "queue.QueueApi": "client.queue",
    "receiver.Receiver": "qstash_integrations.Receiver",
    "schedule.ScheduleApi": "client.schedule",
    "schedule.ScheduleState": "as log.LogState",
    "signing_key.SigningKeyApi": "client.signing_key",
    "url_group.UrlGroupApi": "client.url_group",
}
# Request dicts and results: ours by the official name, where they are called otherwise.
RENAMED = {
    "ApiT": "Api",
    "BatchJsonRequest": "BatchMessage",
    "BatchRequest": "BatchMessage",
    "BatchResponse": "PublishResponse",
    "BatchUrlGroupResponse": "PublishUrlGroupResponse",
    "EnqueueResponse": "PublishResponse",
    "EnqueueUrlGroupResponse": "PublishUrlGroupResponse",
    "LlmApi": "Api",
    "RemoveEndpointRequest": "RemoveEndpoint",
    "RetryConfig": "RetryOptions",
    "UpsertEndpointRequest": "UpsertEndpoint",
}
OURS = (
    dlq,
    flow_control,
    log,
    published,
    queue,
    schedule,
    signing_key,
    url_group,
    messages,
    filters,
    message_options,
    retry,
)
CLIENTS: dict[str, tuple[Any, Any]] = {
    "QStash": (official.QStash(TOKEN), QStash(TOKEN)),
    "AsyncQStash": (official.AsyncQStash(TOKEN), AsyncQStash(TOKEN)),
}
EITHER = pytest.mark.parametrize("name", CLIENTS)


@EITHER
def test_every_resource_method_and_keyword_of_the_clients_is_here(name: str) -> None:
    theirs, ours = CLIENTS[name]
    missing = set(lacks(name, members(theirs), ours))
    assert missing == {entry for entry in DIFFERENCES if entry.startswith(f"{name}.")}


@EITHER
def test_what_can_be_left_out_there_can_be_left_out_here(name: str) -> None:
    theirs, ours = CLIENTS[name]
    for resource, method, function in methods(theirs):
        required = {parameter for parameter, default in parameters(function) if default is inspect.Parameter.empty}
        mine = getattr(getattr(ours, resource), method)
        assert {key for key, default in parameters(mine) if default is inspect.Parameter.empty} <= required, method


@EITHER
def test_defaults_are_the_same(name: str) -> None:
    theirs, ours = CLIENTS[name]
    for resource, method, function in methods(theirs):
        mine = dict(parameters(getattr(getattr(ours, resource), method)))
        for parameter, default in parameters(function):
            if default is not inspect.Parameter.empty and parameter in mine:
                assert mine[parameter] == default, f"{resource}.{method}({parameter})"


@EITHER
def test_what_is_awaited_there_is_awaited_here(name: str) -> None:
    theirs, ours = CLIENTS[name]
    for resource, method, function in methods(theirs):
        mine = getattr(getattr(ours, resource), method)
        assert inspect.iscoroutinefunction(mine) == inspect.iscoroutinefunction(function), f"{resource}.{method}"


@EITHER
def test_the_clients_are_made_in_the_same_way(name: str) -> None:
    theirs, ours = CLIENTS[name]
    assert keywords(type(theirs)) <= keywords(type(ours))
    assert next(iter(keywords_in_order(type(ours)))) == "token"


def test_the_receiver_is_used_in_the_same_way() -> None:
    assert [*keywords_in_order(official.Receiver)] == [*keywords_in_order(Receiver)][:2]
    assert keywords(official.Receiver.verify) <= keywords(Receiver.verify)
    theirs, ours = dict(parameters(official.Receiver.verify)), dict(parameters(Receiver.verify))
    stricter = [key for key in theirs if theirs[key] != ours[key] and ours[key] is inspect.Parameter.empty]
    assert [f"Receiver.verify({key}) is optional" for key in stricter] == ["Receiver.verify(url) is optional"]
    assert "Receiver.verify(url) is optional" in DIFFERENCES


def test_the_public_names_are_here() -> None:
    assert set(official.__all__) <= set(qstash_integrations.__all__)


def test_every_provider_is_made_in_the_same_way() -> None:
    makers = {key: value for key, value in members(official_chat).items() if inspect.isfunction(value)}
    assert set(makers) == {"openai", "custom"}
    for key, maker in makers.items():
        assert [*keywords_in_order(maker)] == [*keywords_in_order(getattr(chat, key))]


def test_every_class_is_here_with_all_its_fields() -> None:
    missing: set[str] = set()
    for module in modules():
        for key, kind in members(module).items():
            if not inspect.isclass(kind) or kind.__module__ != module.__name__:
                continue
            candidates = (getattr(mine, RENAMED.get(key, key), None) for mine in OURS)
            ours = next(filter(inspect.isclass, candidates), None)
            short = f"{module.__name__.removeprefix('qstash.')}.{key}"
            if ours is None:
                missing.add(short)
            else:
                missing |= {f"{short}[{field}]" for field in fields(kind) - fields(ours)}
    assert missing == {entry for entry in DIFFERENCES if entry[0].islower()}


def test_the_states_of_a_log_entry_are_known() -> None:
    assert {state.value for state in LogState} <= set(get_args(filters.LogState))


def members(thing: object) -> dict[str, Any]:
    return dict(vars(thing))


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(official.__path__):
        if not found.ispkg:
            yield importlib.import_module(f"qstash.{found.name}")


def methods(client: Any) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Resource, name and bound method, of everything public."""
    for resource, api in members(client).items():
        for method in dir(api):
            if resource != "http" and not method.startswith("_"):
                yield resource, method, getattr(api, method)


def lacks(name: str, resources: dict[str, Any], ours: Any) -> Iterator[str]:
    for resource in resources:
        if not hasattr(ours, resource):
            yield f"{name}.{resource}"
    for resource, method, function in methods(CLIENTS[name][0]):
        mine = getattr(getattr(ours, resource), method, None)
        if mine is None:
            yield f"{name}.{resource}.{method}"
        else:
            yield from (f"{name}.{resource}.{method}({key})" for key in keywords(function) - keywords(mine))


def keywords(function: Any) -> set[str]:
    return set(keywords_in_order(function))


def keywords_in_order(function: Any) -> dict[str, None]:
    """What may be given by name, in every overload, with the keys of an unpacked TypedDict."""
    found: dict[str, None] = {}
    for one in (function, *get_overloads(getattr(function, "__func__", function))):
        for parameter in inspect.signature(one).parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                unpacked = get_args(parameter.annotation)
                found |= dict.fromkeys(get_type_hints(unpacked[0]) if unpacked else ())
            elif parameter.kind is not parameter.POSITIONAL_ONLY and parameter.name != "self":
                found[parameter.name] = None
    return found


def parameters(function: Any) -> list[tuple[str, Any]]:
    """Names and defaults; what ``**fields`` takes has none."""
    return [
        (parameter.name, parameter.default)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY)
    ]


def fields(kind: type) -> set[str]:
    if is_typeddict(kind):
        return set(get_type_hints(kind))
    return {field.name for field in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else set()
