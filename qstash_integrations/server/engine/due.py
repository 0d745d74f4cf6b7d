"""When a message is due that is published now."""

from ..model import Options


def due_at(options: Options, now: float) -> float:
    """When it may be delivered; Not-Before wins over Delay."""
    if options.not_before_at is not None:
        return max(float(options.not_before_at), now)
    return now + options.delay
