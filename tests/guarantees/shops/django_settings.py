"""Settings of the shop in Django."""

from tests.guarantees.shops.given import KEEP, database

SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = [
    "qstash_integrations.django",
    "qstash_integrations.django.outbox",
    "qstash_integrations.django.inbox",
]
DATABASES = {"default": database()["django"]}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
    }
QSTASH = {"OUTBOX_KEEP": KEEP} if KEEP else {}
ROOT_URLCONF = "tests.guarantees.shops.django_shop"
USE_TZ = True
