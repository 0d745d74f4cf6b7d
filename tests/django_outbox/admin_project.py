"""A project with the admin, in a process of its own: the other tests' settings have none. Prints what it shows."""

import json
import sys
from typing import Any

import django
from django.conf import settings

from tests.signing import CURRENT, NEXT

KEYS = {"CURRENT_SIGNING_KEY": CURRENT, "NEXT_SIGNING_KEY": NEXT}
settings.configure(
    SECRET_KEY="only for tests",
    ALLOWED_HOSTS=["testserver"],
    INSTALLED_APPS=[
        *("django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes"),
        *("django.contrib.messages", "django.contrib.sessions"),
        *("qstash_integrations.django", "qstash_integrations.django.outbox"),
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "ATOMIC_REQUESTS": True}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    QSTASH={"TOKEN": "only_for_tests", "PUBLIC_URL": "https://shop.example.com", **KEYS},
    ROOT_URLCONF="tests.django_tasks.admin_urls",
    STATIC_URL="/static/",
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import Permission, User  # noqa: E402 - after Django is configured
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from qstash_integrations.django.outbox.models import StoredMessage  # noqa: E402
from qstash_integrations.outbox.row import stored_headers  # noqa: E402

URL = "https://shop.example.com/hooks/ship"
LIST = "/admin/qstash_outbox/storedmessage/"


def user(name: str, *permissions: str) -> Client:
    made = User.objects.create_user(name, is_staff=True)
    made.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(made)
    return client


def main() -> None:
    setup_test_environment()
    call_command("migrate", verbosity=0)
    call_command("makemigrations", "qstash_outbox", check=True, verbosity=0)
    call_command("check", fail_level="WARNING")
    shown: dict[str, Any] = {}
    headers = stored_headers([("Upstash-Forward-X-Key", "secret value")])
    for number in range(3):
        StoredMessage.objects.create(
            id=f"{number:032x}", destination=URL, headers=headers, body=b"secret body", created_at=1, due_at=1
        )
    ids = [f"{number:032x}" for number in range(3)]
    StoredMessage.objects.filter(pk=ids[0]).update(due_at=None, error="400 <no>")
    StoredMessage.objects.filter(pk=ids[1]).update(due_at=None, sent_at=1_700_000_000_000, message_id="msg_1")
    looks = user("looks", "view_storedmessage")
    operates = user("operates", "view_storedmessage", "change_storedmessage")
    shown["anonymous"] = Client().get(LIST).status_code
    shown["list"] = looks.get(LIST).content.decode()
    for state in ("waiting", "parked", "sent"):
        shown[state] = looks.get(LIST, {"state": state}).content.decode()
    shown["searched"] = looks.get(LIST, {"q": ids[1]}).content.decode()
    shown["one"] = looks.get(f"{LIST}{ids[0]}/change/").content.decode()
    shown["edited"] = operates.post(f"{LIST}{ids[0]}/change/", {"destination": "https://evil.example"}).status_code
    shown["added"] = operates.get(f"{LIST}add/").status_code
    shown["deleted"] = operates.post(f"{LIST}{ids[0]}/delete/", {"post": "yes"}).status_code
    for client in (looks, operates):
        chosen = {"action": "requeue", "_selected_action": ids}
        answer = client.post(LIST, chosen, follow=True)
        told = [str(message) for message in (answer.context or {}).get("messages", ())]
        shown.setdefault("told", []).append(told)
    shown["states"], shown["ids"] = [StoredMessage.objects.get(pk=pk).state for pk in ids], ids
    sys.stdout.write(json.dumps(shown))


main()
