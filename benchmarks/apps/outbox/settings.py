import json
import os

SECRET_KEY = "a benchmark has none"
INSTALLED_APPS = ["qstash_integrations.django", "qstash_integrations.django.outbox", "benchmarks.apps.outbox"]
DATABASES = {"default": json.loads(os.environ["BENCHMARK_DATABASE"]), "kept": json.loads(os.environ["BENCHMARK_KEPT"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
LOGGING_CONFIG = None
