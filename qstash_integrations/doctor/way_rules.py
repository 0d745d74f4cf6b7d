"""Rules over the way between QStash and the app: Q133, Q305 to Q308, Q401 to Q503. Pure.

A fact is what came back from the probe, or what QStash wrote down of an attempt. What the verdict names is certain.
"""

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from .account import failure_of
from .answers import INVALID, STORE_DOWN, TOO_LARGE
from .facts import Facts, ProbeAnswer
from .findings import Said
from .log import FailingAttempt, bases_of, failing, of

_SKEW = 60.0  # seconds
_LONG = 5.0  # seconds
_REDIRECTS = range(300, 400)


def other_base(facts: Facts) -> Iterator[Said]:
    expected = " or ".join(bases_of(facts))
    for one in failing(facts):
        if one.attempt.ours == INVALID and one.base is not None and one.base not in bases_of(facts):
            yield Said(
                sentence=f"QStash calls {_shown(one)}, and this app expects URLs on {expected}",
                remedy=f"set QSTASH_PUBLIC_URL to {one.base}",
            )
            return
    if _refused_for(facts, "url_mismatch"):
        yield Said(
            sentence=f"the app that runs at {facts.probe_url} expects to be called by another URL: its "
            "QSTASH_PUBLIC_URL is not the one here, or something on the way changes the path",
            remedy="set QSTASH_PUBLIC_URL to the URL that QStash calls, with its path prefix, and restart",
        )
    elif facts.unsigned and facts.probe_url and _moves_the_origin(facts.probe_url, facts.unsigned):
        to = urlsplit(facts.unsigned.location)
        yield Said(
            sentence=f"{facts.base} sends everybody on to {to.scheme}://{to.netloc}, and QStash follows nobody",
            remedy=f"set QSTASH_PUBLIC_URL to {_moved(facts)}",
        )


def other_app(facts: Facts) -> Iterator[Said]:
    if facts.unsigned and facts.unsigned.has_verdict and facts.unsigned.verdict is None:
        yield Said(sentence=f"the app at {facts.probe_url} has neither the token nor the signing keys of this shell")


def stale_app(facts: Facts) -> Iterator[Said]:
    """Of the running app the token is known here, and its keys are not."""
    unsigned = facts.unsigned
    by_token = unsigned and unsigned.opened_by == "token" and unsigned.verdict == "missing"
    passed = facts.signed and any(answer.seen for answer in facts.signed.empty)
    if (by_token or _refused_for(facts, "wrong_key")) and not passed:
        yield Said(sentence="the running app has other signing keys than this shell")


def stale_instance(facts: Facts) -> Iterator[Said]:
    empty = facts.signed.empty if facts.signed else ()
    refused = sum(answer.text == INVALID for answer in empty)
    if refused and any(answer.seen for answer in empty):
        yield Said(sentence=f"of {len(empty)} requests alike {refused} were refused: an instance has other keys")


def unconfigured(facts: Facts) -> Iterator[Said]:
    if facts.unsigned and facts.unsigned.verdict == "unconfigured":
        yield Said(sentence="the running app lacks a setting of verification, which this shell has or not")


def no_signature(facts: Facts) -> Iterator[Said]:
    for reason, what in (("missing", "is removed"), ("malformed", "is changed")):
        if _refused_for(facts, reason):
            yield Said(sentence=f"the Upstash-Signature header {what} on the way to the app")


def redirected(facts: Facts) -> Iterator[Said]:
    unsigned = facts.unsigned
    if unsigned and unsigned.status in _REDIRECTS and not _moves_the_origin(facts.probe_url or "", unsigned):
        yield Said(sentence=f"{facts.probe_url} is answered {unsigned.status}, to {unsigned.location or 'nowhere'}")
    for one in failing(facts):
        if one.attempt.status in _REDIRECTS:
            yield Said(
                sentence=f"{_shown(one)} was answered {one.attempt.status}, to {one.attempt.location or 'nowhere'}"
            )


def forbidden(facts: Facts) -> Iterator[Said]:
    if facts.unsigned and facts.unsigned.status == 403:
        yield Said(
            sentence=f"{facts.probe_url} is answered 403 ahead of the app's verification{_by(facts.unsigned)}",
            remedy="let POST to the app's verified paths pass, unsigned by a session or a CSRF token",
        )
    for one in failing(facts):
        if one.attempt.status == 403:
            yield Said(sentence=f"{_shown(one)} was answered 403, which no verification of this package does")


def refused_ahead(facts: Facts) -> Iterator[Said]:
    """By a status that neither the app's verification nor any other rule knows."""
    unsigned = facts.unsigned
    if unsigned and not unsigned.ours and (unsigned.status == 429 or (unsigned.status == 400 and unsigned.is_html)):
        yield Said(sentence=f"{facts.probe_url} is answered {unsigned.status} ahead of the app{_by(unsigned)}")
    signed = [answer for answer in (facts.signed.empty if facts.signed else ()) if answer.status]
    ahead = [answer for answer in signed if not answer.ours]
    if ahead:
        yield Said(
            sentence=f"of {len(signed)} requests that were signed {len(ahead)} were answered {ahead[0].status} "
            f"ahead of the app{_by(ahead[0])}, and one without a signature was not"
        )


