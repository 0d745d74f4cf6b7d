"""Whether an environment says of itself that it is production, where nothing of local development has any business.

Only what is declared counts. ``DEBUG=0`` is no declaration: it is off on developers' machines as well. Names of one
host's own, such as ``DYNO`` or ``FLY_APP_NAME``, tell a platform and not what it is used for.
"""

import re
from collections.abc import Mapping

NAMES = (
    "ENV",
    "ENVIRONMENT",
    "APP_ENV",
    "APP_ENVIRONMENT",
    "DEPLOY_ENV",
    "STAGE",
    "PYTHON_ENV",
    "FASTAPI_ENV",
    "FLASK_ENV",  # no setting of Flask's any more, and still what many images declare
    "DJANGO_ENV",
    "DJANGO_SETTINGS_MODULE",  # config.settings.production, or shop.settings_production
    "DJANGO_CONFIGURATION",
    "NODE_ENV",  # with which the official JavaScript SDK starts no development server either
    "VERCEL_ENV",
    "RAILWAY_ENVIRONMENT_NAME",
    "SENTRY_ENVIRONMENT",
    "DD_ENV",
)
_VALUES = frozenset(("production", "prod", "prd"))


def declared(environ: Mapping[str, str]) -> str | None:
    """The name of the first variable that declares production; None when none does."""
    return next((name for name in NAMES if _says_production(environ.get(name, ""))), None)


def _says_production(value: str) -> bool:
    # Docker's --env-file passes quotes on.
    return re.split("[._]", value.strip().strip("'\"").strip().lower())[-1] in _VALUES
