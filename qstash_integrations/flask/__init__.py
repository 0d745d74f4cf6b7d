"""Flask: verified views and blueprints, and a publisher on the app.

How a request becomes a ``Delivery``: ``deliver`` in ``verification.py``.

Spec: https://flask.palletsprojects.com/en/stable/extensiondev/
"""

from .._core.extras import need

need("flask", "flask")

from .decorators import protect, verify_qstash
from .extension import QStash
from .publisher import Publisher, qstash

__all__ = ["Publisher", "QStash", "protect", "qstash", "verify_qstash"]
