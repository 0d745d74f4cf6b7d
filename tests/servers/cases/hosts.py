"""What a client says about where it thinks it is: none of it counts."""

from tests.servers.cases.case import Case, End, case
from tests.servers.cases.headers import ANY, NOT_OURS
from tests.servers.cases.requests import BODY, bare, genuine, signature
from tests.signing import ORIGIN

EVIL = "https://evil.example/hook"
OURS = ORIGIN + "/hook"


def _hosts(*lines: bytes, url: str = OURS, ends: End | tuple[End, ...] = ANY, version: bytes = b"1.1") -> Case:
    usual = (b"Connection: close", b"Content-Length: %d" % len(BODY), signature(genuine(url=url)))
    return case(bare(b"POST /hook HTTP/" + version, *lines, *usual, body=BODY), ends=ends)


HOSTS: dict[str, Case] = {
    "A21 HTTP/1.0": _hosts(b"Host: api.example.com", version=b"1.0", ends=End.RAN),
    "H57 another's, signed for it": _hosts(b"Host: evil.example", url=EVIL, ends=NOT_OURS),
    "H57 another's, signed for ours": _hosts(b"Host: evil.example", ends=End.RAN),
    "H58 none": _hosts(),
    "H58 none, HTTP/1.0": _hosts(version=b"1.0", ends=End.RAN),
    "H58 two": _hosts(b"Host: api.example.com", b"Host: evil.example"),
    "H58 two, signed for the second": _hosts(b"Host: api.example.com", b"Host: evil.example", url=EVIL, ends=NOT_OURS),
    "H58 with a path": _hosts(b"Host: evil.example/hook?x="),
    "H58 with a path, signed for it": _hosts(
        b"Host: evil.example/hook?x=", url="https://evil.example/hook?x=/hook", ends=NOT_OURS
    ),
    "H58 with a user": _hosts(b"Host: api.example.com@evil.example"),
    "H58 empty": _hosts(b"Host:"),
    "H59 with the default port": _hosts(b"Host: api.example.com:443", ends=End.RAN),
    "H59 in capitals": _hosts(b"Host: API.EXAMPLE.COM", ends=End.RAN),
    "H59 with a dot at the end": _hosts(b"Host: api.example.com.", ends=End.RAN),
    "H61 forwarded, signed for ours": _hosts(
        b"Host: api.example.com",
        b"X-Forwarded-Host: evil.example",
        b"X-Forwarded-Proto: http",
        b"X-Forwarded-Prefix: /evil",
        b"Forwarded: host=evil.example;proto=http",
        b"X-Script-Name: /evil",
        ends=End.RAN,
    ),
    "H61 forwarded, signed for that": _hosts(
        b"Host: evil.example",
        b"X-Forwarded-Host: evil.example",
        b"X-Forwarded-Proto: https",
        b"Forwarded: host=evil.example;proto=https",
        url=EVIL,
        ends=NOT_OURS,
    ),
    # Some servers take these for what a proxy in front of them says of the path.
    "H61 a script name": _hosts(b"Host: api.example.com", b"Script-Name: /hook", b"Path-Info: /hook", ends=ANY),
}