def nothing_there(facts: Facts) -> Iterator[Said]:
    if facts.unsigned and facts.unsigned.status == 404:
        yield Said(
            sentence=f"nothing of this app answers at {facts.probe_url}: 404{_by(facts.unsigned)}",
            remedy="mount the app there, restart an older one, or set QSTASH_PUBLIC_URL with the path prefix",
        )
    for one in failing(facts):
        if one.attempt.status in (404, 405) and one.on_base:
            known = (
                "which the app has here: restart the running one" if one.is_known else "and this app has no such route"
            )
            yield Said(sentence=f"{_shown(one)} was answered {one.attempt.status}, {known}")


def another_app(facts: Facts) -> Iterator[Said]:
    unsigned = facts.unsigned
    if unsigned is None or unsigned.ours or not unsigned.status:
        return
    if unsigned.status < 300 or (unsigned.status == 400 and not unsigned.is_html):
        yield Said(
            sentence=f"{facts.probe_url} is answered {unsigned.status} by something that is no probe of this app"
        )


def not_as_post(facts: Facts) -> Iterator[Said]:
    unsigned = facts.unsigned
    if unsigned is not None and not unsigned.ours and unsigned.status == 405:
        yield Said(sentence=f"a POST to {facts.probe_url} is answered 405, as if its method were another one")


def no_address(facts: Facts) -> Iterator[Said]:
    if facts.unsigned and facts.unsigned.failure == "dns":
        yield Said(sentence=f"the host of {facts.base} has no address here")
    for one in _lost(facts, "dns"):
        yield Said(sentence=f"QStash found no address for {_shown(one)}")


def bad_certificate(facts: Facts) -> Iterator[Said]:
    if facts.unsigned and facts.unsigned.failure == "tls":
        yield Said(sentence=f"the certificate of {facts.base} is refused: {facts.unsigned.detail}")
    for one in _lost(facts, "tls"):
        yield Said(sentence=f"QStash refused the certificate at {_shown(one)}")


def nobody_listens(facts: Facts) -> Iterator[Said]:
    unsigned = facts.unsigned
    if unsigned and unsigned.failure in ("refused", "timeout", "broken"):
        what = {"refused": "takes no connection", "timeout": "gives no answer in time"}.get(
            unsigned.failure, "breaks the connection off"
        )
        yield Said(sentence=f"{facts.base} {what}: {unsigned.detail}")
    for one in _lost(facts, "unreachable"):
        if one.attempt.seconds is None or one.attempt.seconds < _LONG:
            yield Said(sentence=f"QStash got no answer from {_shown(one)}")


def proxy_alone(facts: Facts) -> Iterator[Said]:
    answers = [facts.unsigned] if facts.unsigned else []
    for answer in answers:
        if answer.status >= 500 and not answer.ours:
            what = "and the app fails" if answer.status == 500 else "and the app is not asked"
            yield Said(sentence=f"{facts.probe_url} is answered {answer.status}{_by(answer)}, {what}")
    for one in failing(facts):
        quick = one.attempt.seconds is None or one.attempt.seconds < _LONG
        if one.attempt.status in (502, 503) and not one.attempt.ours and quick and not answers:
            yield Said(sentence=f"{_shown(one)} was answered {one.attempt.status}, and the app was not asked")


def other_authentication(facts: Facts) -> Iterator[Said]:
    if facts.unsigned and facts.unsigned.status == 401 and not facts.unsigned.ours:
        yield Said(sentence=f"{facts.probe_url} is answered 401 by something else than the app{_by(facts.unsigned)}")


def no_verdict(facts: Facts) -> Iterator[Said]:
    refused = _refused(facts)
    if refused and all(answer.verdict is None and not answer.has_verdict for answer in refused):
        yield Said(sentence="the app refuses what is signed for its probe, and the reason got lost on the way")


def refused_elsewhere(facts: Facts) -> Iterator[Said]:
    """At a route, while the probe takes what is signed."""
    if not (facts.signed and any(answer.seen for answer in facts.signed.empty)):
        return
    for one in failing(facts):
        if one.attempt.ours == INVALID and one.on_base and one.base in (None, *bases_of(facts)):
            yield Said(
                sentence=f"{_shown(one)} was refused by the app's verification, and the probe is not: it is something "
                "about this URL, or has been mended since"
            )


def too_large(facts: Facts) -> Iterator[Said]:
    large = facts.signed.large if facts.signed else None
    if large and large.status == 413 and not large.ours:
        yield Said(
            sentence=f"a body of 1 MiB is refused ahead of the app's verification{_by(large)}", severity="warning"
        )
    for one in failing(facts):
        if one.attempt.status == 413:
            own = one.attempt.ours == TOO_LARGE
            yield Said(
                sentence=f"a body to {_shown(one)} was refused as too large{'' if own else ', ahead of verification'}",
                remedy="raise max_body_size" if own else "",
            )


