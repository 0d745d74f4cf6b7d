"""What the doctor sees of a Django project."""

from typing import Any, cast

import django

from .._core.errors import ConfigurationError
from .._core.settings.environment import Reader
from ..doctor.facts import AppFacts
from ..doctor.place import Place
from .conf import allowed_hosts, configured, for_all_views, forced_mount, load
from .listing import routes_of
from .publisher import qstash
from .reversing import included

_NO_PROBE = 'add path("qstash/", include("qstash_integrations.django.urls")) to urlpatterns'


def place() -> Place:
    try:
        app, has_receiver = app_facts(), "receiver" in for_all_views().options
    except ConfigurationError as error:
        app = AppFacts(framework="django", version=django.get_version(), refused=str(error))
        has_receiver = False
    return Place(
        app=app,
        load=load,
        reader=lambda: Reader(cast("Any", configured()).with_object(), ()),
        client=lambda: qstash,
        hosts=allowed_hosts(),
        has_receiver=has_receiver,
    )


def app_facts() -> AppFacts:
    """ConfigurationError for a URLconf of ours that settings refuse."""
    return AppFacts(
        framework="django",
        version=django.get_version(),
        routes=routes_of(),
        probe_path=_probe_path(),
        probe_any_url=for_all_views().options.get("verify_url") is False,
        mount_hint=_NO_PROBE,
    )


def _probe_path() -> str | None:
    try:
        path = included("probe")
    except ConfigurationError:
        return None  # it is not mounted, or not where QStash could call it
    mount = forced_mount()
    return path if path is None or not mount or path.startswith(mount) else mount + path
