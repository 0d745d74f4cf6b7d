"""The app that the doctor is asked about, as its adapter knows it."""

from collections.abc import Callable
from dataclasses import dataclass

from .._core.publishing.client import QStash
from .._core.receiving.options import load_given
from .._core.settings.environment import Reader
from .._core.settings.values import Settings
from .facts import AppFacts, Facts
from .shapes import shapes_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is asked where: the adapter fills it in."""

    app: AppFacts
    load: Callable[[], Settings]
    """ConfigurationError for settings that are refused."""
    reader: Callable[[], Reader]
    """Each setting as it was given; ConfigurationError for an object that has none."""
    client: Callable[[], QStash]
    hosts: object = None
    """The framework's list of hosts."""
    has_receiver: bool = False


def bare_place(app: AppFacts) -> Place:
    """Of what has no settings but those of the environment."""
    return Place(
        app=app, load=load_given, reader=lambda: Reader({}, ()), client=lambda: QStash.from_settings(load_given)
    )


def offline_facts(place: Place) -> Facts:
    """What the settings and the code say, of which nobody is asked."""
    return Facts(
        shapes=shapes_of(place.reader(), place.load, place.hosts, has_receiver=place.has_receiver), app=place.app
    )