def clock(facts: Facts) -> Iterator[Said]:
    lagging = facts.signed.lagging if facts.signed else None
    if _refused_for(facts, "expired") or _refused_for(facts, "not_yet_valid"):
        by = "wrong" if lagging is None else _off(lagging)
        yield Said(sentence=f"the clock of the app's machine is {by}, so that signatures have expired for it")
    elif lagging is not None and abs(lagging) > _SKEW:
        yield Said(sentence=f"the clock of the app's machine is {_off(lagging)}", severity="warning")


def decoded_path(facts: Facts) -> Iterator[Said]:
    encoded = facts.signed.encoded if facts.signed else None
    if encoded and encoded.seen is None and (encoded.verdict == "url_mismatch" or encoded.status in (400, 404)):
        yield Said(
            sentence="paths with %2F and the like are decoded on the way to the app, and then not what was signed"
        )


def rewritten_body(facts: Facts) -> Iterator[Said]:
    signed = facts.signed
    if signed and (_refused_for(facts, "body_mismatch") or (signed.json and signed.json.verdict == "body_mismatch")):
        yield Said(sentence="something between QStash and the app changes bodies")


def taken_body(facts: Facts) -> Iterator[Said]:
    signed = facts.signed
    if signed and (_refused_for(facts, "body_taken") or (signed.json and signed.json.verdict == "body_taken")):
        yield Said(sentence="middleware or a hook of the app reads the body before it is verified")


def fails_for_qstash(facts: Facts) -> Iterator[Said]:
    published = facts.published
    if published and published.state == "failed":
        attempt = published.attempt
        what = f"with status {attempt.status}" if attempt and attempt.status else "without an answer"
        yield Said(sentence=f"requests from here pass, and the message of QStash to the probe failed {what}")


def not_published(facts: Facts) -> Iterator[Said]:
    if facts.published and facts.published.state == "refused":
        yield Said(sentence=f"the message to the probe could not be published: {facts.published.detail[:200]}")
    if facts.published and facts.published.state == "waiting":
        yield Said(
            sentence="the message to the probe was not delivered within 30 seconds",
            remedy="look at qstash-integrations doctor again later, and at the log of QStash",
        )


def too_slow(facts: Facts) -> Iterator[Said]:
    for one in failing(facts):
        attempt = one.attempt
        took = attempt.seconds or 0.0
        if attempt.status == 504 or (attempt.status in (0, 500, 502) and not attempt.ours and took >= _LONG):
            what = f"with {attempt.status}" if attempt.status else "without an answer"
            yield Said(
                sentence=f"{_shown(one)} ended {what} after {took:.0f} seconds: a time-out on the way, or of the server"
            )


def gave_up(facts: Facts) -> Iterator[Said]:
    dead = facts.account.dead if facts.account else ()
    ours = [attempt for attempt in dead if attempt.status == 489 and of(facts, attempt).on_base]
    if ours:
        count = f"{len(ours)} dead letter{'s' if len(ours) > 1 else ''}"
        yield Said(sentence=f"{count} of this app's handlers, which gave up with NonRetryable (489)")


def store_down(facts: Facts) -> Iterator[Said]:
    signed = facts.signed
    asked = signed and any(answer.text == STORE_DOWN for answer in signed.empty)
    if asked or any(one.attempt.ours == STORE_DOWN for one in failing(facts)):
        yield Said(sentence="the store of once= cannot be reached, so that every delivery is answered 503")


def _refused(facts: Facts) -> list[ProbeAnswer]:
    """The answers to what was signed and has no body, where all of it was refused."""
    empty = list(facts.signed.empty) if facts.signed else []
    return empty if empty and all(answer.text == INVALID for answer in empty) else []


def _refused_for(facts: Facts, reason: str) -> bool:
    return any(answer.verdict == reason for answer in _refused(facts))


def _lost(facts: Facts, failure: str) -> Iterable[FailingAttempt]:
    for one in failing(facts):
        if one.attempt.status == 0 and one.attempt.error and failure_of(one.attempt.error) == failure:
            yield one


def _moves_the_origin(url: str, answer: ProbeAnswer) -> bool:
    """A redirect to the same path elsewhere, such as to https."""
    to, here = urlsplit(answer.location), urlsplit(url)
    return answer.status in _REDIRECTS and bool(to.netloc) and to.path == here.path


def _moved(facts: Facts) -> str:
    assert facts.unsigned is not None
    to = urlsplit(facts.unsigned.location)
    return f"{to.scheme}://{to.netloc}{urlsplit(facts.base or '').path}"


def _by(answer: ProbeAnswer) -> str:
    return f" by {answer.server}" if answer.server else ""


def _off(lagging: float) -> str:
    return f"{abs(lagging):.0f} seconds {'behind' if lagging > 0 else 'ahead'}"


def _shown(one: FailingAttempt) -> str:
    return one.attempt.url
