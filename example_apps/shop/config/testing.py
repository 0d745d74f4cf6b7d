"""The settings under pytest: nothing but what a test must not ask of the machine."""

from .settings import *  # noqa: F403

SECRET_KEY = "only for tests"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
WHITENOISE_AUTOREFRESH = True  # no `collectstatic` before the tests
