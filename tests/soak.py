"""How many examples a property is tried with: all in the profile "soak", a quarter of them elsewhere.

Each run draws others, so that what is rare is found by the sum of all runs. tox.ini says which environments soak.
"""

from hypothesis import HealthCheck, settings

SOAK, USUAL = "soak", "shared machine"
_ALL = 100  # what Hypothesis itself has for a property that names no number


def register() -> None:
    settings.register_profile(SOAK, deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=_ALL)
    settings.register_profile(USUAL, settings.get_profile(SOAK), max_examples=_ALL // 4)
    settings.load_profile(USUAL)


def examples(number: int) -> int:
    """For a property that needs more than others, or fewer: of this number, what is tried in this run."""
    return max(1, number * settings.default.max_examples // _ALL)  # type: ignore[union-attr]
