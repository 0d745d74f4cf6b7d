"""Read and rotate the signing keys.

Spec: https://upstash.com/docs/qstash/howto/roll-signing-keys
"""

from ..results.fields import reads
from ..results.signing_key import SigningKey
from . import Operation


def get() -> Operation[SigningKey]:
    return Operation(method="GET", path="/v2/keys", read=reads(SigningKey), repeatable=True)


def rotate() -> Operation[SigningKey]:
    # Never sent again: two rotations lock out every receiver that has the current pair.
    return Operation(method="POST", path="/v2/keys/rotate", read=reads(SigningKey))
