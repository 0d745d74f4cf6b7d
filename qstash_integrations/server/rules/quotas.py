"""How much of an option a plan allows. More is 412: the SDKs of Workflow take any 400 for a run that is gone.

Spec: https://upstash.com/pricing/qstash
"""

from ..model import CallbackOptions, Limits, Options, Refused


def check_quotas(options: Options, limits: Limits, now: float) -> None:
    """Refused with the name of the quota that a message, or a callback of it, is over."""
    if options.not_before_at is not None:
        _check("maxDelay", options.not_before_at - now, limits.delay)
    _check("maxDelay", options.delay, limits.delay)
    given: list[Options | CallbackOptions | None] = [options, options.callback]
    while given:
        one = given.pop()
        if one is not None:
            _check("maxRetries", one.retries, limits.retries)
            _check("timeout", one.timeout, limits.timeout)
            given.append(one.failure_callback)


def _check(quota: str, wanted: float | None, limit: int) -> None:
    if wanted is not None and wanted > limit:
        raise Refused(412, f"quota {quota} exceeded, current limit: {limit}")
