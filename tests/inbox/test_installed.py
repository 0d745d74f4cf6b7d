"""The app in a process in which nobody has touched Django's classes: django-tasks lets their fields take arguments."""

import subprocess
import sys

PROJECT = """
import django
from django.conf import settings
from django.core.management import call_command
settings.configure(
    INSTALLED_APPS=["qstash_integrations.django", "qstash_integrations.django.inbox"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
django.setup()
call_command("migrate", verbosity=0)
call_command("makemigrations", check=True, dry_run=True, verbosity=0)
"""


def test_the_inbox_is_installed_and_migrated() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", PROJECT], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
