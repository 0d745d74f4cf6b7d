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
    if not _is_outbox(found[0]):
        raise ConfigurationError(f"--outbox {name} is no outbox but {type(found[0]).__name__}")
    return _here(found[0])


def outbox_beside(module: ModuleType | None, name: str | None) -> Here:
    """By its name, else the only one that the module of an app has."""
    if name is not None:
        return located_outbox(name)
    found = [] if module is None else _outboxes_in(module)
    if module is None or len(found) != 1:
        where = f" {module.__name__} has {len(found)};" if module is not None else ""
        raise ConfigurationError(f"which outbox?{where} name yours, as in --outbox shop.db:outbox")
    return _here(found[0])


def _here(outbox: Any) -> Here:
    here: Here = outbox if isinstance(outbox, Here) else outbox.here()
    return here


def _outboxes_in(module: ModuleType) -> list[Any]:
    found = filter(_is_outbox, vars(module).values())
    return list({id(value): value for value in found}.values())


def _is_outbox(value: Any) -> bool:
    """Also of who has imported nothing else of SQLAlchemy's."""
    kind = getattr(sys.modules.get(_OUTBOXES), "Outbox", None)
    return isinstance(value, Here) or (kind is not None and isinstance(value, kind))
