"""A project with the admin, in a process of its own: the other tests' settings have none. Prints what it shows."""

import json
import sys
from typing import Any

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="only for tests",
    ALLOWED_HOSTS=["testserver"],
    INSTALLED_APPS=[
        *("django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes"),
        *("django.contrib.messages", "django.contrib.sessions"),
        *("qstash_integrations.django", "qstash_integrations.django.tasks"),
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
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    TASKS={"default": {"BACKEND": "qstash_integrations.django.tasks.QStashBackend"}},
    QSTASH={"TOKEN": "only_for_tests", "PUBLIC_URL": "https://shop.example.com"},
    ROOT_URLCONF="tests.django_tasks.admin_urls",
    STATIC_URL="/static/",
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import Permission, User  # noqa: E402 - after Django is configured
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from django.utils import timezone  # noqa: E402

from qstash_integrations._core.publishing.client import override_transport  # noqa: E402
from qstash_integrations.django.tasks.models import StoredTask  # noqa: E402
from tests.django_tasks.calls import FakeQStash  # noqa: E402
from tests.django_tasks.shop import ship  # noqa: E402

LIST = "/admin/qstash_tasks/storedtask/"


def user(name: str, *permissions: str) -> Client:
    made = User.objects.create_user(name, is_staff=True)
    made.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(made)
    return client


def main() -> None:
    setup_test_environment()
    call_command("migrate", verbosity=0)
    call_command("check", fail_level="ERROR")
    shown: dict[str, Any] = {}
    with override_transport(queue := FakeQStash()):
        ids = [ship.enqueue(f"<b>{number}</b>").id for number in range(3)]
        error = {"exception_class_path": "builtins.LookupError", "traceback": "no <order>"}
        StoredTask.objects.filter(pk=ids[0]).update(status="FAILED", finished_at=timezone.now(), errors=[error])
        looks, operates = user("looks", "view_storedtask"), user("operates", "view_storedtask", "change_storedtask")
        shown["anonymous"] = Client().get(LIST).status_code
        shown["list"] = looks.get(LIST).content.decode()
        shown["filtered"] = looks.get(LIST, {"status__exact": "FAILED"}).content.decode()
        shown["searched"] = looks.get(LIST, {"q": ids[1]}).content.decode()
        shown["one"] = looks.get(f"{LIST}{ids[0]}/change/").content.decode()
        shown["edited"] = operates.post(f"{LIST}{ids[0]}/change/", {"task": "os.system"}).status_code
        shown["added"] = operates.get(f"{LIST}add/").status_code
        shown["deleted"] = operates.post(f"{LIST}{ids[0]}/delete/", {"post": "yes"}).status_code
        for client, action in ((looks, "retry_tasks"), (operates, "retry_tasks"), (operates, "cancel_tasks")):
            chosen = {"action": action, "_selected_action": ids[:2] if action == "retry_tasks" else ids[2:]}
            answer = client.post(LIST, chosen, follow=True)
            told = [str(message) for message in (answer.context or {}).get("messages", ())]
            shown.setdefault("told", []).append([client is looks, action, told])
        shown["states"] = [StoredTask.objects.get(pk=pk).status for pk in ids]
        shown["tasks"] = sorted({row.task for row in StoredTask.objects.all()})
        shown["published"], shown["cancelled"], shown["ids"] = len(queue.messages), queue.cancelled, ids
    sys.stdout.write(json.dumps(shown))


main()
