"""What ``--outbox`` names."""

import sys
from types import ModuleType
from typing import Any

from .._core.errors import ConfigurationError
from ..schedules.modules import attribute_of, look_here, module_named
from .here import Here

_OUTBOXES = "qstash_integrations.sqlalchemy.outbox"


def located_outbox(name: str) -> Here:
    """``name`` is ``module:attribute``, or a module with one outbox."""
    look_here()
    module_name, _, attribute = name.partition(":")
    module = module_named(module_name, "--outbox")
    found = [attribute_of(module, attribute, "--outbox")] if attribute else _outboxes_in(module)
    if len(found) != 1:
        raise ConfigurationError(f"--outbox {name}: there are {len(found)} in it; name one, as in {name}:outbox")
    outbox: Any = found[0]
    if isinstance(outbox, Here):
        return outbox
    if not _is_outbox(outbox):
        raise ConfigurationError(f"--outbox {name} is no outbox but {type(outbox).__name__}")
    here: Here = outbox.here()
    return here


def _outboxes_in(module: ModuleType) -> list[Any]:
    found = filter(_is_outbox, vars(module).values())
    return list({id(value): value for value in found}.values())


def _is_outbox(value: Any) -> bool:
    """Also of who has imported nothing else of SQLAlchemy's."""
    kind = getattr(sys.modules.get(_OUTBOXES), "Outbox", None)
    return isinstance(value, Here) or (kind is not None and isinstance(value, kind))
