"""Django: verified views, and a publisher that follows the settings.

Importing this needs no configured settings. With ``"qstash_integrations.django"`` in INSTALLED_APPS, system checks
report missing settings before the first request does.

Spec: https://docs.djangoproject.com/en/stable/topics/http/decorators/
"""

from .._core.extras import need

need("django", "django")

from .conf import ConfigurationError
from .decorators import verify_qstash
from .publisher import AsyncPublisher, Publisher, aqstash, qstash

__all__ = ["AsyncPublisher", "ConfigurationError", "Publisher", "aqstash", "qstash", "verify_qstash"]
