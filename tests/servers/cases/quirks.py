"""What some servers make of a request before anybody else sees it.

None of it lets anything forged in: what runs is signed, and seen as it was signed.
"""

from collections.abc import Collection

from tests.servers.cases.case import End

_UNDERSCORES = "WSGI's names have underscores only, and this server does not drop headers that come with some"
_BROKEN_CHUNKS = "this server takes a broken chunk for the end of the body"
_TRAILERS = "this server adds the trailers to the headers when all has arrived at once"
_PIPELINE = "this server answers what follows instead, since nothing may follow after Connection: close"
_DECODED = "this server tells WSGI apps the decoded path alone, in which an encoded slash looks like any other"
_ENDLESS = "this server does not notice the end, and gives more than was sent"

QUIRKS: dict[tuple[str, str], tuple[End, str]] = {
    ("granian-wsgi", "H08 with an underscore alone"): (End.RAN, _UNDERSCORES),
    ("granian-wsgi", "H09 forged, genuine with an underscore"): (End.RAN, _UNDERSCORES),
    ("granian-wsgi", "H26 no CRLF after a chunk"): (End.RAN, _BROKEN_CHUNKS),
    ("granian-wsgi", "H37 chunks that stop after one"): (End.RAN, _BROKEN_CHUNKS),
    ("granian-wsgi", "H37 a chunk that stops"): (End.RAN, _BROKEN_CHUNKS),
    ("uvicorn-httptools", "H26 a signature in the trailer"): (End.RAN, _TRAILERS),
    ("hypercorn", "H33 too short, signed for all"): (End.TURNED_AWAY, _PIPELINE),
    ("hypercorn", "H33 too short, signed for that much"): (End.TURNED_AWAY, _PIPELINE),
    ("granian-wsgi", "ok-url-percent"): (End.REFUSED, _DECODED),
    ("runserver", "ok-url-percent"): (End.REFUSED, _DECODED),
    ("flask run", "H26 a size over 64 bits"): (End.TOO_LARGE, _ENDLESS),
}


def quirks(server: str, name: str) -> Collection[End]:
    """The ends that a case has on this server besides its own."""
    return [end for (where, what), (end, _) in QUIRKS.items() if (where, what) == (server, name)]
