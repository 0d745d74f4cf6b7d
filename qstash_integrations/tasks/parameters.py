"""What a function takes: its parameters as a pydantic model, but for those that a framework fills in.

A signature is looked at at once, its annotations on first use: they may name what is defined further down.

Spec: https://docs.pydantic.dev/latest/concepts/models/#dynamic-model-creation
"""

import inspect
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Annotated, Any, NamedTuple, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError
from pydantic.fields import FieldInfo

from .._core.receiving.delivery import Callback
from .injected import is_annotated_injected, is_default_injected

MARK = "$"
"""Members of a body that are no parameters begin with it; nothing in Python does."""
FOLLOWING = ("then", "timeout")
"""Those members."""
_CONFIG = ConfigDict(
    extra="forbid",
    ser_json_bytes="base64",
    val_json_bytes="base64",
    hide_input_in_errors=True,
    protected_namespaces=(),
)
# To pydantic they are something, to JSON nothing.
_NO_JSON = ("callable", "generator", "is-instance", "is-subclass")
# Where pydantic's schemas have another one that decides about JSON.
_WITHIN = ("json_schema", "lax_schema", "schema", "items_schema", "values_schema")
_NOTHING_IN_JSON = (
    "which is nothing that JSON holds; what an app has comes in as a dependency (= Injected, or FastAPI's Depends), "
    "what was delivered by current_delivery()"
)
_UNKNOWN = (NameError, AttributeError, SyntaxError, TypeError)


class _Found(NamedTuple):
    model: type[BaseModel]
    fields: Mapping[str, str]
    injected: frozenset[str]
    callback: str | None
    required: tuple[str, ...]
    of_callers: inspect.Signature


