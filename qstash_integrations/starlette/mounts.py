"""Where one app is mounted in another, and where its routes are: told by the routes of both, never by a request.

Spec: https://www.starlette.io/routing/#submounting-routes
"""

from collections.abc import Iterator
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, ref

from starlette.applications import Starlette
from starlette.routing import Host, Mount, NoMatchFound, replace_params

from .._core.errors import ConfigurationError
from .._core.public_urls import has_path
from .._core.receiving.guards import apps_behind

# By app, the outermost router that it was found in. Neither is kept alive.
_OUTER: WeakKeyDictionary[Starlette, "ref[Any]"] = WeakKeyDictionary()


class Location(NamedTuple):
    path: str
    host: str | None
    """Of a ``Host`` route, which answers on no other."""


def note_outer(app: Starlette, router: object) -> None:
    """``app`` is mounted somewhere below ``router``."""
    known = _OUTER.get(app)
    if known is None or known() is not router:
        _OUTER[app] = ref(router)


def location(app: Starlette, name: str, path_params: dict[str, Any]) -> Location:
    """Of a route of ``app``, with whatever mounts the app in front. NoMatchFound for an unknown route."""
    known = _OUTER.get(app)
    outer = known() if known else None
    path, host, rest = "", None, path_params
    for mount in () if outer is None else _mounts_of(app, outer):
        step, rest = _in_front(mount, rest)
        path, host = path + step.path, host or step.host
    found = _location(app, name, rest)
    return Location(path + found.path, host or found.host)


def check_root_path(app: Starlette, bases: tuple[str, ...]) -> None:
    """ConfigurationError where FastAPI's ``root_path`` stands for a path that the public URL lacks.

    Whether a proxy takes that path off is not known before a request comes, and then it is the server's word. In a
    mounted app it says what the mount says.
    """
    root_path: str = "" if app in _OUTER else getattr(app, "root_path", "")
    if root_path and bases and not has_path(bases[0]):
        raise ConfigurationError(
            f"QSTASH_PUBLIC_URL has no path, and this app has root_path={root_path!r}: QStash would call another URL "
            f"than the one that is verified; set it to {bases[0]}{root_path}"
        )


def apps_below(owner: Any) -> list[Any]:
    """What the mounts of an app or a router lead to, those further in among them."""
    inner = [_inner(route) for route in _mounts(owner)]
    return [found for app in inner if app is not None for found in (app, *apps_below(app))]


def _location(owner: Any, name: str, path_params: dict[str, Any]) -> Location:
    try:
        url = owner.url_path_for(name, **path_params)
    except NoMatchFound:
        return _behind_middleware(owner, name, path_params)
    return Location(str(url), url.host or None)


def _behind_middleware(owner: Any, name: str, path_params: dict[str, Any]) -> Location:
    """Starlette itself does not look through ``Mount("/v1", app=SomeMiddleware(app))``."""
    for mount in _mounts(owner):
        inner = _inner(mount)
        front = f"{mount.name}:" if mount.name else ""
        if inner is None or not name.startswith(front):
            continue
        try:
            step, rest = _in_front(mount, path_params)
            found = _location(inner, name.removeprefix(front), rest)
        except NoMatchFound:
            continue
        return Location(step.path + found.path, step.host or found.host)
    raise NoMatchFound(name, path_params)


def _in_front(mount: Mount | Host, path_params: dict[str, Any]) -> tuple[Location, dict[str, Any]]:
    """What a mount puts in front, and the parameters that are left."""
    rest = dict(path_params)
    own = {name: rest.pop(name) for name in mount.param_convertors if name in rest and name != "path"}
    form = mount.host_format if isinstance(mount, Host) else mount.path_format.removesuffix("/{path}")
    text, _ = replace_params(form, mount.param_convertors, own)
    if "{" in text:
        raise NoMatchFound(form, path_params)
    return Location("", text) if isinstance(mount, Host) else Location(text, None), rest


def _mounts_of(app: Starlette, outer: Any) -> list[Mount | Host]:
    """The way from a router to an app that is mounted there, outermost first."""
    way = _way(app, outer)
    if way is None:
        raise ConfigurationError(
            "this app is mounted in another one that hides where, so no URL can be built: give the middleware around "
            "it an attribute app that leads to it"
        )
    return way


def _way(app: Starlette, owner: Any) -> list[Mount | Host] | None:
    for mount in _mounts(owner):
        inner = _inner(mount)
        further = [] if inner is app else _way(app, inner)
        if further is not None:
            return [mount, *further]
    return None


def _mounts(owner: Any) -> Iterator[Mount | Host]:
    for route in getattr(owner, "routes", None) or ():
        if isinstance(route, Mount | Host):
            yield route
        elif hasattr(route, "original_router"):  # as newer versions of FastAPI keep an included router
            prefix: str = route.include_context.prefix
            for mount in _mounts(route.original_router):
                yield Mount(prefix + mount.path, mount.app, name=mount.name) if isinstance(mount, Mount) else mount


def _inner(mount: Mount | Host) -> Any:
    """What has routes behind the middleware, if anything shows it."""
    apps = apps_behind(getattr(mount, "_base_app", mount.app))
    return next((app for app in apps if hasattr(app, "routes")), None)
