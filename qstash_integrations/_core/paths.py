"""Which request paths lie below a protected prefix: every path that some router could take for one counts."""

import posixpath


def route_path(path: str, root_path: str) -> str:
    """The path as the app's routes see it: without the prefix under which the server mounted the app."""
    root = root_path.rstrip("/")
    if root and path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/"):
        return path[len(root) :] or "/"
    return path


def is_inside(path: str, prefix: str) -> bool:
    """Whether ``path`` is ``prefix`` or below it, as written or with its dot segments resolved, in any case."""
    wanted = _segments(prefix)
    written = _segments(path)
    resolved = _segments(posixpath.normpath("/" + "/".join(written)))
    return written[: len(wanted)] == wanted or resolved[: len(wanted)] == wanted


def _segments(path: str) -> list[str]:
    return [segment for segment in path.casefold().replace("\\", "/").split("/") if segment not in ("", ".")]
