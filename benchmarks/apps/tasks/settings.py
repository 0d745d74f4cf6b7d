import json
import os

import django

ALLOWED_HOSTS = ["127.0.0.1"]
SECRET_KEY = "a benchmark has none"
ROOT_URLCONF = "benchmarks.apps.tasks.work"
INSTALLED_APPS = [
    "qstash_integrations.django",
    "qstash_integrations.django.tasks",
    "django_tasks_db",
    *(["django_tasks"] if django.VERSION < (6,) else []),
]
DATABASES = {"default": json.loads(os.environ["BENCHMARK_DATABASE"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
QSTASH = {"TASKS": "benchmarks.apps.tasks.work"}
TASKS = {
    "default": {"BACKEND": "qstash_integrations.django.tasks.QStashBackend"},
    "db": {"BACKEND": "django_tasks_db.DatabaseBackend"},
}
LOGGING_CONFIG = None
