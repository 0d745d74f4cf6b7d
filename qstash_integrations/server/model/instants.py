"""Moments in time, which are Unix seconds here."""


def milliseconds(instant: float) -> int:
    """An instant as the API and the ids spell it."""
    return round(instant * 1000)
