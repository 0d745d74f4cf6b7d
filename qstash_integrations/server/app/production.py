"""Where a development server has no business: an environment that says of itself that it is production.

The server has credentials that everybody knows, signs for whoever publishes, and delivers into the network that it
stands in. Started by a variable in a container's configuration, or by an app that embeds it, it must not run where
real users are.
"""

import logging
from collections.abc import Mapping

from ..._core.log_fields import fields
from ..._core.settings.production import declared
from ..model import StartupError

logger: logging.Logger = logging.getLogger("qstash_integrations.server")


def check(environ: Mapping[str, str]) -> None:
    """Raises StartupError in an environment that is declared as production."""
    name = declared(environ)
    if name is not None:
        raise StartupError(
            f"{name}={environ[name]!a} declares production, and this is a DEV SERVER, with credentials that everybody "
            "knows; unset the variable, or pass --allow-production (allow_production=True in a ServerConfig)"
        )


def announce(url: str, environ: Mapping[str, str]) -> None:
    """Say what this is: a warning where it runs in production all the same."""
    forced = declared(environ)
    logger.log(
        logging.WARNING if forced else logging.INFO,
        "DEV SERVER: a local QStash at %s, for development and tests%s",
        url,
        f", although {forced} declares production" if forced else "",
        extra=fields("server_started", api=url),
    )
