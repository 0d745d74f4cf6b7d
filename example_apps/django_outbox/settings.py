"""Orders in a database, and the messages about them in the same transactions."""

import os
from pathlib import Path

SECRET_KEY = "this example keeps no secrets"
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
INSTALLED_APPS = [
    "qstash_integrations.django",
    "qstash_integrations.django.outbox",
    "qstash_integrations.django.inbox",
    __package__,
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(__file__).with_name("orders.sqlite3"),
        # Who is going to write waits for who does, instead of failing in the midst of it.
        "OPTIONS": {"transaction_mode": "IMMEDIATE"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = f"{__package__}.urls"
USE_TZ = True
