"""The commands, which ``qstash-integrations``, ``flask qstash`` and ``manage.py qstash`` have alike.

Needs click. On a terminal rich draws tables and progress, where it is installed; all else is plain text.
No command prints a secret unless it is told ``--reveal``.
"""

from .app import App
from .group import Verbs
from .session import Session, begin

__all__ = ["App", "Session", "Verbs", "begin"]
