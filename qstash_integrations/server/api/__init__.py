"""The ``/v2`` API: thin modules per resource that parse, make one engine call and render."""

from .access import LOCAL_NAMES, Access
from .app import Api
from .together import Together
from .users import Users

__all__ = ["LOCAL_NAMES", "Access", "Api", "Together", "Users"]
