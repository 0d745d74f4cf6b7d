"""What a process of ``forked.py`` needs, imported once; what reads settings as it is imported is not among it."""

import importlib
import pkgutil

_NEEDED = (
    "aiohttp.web", "click", "encodings.idna", "django.core.handlers.wsgi", "django.core.wsgi", "django.urls", "fastapi",
    "flask", "gunicorn.app.base", "gunicorn.arbiter", "gunicorn.glogging", "gunicorn.workers.gthread", "httpx",
    "redis", "redis.asyncio", "starlette.applications", "uvicorn", "uvicorn.protocols.http.httptools_impl",
    "uvicorn.loops.auto", "uvicorn.lifespan.off", "uvicorn.lifespan.on", "uvicorn.server",
    "qstash_integrations.aiohttp", "qstash_integrations.fastapi", "qstash_integrations.flask.place",
    "qstash_integrations.located", "qstash_integrations.once", "qstash_integrations.starlette.commands",
    "qstash_integrations.starlette.place",
)  # fmt: skip
_WHOLE = (
    "qstash_integrations._core", "qstash_integrations.cli", "qstash_integrations.doctor",
    "qstash_integrations.schedules", "qstash_integrations.server", "qstash_integrations.verbs",
)  # fmt: skip

for _name in _NEEDED:
    importlib.import_module(_name)
for _name in _WHOLE:
    for _found in pkgutil.walk_packages(importlib.import_module(_name).__path__, f"{_name}."):
        importlib.import_module(_found.name)
