"""Where the published keys of local development count, with which anybody can sign.

Beside a QStash on this machine or in a private network, and never in an environment that declares production: there
they are what a forgotten ``.env`` has left.

Spec: https://upstash.com/docs/qstash/howto/local-development
"""

from ..errors import ConfigurationError
from ..hosts import is_private
from .environment import production
from .values import Settings


def remedy_for_dev_keys(api_url: str | None = None) -> str | None:
    """What to do instead of using the published keys here; None where they count.

    ``api_url`` is the address of the QStash that signs, the one in the environment unless it is given.
    """
    declared = production()
    if declared is not None:
        name, value = declared
        return (
            f"{name}={value!a} declares production, where they count for nothing: copy your own keys from the QStash "
            f"console, or unset {name} if this is no production"
        )
    try:
        url = Settings.load().url if api_url is None else api_url
    except ConfigurationError as error:
        return str(error)
    if is_private(url):
        return None
    return (
        "set QSTASH_URL to your local server, as qstash-integrations dev prints it, or copy your own keys from the "
        "QStash console"
    )
