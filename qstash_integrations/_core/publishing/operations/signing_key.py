"""Read and rotate the signing keys.

Spec: https://upstash.com/docs/qstash/howto/roll-signing-keys
"""

from ..results.signing_key import SigningKey, read_signing_key
from . import Operation


def get() -> Operation[SigningKey]:
    return Operation(method="GET", path="/v2/keys", read=read_signing_key, repeatable=True)


def rotate() -> Operation[SigningKey]:
    # Never sent again: two rotations lock out every receiver that has the current pair.
    return Operation(method="POST", path="/v2/keys/rotate", read=read_signing_key)
