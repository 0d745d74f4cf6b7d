"""A function's parameters as a JSON object and back, by pydantic, from their annotations.

Omitted defaults stay out, so that a message in flight takes the default of the code that runs it. What would arrive as
another value is refused where it is published; what does not fit is refused on arrival, field by field. No error holds
an argument's value: it ends up in logs.

Spec: https://docs.pydantic.dev/latest/concepts/serialization/
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

from .parameters import FOLLOWING, Parameters
from .same import same


class BadArguments(ValueError):
    """The body of a delivery does not fit the task's parameters. Its text names them, and shows none of their values.

    Answered 400, which QStash tries again: in a rolling deploy an old instance gets new messages first.
    """


class Decoded(NamedTuple):
    """What a body says."""

    arguments: dict[str, Any]
    """Keywords for the function."""
    following: dict[str, Any]
    """What is no parameter, as plain JSON, by name without the mark."""


class Arguments:
    """The arguments of calls of one function."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self.parameters: Parameters = Parameters(function, name)
        self._name = name

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """What was given, by name; TypeError as of a call, and for what is not for callers to give."""
        parameters = self.parameters
        if parameters.callback is not None:
            raise TypeError(f"{self._name} takes a Callback, which QStash makes: give the task as callback= of another")
        for name in sorted(parameters.injected & kwargs.keys()):
            raise TypeError(f"{self._name}: {name} is injected where the task runs; leave it out")
        try:
            return dict(parameters.of_callers.bind(*args, **kwargs).arguments)
        except TypeError as error:
            raise TypeError(f"{self._name}: {error}") from None

    def check_plain_call(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """TypeError for a plain call that leaves out what a framework would have filled in."""
        parameters = self.parameters
        missing = (
            parameters.injected and parameters.injected - parameters.signature.bind(*args, **kwargs).arguments.keys()
        )
        if missing:
            raise TypeError(
                f"{self._name}() is called without {', '.join(sorted(missing))}, which its framework injects"
            )

    def encode(self, arguments: Mapping[str, Any]) -> bytes:
        """A JSON object. TypeError that names the argument that has no JSON form, is refused, or would be another."""
        model = self.parameters.model
        fields = {self.parameters.fields[name]: value for name, value in arguments.items()}
        try:
            body = _dumped(model, fields)
        except (PydanticSerializationError, ValueError, RecursionError) as error:
            raise TypeError(f"{self._name}: {self._culprit(arguments)} has no JSON form") from error
        try:
            arrived = model.model_validate_json(body)
        except ValidationError as error:
            raise TypeError(f"{self._name}: {_problems(error)}") from None
        for name, value in arguments.items():
            other = getattr(arrived, self.parameters.fields[name])
            if not same(value, other):
                raise TypeError(f"{self._name}: {name} {_told(type(value).__name__, type(other).__name__)}")
        return body

    def decode(self, body: bytes) -> Decoded:
        """BadArguments that names what does not fit."""
        try:
            found = self.parameters.model.model_validate_json(body)
        except ValidationError as error:
            raise BadArguments(f"{self._name}: {_problems(error)}") from None
        given = found.model_fields_set
        missing = [name for name in self.parameters.required if self.parameters.fields[name] not in given]
        if missing:
            raise BadArguments(f"{self._name}: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")
        return Decoded(
            {name: getattr(found, field) for name, field in self.parameters.fields.items() if field in given},
            {field: getattr(found, field) for field in FOLLOWING if field in given},
        )

    def _culprit(self, arguments: Mapping[str, Any]) -> str:
        for name, value in arguments.items():
            try:
                _dumped(self.parameters.model, {self.parameters.fields[name]: value})
            except (PydanticSerializationError, ValueError, RecursionError):
                return f"{name} ({type(value).__name__})"
        return "what was given"


def _dumped(model: type[BaseModel], fields: Mapping[str, Any]) -> bytes:
    whole = model.model_construct(**fields)
    # The fields alone: what a nested model left unset has a value all the same, which is to arrive.
    return whole.model_dump_json(include=set(fields), by_alias=True, round_trip=True, warnings=False).encode()


def _told(kind: str, other: str) -> str:
    return f"is a {kind}, and would arrive as {f'a {other}' if kind != other else 'another one'}"


def _problems(error: ValidationError) -> str:
    """Which parameters, and pydantic's word for what is wrong with them; its sentences may hold the value."""
    told = dict[str, str]()
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        where = str(problem["loc"][0])[:80] if problem["loc"] else ""
        told.setdefault(where, problem["type"])
    return "; ".join(_problem(where, kind) for where, kind in told.items())


def _problem(where: str, kind: str) -> str:
    if not where:
        return "the body is no JSON object"
    return f"it has no parameter {where!r}" if kind == "extra_forbidden" else f"{where} does not fit ({kind})"
