"""Whatever differs between a laptop and production comes from the environment, as QSTASH_* does."""

import os
from pathlib import Path

import django

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = os.environ.get("DEBUG") == "1"
# Without a key of its own, every process of production would sign for itself alone.
SECRET_KEY = os.environ.get("SECRET_KEY") or ("only for a laptop" if DEBUG else "")
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("QSTASH_PUBLIC_URL", "").startswith("https://")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "qstash_integrations.django",
    "qstash_integrations.django.inbox",
    "qstash_integrations.django.outbox",
    "qstash_integrations.django.tasks",
    "orders",
    "warehouse",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DATABASE", BASE_DIR / "shop.db"),
        # Who is going to write waits for who does, instead of failing in the midst of it.
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode = wal"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "assets"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/Berlin"
USE_TZ = True

SMTP = {
    "host": os.environ.get("EMAIL_HOST", "127.0.0.1"),
    "port": int(os.environ.get("EMAIL_PORT", "2525")),
    "timeout": 10,
}
if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": SMTP}}
else:
    EMAIL_HOST, EMAIL_PORT, EMAIL_TIMEOUT = SMTP.values()
DEFAULT_FROM_EMAIL = "Teapot & Daughters <shop@example.com>"
REPORT_TO = os.environ.get("REPORT_TO", "office@example.com")

# Who packs, by default the app `warehouse` of this project.
WAREHOUSE_URL = os.environ.get("WAREHOUSE_URL")

QSTASH = {
    # Names the schedules: those of a laptop are never taken for those of production.
    "APP": "shop",
    "ENVIRONMENT": "development" if DEBUG else "production",
    "OUTBOX_KEEP": "7d",
}
# A task is committed with what it is about, or not at all, and published after that.
TASKS = {
    "default": {
        "BACKEND": "qstash_integrations.django.tasks.QStashBackend",
        "OPTIONS": {"ENQUEUE": "outbox", "retries": 5},
    }
}