class Parameters:
    """The parameters of one function. TypeError for kinds that cannot travel by name."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self.signature: inspect.Signature = inspect.signature(function)
        self._function = inspect.unwrap(function)
        self._name = name
        self._found: _Found | None = None
        for parameter in self.signature.parameters.values():
            _check_kind(parameter, name)

    @property
    def model(self) -> type[BaseModel]:
        """With a field for each of ``fields``, none of them required."""
        return self.check().model

    @property
    def fields(self) -> Mapping[str, str]:
        """The model's field of each parameter that travels."""
        return self.check().fields

    @property
    def injected(self) -> frozenset[str]:
        """Those that a framework fills in."""
        return self.check().injected

    @property
    def callback(self) -> str | None:
        """The one that takes a ``Callback``."""
        return self.check().callback

    @property
    def required(self) -> tuple[str, ...]:
        """Those that travel and have no default."""
        return self.check().required

    @property
    def of_callers(self) -> inspect.Signature:
        """Without those that no caller gives."""
        return self.check().of_callers

    def with_defaults(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """What was given, and the defaults of what was not."""
        parameters = self.signature.parameters
        empty = inspect.Parameter.empty
        return {
            name: arguments.get(name, parameters[name].default)
            for name in self.fields
            if name in arguments or parameters[name].default is not empty
        }

    def check(self) -> _Found:
        """TypeError that names the parameter whose annotation is unknown, or is nothing that JSON holds."""
        if self._found is None:
            self._found = self._looked_at()
        return self._found

    def _looked_at(self) -> _Found:
        parameters = self.signature.parameters
        given = [name for name, parameter in parameters.items() if not is_default_injected(parameter.default)]
        # That of another one is its framework's to read: it may name what this module has for type checkers alone.
        annotations = {name: self.annotation(name) for name in given}
        callbacks = [name for name, annotation in annotations.items() if _bare(annotation) is Callback]
        annotations = {
            name: annotation
            for name, annotation in annotations.items()
            if name not in callbacks and not is_annotated_injected(annotation)
        }
        required = tuple(name for name in annotations if parameters[name].default is inspect.Parameter.empty)
        self._check_callbacks(callbacks, required)
        fields = {name: f"p{number}" for number, name in enumerate(annotations)}
        try:
            model = _model({fields[name]: (name, annotation) for name, annotation in annotations.items()})
        except (PydanticUserError, NameError, TypeError) as error:
            raise self._refusal(error, annotations) from error
        return _Found(
            model=model,
            fields=fields,
            injected=frozenset(parameters) - annotations.keys() - set(callbacks),
            callback=callbacks[0] if callbacks else None,
            required=required,
            of_callers=inspect.Signature(_in_order([parameters[name] for name in annotations])),
        )

    def annotation(self, name: str) -> Any:
        """Of a parameter, read where it was written; Any where there is none."""
        annotation = self.signature.parameters[name].annotation
        if annotation is inspect.Parameter.empty:
            return Any
        holder = cast("Any", SimpleNamespace(__annotations__={name: annotation}))
        try:
            return get_type_hints(holder, self._function.__globals__, include_extras=True)[name]
        except _UNKNOWN as error:
            raise TypeError(f"{self._name}: the annotation of {name} cannot be read: {error}") from error

    def _check_callbacks(self, callbacks: list[str], required: tuple[str, ...]) -> None:
        if len(callbacks) > 1 or (callbacks and required):
            raise TypeError(
                f"{self._name}: a task that takes a Callback gets nothing else, so {(*callbacks[1:], *required)[0]} "
                "must have a default or be injected"
            )

    def _refusal(self, error: Exception, annotations: Mapping[str, Any]) -> Exception:
        for name, annotation in annotations.items():
            try:
                _model({"p0": (name, annotation)})
            except (PydanticSchemaGenerationError, TypeError):
                return TypeError(f"{self._name}: {name} is a {_shown(annotation)}, {_NOTHING_IN_JSON}")
            except (PydanticUserError, NameError) as problem:
                told = str(problem).partition("\n")[0]
                return TypeError(f"{self._name}: {name} is a {_shown(annotation)}, of which pydantic says: {told}")
        return error


def _check_kind(parameter: inspect.Parameter, name: str) -> None:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        stars = "*" if parameter.kind is parameter.VAR_POSITIONAL else "**"
        raise TypeError(f"{name}: arguments travel by name, so {stars}{parameter.name} has none; name each parameter")
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise TypeError(f"{name}: arguments travel by name, and {parameter.name} is positional only; leave out the /")
    if isinstance(parameter.default, FieldInfo):
        raise TypeError(
            f"{name}: the default of {parameter.name} is a Field, and would be its value in a plain call; "
            f"write {parameter.name}: Annotated[..., Field(...)]"
        )


def _in_order(parameters: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """Those behind one with a default by name, unless they have one too."""
    ordered: list[inspect.Parameter] = []
    optional = False
    for one in parameters:
        optional = optional or one.default is not one.empty
        ordered.append(one.replace(kind=one.KEYWORD_ONLY) if optional and one.default is one.empty else one)
    return sorted(ordered, key=lambda one: one.kind)


def _model(fields: Mapping[str, tuple[str, Any]]) -> type[BaseModel]:
    """With neutral names: a parameter may be called as an attribute of models is, or begin with an underscore."""
    defined: dict[str, Any] = {
        field: (annotation, Field(default=None, alias=name)) for field, (name, annotation) in fields.items()
    }
    beside: dict[str, Any] = {name: (Any, Field(default=None, alias=MARK + name)) for name in FOLLOWING}
    model: type[BaseModel] = create_model("Arguments", __config__=_CONFIG, **beside, **defined)
    model.model_rebuild()
    for field in fields:
        schema = cast("Any", model.__pydantic_core_schema__)
        if _is_no_json(schema, field):
            raise TypeError(field)
    return model


def _is_no_json(schema: Any, field: str) -> bool:
    while schema["type"] != "model-fields":
        schema = schema["schema"]
    found: Any = schema["fields"][field]
    while isinstance(found, dict):
        part = cast("dict[str, Any]", found)
        if part.get("type") in _NO_JSON:
            return True
        found = next((part[key] for key in _WITHIN if key in part), None)
    return False


def _shown(annotation: Any) -> str:
    return getattr(annotation, "__name__", None) or str(annotation)


def _bare(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
