"""The app that the doctor is asked about, as its adapter knows it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .._core.environment import Reader
from .._core.publishing.client import QStash
from .._core.receiving.options import Options, load_given
from .._core.settings import Settings
from .facts import App

_SHOWN = ("once", "url_match", "verify_url", "max_body_size", "body_timeout")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is asked where: the adapter fills it in."""

    app: App
    load: Callable[[], Settings]
    """ConfigurationError for settings that are refused."""
    reader: Callable[[], Reader]
    """Each setting as it was given; ConfigurationError for an object that has none."""
    client: Callable[[], QStash]
    hosts: object = None
    """The framework's list of hosts."""
    has_receiver: bool = False


def bare_place(app: App) -> Place:
    """Of what has no settings but those of the environment."""
    return Place(
        app=app, load=load_given, reader=lambda: Reader({}, ()), client=lambda: QStash.from_settings(load_given)
    )


def shown_options(options: Options) -> Mapping[str, str]:
    """Those that differ from what goes without saying, without what a store may say of its address."""
    given: Mapping[str, object] = {**options}
    return {
        name: type(given[name]).__name__ if name == "once" else repr(given[name]) for name in _SHOWN if name in given
    }
