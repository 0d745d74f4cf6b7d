"""Targets in other spellings than the signed URL has, and targets that are no paths."""

from tests.servers.cases.case import Case, End, case
from tests.servers.cases.headers import ANY, NOT_OURS
from tests.servers.cases.requests import genuine, post, signature
from tests.signing import ORIGIN


def _target(target: bytes, url: str, ends: End | tuple[End, ...]) -> Case:
    return case(post(signature(genuine(url=url)), target=target), ends=ends)


TARGETS: dict[str, Case] = {
    "H45 a query, as it is": _target(b"/hook?a=1&b=%20x&a=2", ORIGIN + "/hook?a=1&b=%20x&a=2", End.RAN),
    "H46 a query that differs": _target(b"/hook?a=2", ORIGIN + "/hook?a=1", End.REFUSED),
    "H46 a query that is missing": _target(b"/hook", ORIGIN + "/hook?a=1", End.REFUSED),
    "H46 a query too many": _target(b"/hook?a=1", ORIGIN + "/hook", End.REFUSED),
    "H47 an encoded slash": _target(b"/a%2Fb", ORIGIN + "/a%2Fb", ANY),
    "H48 an encoded slash, signed as a slash": _target(b"/a%2Fb", ORIGIN + "/a/b", ANY),
    "H49 encoded twice": _target(b"/a%252Fb", ORIGIN + "/a%2Fb", End.REFUSED),
    "H50 an encoded letter": _target(b"/h%C3%A9", ORIGIN + "/h%C3%A9", End.RAN),
    "H50 an encoded letter, signed raw": _target(b"/h%C3%A9", ORIGIN + "/hé", End.REFUSED),
    "H50 a raw letter, signed encoded": _target("/hé".encode(), ORIGIN + "/h%C3%A9", ANY),
    "H51 no text": _target(b"/%FF", ORIGIN + "/%FF", ANY),
    "H51 no text, signed as the replacement character": _target(b"/%FF", ORIGIN + "/%EF%BF%BD", NOT_OURS),
    "H51 a raw byte that is no text": _target(b"/\xff", ORIGIN + "/hook", NOT_OURS),
    "H52 a slash too many": _target(b"/hook/", ORIGIN + "/hook", NOT_OURS),
    "H52 a slash too few": _target(b"/hook", ORIGIN + "/hook/", NOT_OURS),
    # Python's own http.server makes one slash of two before anybody sees them.
    "H53 two slashes": _target(b"//hook", ORIGIN + "/hook", ANY),
    "H53 a dot": _target(b"/./hook", ORIGIN + "/hook", NOT_OURS),
    "H53 two dots": _target(b"/x/../hook", ORIGIN + "/hook", NOT_OURS),
    "H53 two dots out of the open path": _target(b"/ran/../hook", ORIGIN + "/hook", NOT_OURS),
    "H53 capitals": _target(b"/HOOK", ORIGIN + "/hook", NOT_OURS),
    "H54 the absolute form, signed for its origin": _target(
        b"http://evil.example/hook", "http://evil.example/hook", NOT_OURS
    ),
    "H54 the absolute form, signed for ours": _target(b"http://evil.example/hook", ORIGIN + "/hook", ANY),
    "H54 the absolute form with our origin": _target(ORIGIN.encode() + b"/hook", ORIGIN + "/hook", ANY),
    "H54 an authority": _target(b"//evil.example/hook", ORIGIN + "//evil.example/hook", ANY),
    "H54 an authority, signed for its path": _target(b"//evil.example/hook", ORIGIN + "/hook", NOT_OURS),
    "H55 an at sign": _target(b"@evil.example", ORIGIN + "@evil.example", NOT_OURS),
    "H55 an at sign and a path": _target(b"@evil.example/hook", ORIGIN + "@evil.example/hook", NOT_OURS),
    "H55 a longer host": _target(b".evil.example/hook", ORIGIN + ".evil.example/hook", NOT_OURS),
    "H55 a port": _target(b":8443/hook", ORIGIN + ":8443/hook", NOT_OURS),
    "H55 a star": _target(b"*", ORIGIN + "*", NOT_OURS),
    "H55 no slash": _target(b"hook", ORIGIN + "hook", NOT_OURS),
    "H55 no slash, signed with one": _target(b"hook", ORIGIN + "/hook", NOT_OURS),
    "H55 a query alone": _target(b"?a=1", ORIGIN + "?a=1", NOT_OURS),
    "H55 a backslash": _target(b"\\hook", ORIGIN + "\\hook", NOT_OURS),
    "H56 a fragment": _target(b"/hook#x", ORIGIN + "/hook", ANY),
    "H56 a fragment, signed with it": _target(b"/hook#x", ORIGIN + "/hook#x", ANY),
}
