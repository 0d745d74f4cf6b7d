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
from .injected import is_injected

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
    def required(self) -> list[str]:
        """Those that travel and have no default."""
        parameters = self.signature.parameters
        return [name for name in self.fields if parameters[name].default is inspect.Parameter.empty]

    @property
    def of_callers(self) -> inspect.Signature:
        """Without those that no caller gives."""
        left_out = {*self.injected, self.callback}
        parameters = [one for one in self.signature.parameters.values() if one.name not in left_out]
        # One without a default may follow now on an injected one that had one.
        by_name = [one for one in parameters if one.kind is one.KEYWORD_ONLY]
        return inspect.Signature(_in_order([one for one in parameters if one not in by_name]) + by_name)

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
        annotations = {name: self.annotation(name) for name in self.signature.parameters}
        injected = frozenset(
            name for name, parameter in self.signature.parameters.items() if is_injected(parameter, annotations[name])
        )
        callbacks = [name for name, annotation in annotations.items() if _bare(annotation) is Callback]
        travelling = [name for name in annotations if name not in injected and name not in callbacks]
        self._check_callbacks(callbacks, travelling)
        fields = {name: f"p{number}" for number, name in enumerate(travelling)}
        try:
            model = _model({fields[name]: (name, annotations[name]) for name in travelling})
        except (PydanticUserError, NameError, TypeError) as error:
            raise self._refusal(error, {name: annotations[name] for name in travelling}) from error
        return _Found(model, fields, injected, callbacks[0] if callbacks else None)

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

    def _check_callbacks(self, callbacks: list[str], travelling: list[str]) -> None:
        needed = [name for name in travelling if self.signature.parameters[name].default is inspect.Parameter.empty]
        if len(callbacks) > 1 or (callbacks and needed):
            raise TypeError(
                f"{self._name}: a task that takes a Callback gets nothing else, so {(callbacks[1:] or needed)[0]} "
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
