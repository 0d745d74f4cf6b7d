"""The least that Django needs. QSTASH_* could stand here as well; they come from the environment."""

import os

SECRET_KEY = "this example keeps no secrets"
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
INSTALLED_APPS = ["qstash_integrations.django"]
ROOT_URLCONF = f"{__package__}.urls"
USE_TZ = True
QSTASH = {"TASKS": f"{__package__}.tasks"}
