"""The ``Upstash-*`` headers of a message's options, each checked before anything is sent; an error names the option.

Spec: https://upstash.com/docs/qstash/api/publish
"""

from collections.abc import Callable, Mapping
from typing import Any

from .header_maps import forwarded, of_callback
from .inputs import Header
from .options import OPTIONS, Kind, Option
from .parts import flow_control, redaction
from .texts import TEXTS

_SEVERAL: Mapping[Kind, Callable[[Option, str, Any], list[Header]]] = {
    "headers": forwarded,
    "callback_headers": of_callback,
    "flow_control": flow_control,
    "redaction": redaction,
}
# The queue stands in the path of an API call, in a batch's item or in a schedule's header of its own. There is one
# Content-Type, whether it is given as an option, in ``headers`` or not at all.
_APART = frozenset[Kind](("queue", "content_type"))


def headers_of(options: Mapping[str, Any], table: Mapping[str, Option] = OPTIONS) -> list[Header]:
    """The headers of all options that have one, in the options' order; None counts as not given.

    Raises TypeError or ValueError that names the option.
    """
    found: list[Header] = []
    for name, value in options.items():
        option = table.get(name)
        if option is None or value is None or option.kind in _APART:
            continue
        write = TEXTS.get(option.kind)
        if write is not None:
            found.append((option.header, write(option, name, value)))
        else:
            found += _SEVERAL[option.kind](option, name, value)
    return found
