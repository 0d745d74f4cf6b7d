"""The ``/v2`` API: thin modules per resource that parse, make one engine call and render."""

from .access import LOCAL_NAMES, Access, token_of
from .app import Api
from .asgi import Receive, Scope, Send
from .together import Together

__all__ = ["LOCAL_NAMES", "Access", "Api", "Receive", "Scope", "Send", "Together", "token_of"]
