# Made of _async/signing_key.py by tools/unasync.py: change that one, and run it.
"""``client.signing_key``.

Spec: https://upstash.com/docs/qstash/howto/roll-signing-keys
"""

from ..discreet import discreet
from ..operations import signing_key as operations
from ..results.signing_key import SigningKey
from . import Runner


@discreet
class SigningKeyApi:
    """``client.signing_key``: the account's pair of keys, all of whose deliveries they sign."""

    __slots__ = ("_client",)

    def __init__(self, client: Runner) -> None:
        self._client = client

    def get(self) -> SigningKey:
        """The pair that QStash signs with now; the keys do not show in its repr."""
        return self._client.run(operations.get())

    def rotate(self) -> SigningKey:
        """Make the next key the current one, and a new one the next; the new pair.

        Receivers go on with the next key they have. Give them the new pair before rotating again.
        """
        return self._client.run(operations.rotate())
