"""The ``Upstash-*`` headers of a message's options, each checked before anything is sent; an error names the option.

Spec: https://upstash.com/docs/qstash/api/publish
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from ..names import check_names
from .header_maps import forwarded, of_callback
from .inputs import Header, check_header_value, check_url
from .message_options import CallbackOptions
from .options import OPTIONS, Kind, Option
from .parts import flow_control, redaction
from .texts import TEXTS

# The queue stands in the path of an API call, in a batch's item or in a schedule's header of its own. There is one
# Content-Type, whether it is given as an option, in ``headers`` or not at all.
_APART = frozenset[Kind](("queue", "content_type"))
_OWN = "Upstash-"
_CONTENT_TYPE = OPTIONS["content_type"].header


def headers_of(
    options: Mapping[str, Any], table: Mapping[str, Option] = OPTIONS, *, shown: str | None = None
) -> list[Header]:
    """The headers of all options that have one, in the options' order; None counts as not given.

    Raises TypeError or ValueError that names the option, as a part of the one that is ``shown``.
    """
    found: list[Header] = []
    for key, value in options.items():
        option = table.get(key)
        if option is None or value is None or option.kind in _APART:
            continue
        name = key if shown is None else f"{shown}[{key!r}]"
        write = TEXTS.get(option.kind)
        if write is not None:
            found.append((option.header, write(option, name, value)))
        else:
            found += _SEVERAL[option.kind](option, name, value)
            if option.kind == "callback" and isinstance(value, Mapping) and options.get(f"{key}_headers") is not None:
                raise TypeError(f"{name} has settings, and so has {name}_headers; give all of them in {name}")
    return found


def _callback(option: Option, name: str, value: Any) -> list[Header]:
    """The URL, and the callback's own settings under its header."""
    if not isinstance(value, Mapping):
        return [(option.header, check_url(value, name))]
    settings = dict(cast("Mapping[str, Any]", value))
    check_names(settings, CallbackOptions.__annotations__, f"part of {name}")
    found = [(option.header, check_url(settings.pop("url", None), f"{name}['url']"))]
    content_type = settings.pop("content_type", None)
    own = headers_of(settings, shown=name)
    if content_type is not None:
        own = [header for header in own if header[0] != _CONTENT_TYPE]
        own.append((_CONTENT_TYPE, check_header_value(content_type, f"{name}['content_type']")))
    for header, text in own:
        setting = f"Forward-{header}" if header == _CONTENT_TYPE else header.removeprefix(_OWN)
        found.append((f"{option.header}-{setting}", text))
    return found


_SEVERAL: Mapping[Kind, Callable[[Option, str, Any], list[Header]]] = {
    "callback": _callback,
    "headers": forwarded,
    "callback_headers": of_callback,
    "flow_control": flow_control,
    "redaction": redaction,
}
