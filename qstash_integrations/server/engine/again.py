"""A message that was there before, once more: a new one, due now, with what the first was published with."""

from collections.abc import Sequence
from dataclasses import replace

from .. import identifiers
from ..model import Draft, Flaw, Header, Message
from ..rules.options import read_options, repeated
from .due import due_at


def again(message: Message, now: float, overrides: Sequence[Header] = ()) -> Draft:
    """The same message; ``Upstash-*`` headers replace what it was published with."""
    # What decided when it was published decides nothing now.
    base = replace(repeated(message.options), queue=None)
    options = read_options(overrides, now, base)
    # The call may be a delivery, but it makes no message forget what it went through.
    options = replace(options, hops=max(options.hops, message.options.hops))
    return Draft(
        id=identifiers.message_id(),
        url=message.url,
        body=message.body,
        options=options,
        created_at=now,
        due_at=due_at(options, now),
        queue=options.queue or message.queue,
        topic=message.topic,
        endpoint=message.endpoint,
        schedule_id=message.schedule_id,
        caller_ip=message.caller_ip,
    )


def flawed(draft: Draft, flaw: Flaw) -> Draft:
    """The draft with a signature that its receiver has to refuse: one attempt, of which nobody else hears."""
    options = replace(draft.options, flaw=flaw, retries=0, callback=None, failure_callback=None)
    return replace(draft, options=options, queue=None)
