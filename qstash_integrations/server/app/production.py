"""Where a development server has no business: an environment that says of itself that it is production.

The server has credentials that everybody knows, signs for whoever publishes, and delivers into the network that it
stands in. Started by a variable in a container's configuration, or by an app that embeds it, it must not run where
real users are.

Only what is declared counts. ``DEBUG=0`` is no declaration: it is off on developers' machines as well. Names of one
host's own, such as ``DYNO`` or ``FLY_APP_NAME``, tell a platform and not what it is used for.
"""

from collections.abc import Mapping

from ..model import StartupError

NAMES = (
    "ENV",
    "ENVIRONMENT",
    "APP_ENV",
    "PYTHON_ENV",
    "FLASK_ENV",  # no setting of Flask's any more, and still what many images declare
    "DJANGO_ENV",
    "DJANGO_SETTINGS_MODULE",  # config.settings.production
    "NODE_ENV",  # with which the official JavaScript SDK starts no development server either
    "VERCEL_ENV",
)
_VALUES = frozenset(("production", "prod"))


def declared(environ: Mapping[str, str]) -> str | None:
    """The name of the first variable that declares production; None when none does."""
    return next((name for name in NAMES if _says_production(environ.get(name, ""))), None)


def check(environ: Mapping[str, str]) -> None:
    """Raises StartupError in an environment that is declared as production."""
    name = declared(environ)
    if name is not None:
        raise StartupError(
            f"{name}={environ[name]!a} declares production, and this is a DEV SERVER, with credentials that everybody "
            "knows; unset the variable, or pass --allow-production (allow_production=True in a ServerConfig)"
        )


def _says_production(value: str) -> bool:
    return value.strip().lower().rpartition(".")[2] in _VALUES
