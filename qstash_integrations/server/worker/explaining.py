"""Why an attempt got no answer, in one sentence that says what to do. Pure.

Of what a destination said, nothing is repeated: it may hold secrets.

Spec: https://www.openssl.org/docs/man3.0/man3/ERR_get_error.html
"""

import errno
import os
import ssl

from .target import Target

HUNG_UP = "the destination hung up before its answer was complete; its own log may say why"
_OR_TLS = ", and if it speaks TLS, publish to https://"
# What OpenSSL says of an answer that is not TLS; which of them depends on its version and on the first bytes.
_NO_TLS = {
    "BAD_PACKET_LENGTH", "BAD_RECORD_TYPE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE",
    "UNEXPECTED_MESSAGE", "UNKNOWN_PROTOCOL", "WRONG_VERSION_NUMBER",
}  # fmt: skip
_NO_FILES = (errno.EMFILE, errno.ENFILE)
_NO_WAY = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM)


def no_connection(error: OSError | ValueError, target: Target, seconds: float) -> str:
    """Why none came about; with TLS, after that of the system too. ``seconds`` are those that there were for it."""
    place = place_of(target)
    match error:
        case TimeoutError():
            return f"no connection to {place} within {seconds:g} s; see that it is up, and that no firewall is between"
        case ssl.SSLCertVerificationError():
            return _certificate(error, place)
        case ssl.SSLError() if error.reason in _NO_TLS:
            return f"the destination does not speak TLS on {place}; publish to http:// or to its TLS port"
        case ssl.SSLError() if error.reason:
            return f"TLS with {place} failed: {_words(error.reason)}; see what its TLS settings ask for"
        case ConnectionRefusedError():
            return f"nobody listens on {place} (Connection refused); start your app there, or publish to its port"
        # What asyncio makes of a handshake that takes too long.
        case ConnectionAbortedError() if target.scheme == "https":
            return f"{place} did not set up TLS in time; if it does not speak TLS, publish to http://"
        case ssl.SSLError() | ConnectionError() if target.scheme == "https":
            return f"{place} hung up while TLS was set up; if it does not speak TLS, publish to http://"
        case OSError() if error.errno in _NO_WAY:
            return f"there is no way to {place} ({_text(error)}); see its address, and the network of this machine"
        case OSError() if error.errno in _NOT_ALLOWED:
            return f"this machine allows no connection to {place} ({_text(error)}); see its firewall"
        case OSError() if error.errno in _NO_FILES:
            return f"no file is left for a connection to {place} ({_text(error)}); raise the limit with ulimit -n"
        case _:
            return f"no connection to {place}: {_text(error)}"


def lost(error: Exception | None, target: Target, *, is_silent: bool) -> str:
    """Why a connection ended before the answer did; ``is_silent`` when not a byte of that came."""
    hint = _OR_TLS if is_silent and target.scheme == "http" else ""
    match error:
        case None:
            return HUNG_UP + hint
        case ConnectionResetError() | BrokenPipeError():
            return f"{place_of(target)} reset the connection before it answered; its own log may say why{hint}"
        case _:
            return f"the connection to {place_of(target)} failed before it answered: {_text(error)}"


def not_http(begin: bytes, why: str) -> str:
    """``begin`` are the first bytes of what came in place of an answer."""
    # An alert is all that a TLS server has for who speaks plainly to it.
    if begin[:2] == b"\x15\x03":
        return "the destination speaks TLS on this port; publish to https://"
    if begin[:4] == b"SSH-":
        return "the answer is not HTTP but SSH; publish to the port of your app"
    # The settings that open every connection.
    if begin[3:5] == b"\x04\x00" and begin[5:9] == b"\0\0\0\0":
        return "the destination speaks nothing but HTTP/2; let it take HTTP/1.1 as well"
    return f"the answer is not HTTP ({why}); see that your app listens on this port"


def place_of(target: Target) -> str:
    return f"[{target.host}]:{target.port}" if ":" in target.host else f"{target.host}:{target.port}"


def _certificate(error: ssl.SSLCertVerificationError, place: str) -> str:
    why = error.verify_message.rstrip(".")
    if "mismatch" in why:
        remedy = "publish to a name that stands in it"
    elif "expired" in why or "not yet valid" in why:
        remedy = "renew it, or set the clock of this machine"
    else:
        remedy = "start this server with SSL_CERT_FILE set to a file that has its authority"
    return f"the certificate of {place} is refused: {why}; {remedy}"


def _words(reason: str) -> str:
    """SSLV3_ALERT_HANDSHAKE_FAILURE is 'handshake failure' to people."""
    return reason.rpartition("ALERT_")[2].replace("_", " ").lower()


def _text(error: Exception) -> str:
    """As people know it, whatever asyncio made of it: 'Network is unreachable'."""
    if isinstance(error, OSError) and error.errno and not isinstance(error, ssl.SSLError):
        return os.strerror(error.errno)
    return str(error) or type(error).__name__
