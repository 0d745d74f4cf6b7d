"""What a text is looked for in: all that the page of a message shows of it, as a condition of a WHERE clause.

The text is only ever a parameter of LIKE, no pattern of the caller's; what is redacted does not tell by it what it
holds. ``t`` is the text in its spellings, ``m`` the message, ``b`` its body, ``e`` the entry of a run that has it.
"""

from .encoding import to_json

# Bodies and answers beyond this are not searched, nor attempts before the last ones.
LONGEST_SEARCHED = 64 * 1024
MOST_ATTEMPTS = 20
# As it stands in the columns: plain; in the value of a header, which is bytes, a character each; both of them in JSON;
# and not as a part of anything.
TEXT = "(SELECT ? AS plain, ? AS wire, ? AS json, ? AS json_wire, ? AS whole)"


def like(column: str, spelling: str = "t.plain") -> str:
    return f"{column} LIKE {spelling} ESCAPE '\\'"


def containing(text: str) -> str:
    """The pattern for what has ``text`` in it, in any case."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def spellings(text: str) -> tuple[str, ...]:
    """The parameters of ``TEXT``."""
    wire = text.encode("utf-8", "replace").decode("latin-1")
    patterns = (text, wire, to_json(text)[1:-1], to_json(wire)[1:-1])
    return (*map(containing, patterns), text)


def _any(*conditions: str) -> str:
    return f"({' OR '.join(conditions)})"


def _body(column: str) -> str:
    return f"(length({column}) <= {LONGEST_SEARCHED:d} AND {like(f'CAST({column} AS TEXT)')})"


def _json(column: str, *conditions: str) -> str:
    """Parsing it takes its time: most that are not meant do not hold the text at all."""
    return f"({_any(like(column, 't.json'), like(column, 't.json_wire'))} AND {_any(*conditions)})"


_NAME, _VALUE = (like("json_extract(h.value, '$[0]')"), like("json_extract(h.value, '$[1]')", "t.wire"))
_IS_SHOWN = """
    json_extract(m.options, '$.redaction.all_headers') IS NULL
    AND NOT EXISTS (SELECT 1 FROM json_each(m.options, '$.redaction.headers') AS r
        WHERE lower(r.value) = lower(json_extract(h.value, '$[0]')))
"""
_OPTIONS = (
    f"EXISTS (SELECT 1 FROM json_each(m.options, '$.labels') AS l WHERE {like('l.value')})",  # noqa: S608
    *(
        like(f"json_extract(m.options, '$.{path}')")
        for path in (
            "deduplication_id",
            "callback.url",
            "callback.failure_callback.url",
            "failure_callback.url",
            "failure_callback.failure_callback.url",
        )
    ),
    *(
        f"EXISTS (SELECT 1 FROM json_each(m.options, '$.{path}') AS h WHERE {_NAME} OR ({_VALUE} AND {_IS_SHOWN}))"  # noqa: S608
        for path in ("headers", "callback.headers", "failure_callback.headers")
    ),
)
_ANSWER = _any(
    "CAST(a.status AS TEXT) = t.whole",
    like("json_extract(a.error, '$')"),
    _body("a.body"),
    _json("a.headers", f"EXISTS (SELECT 1 FROM json_each(a.headers) AS h WHERE {_NAME} OR {_VALUE})"),  # noqa: S608
)
HAS_TEXT = _any(
    *(like(f"m.{column}") for column in ("id", "url", "queue", "topic", "schedule_id", "flow_key")),
    f"EXISTS (SELECT 1 FROM runs AS r WHERE r.seq = m.run AND {like('r.id')})",  # noqa: S608
    _json("m.options", *_OPTIONS),
    f"({_any(_body('b.body'), _body('e.body'))} AND json_extract(m.options, '$.redaction.body') IS NULL)",
    "EXISTS (SELECT 1 FROM attempts AS a WHERE a.id IN"  # noqa: S608
    f" (SELECT id FROM attempts WHERE message = m.seq ORDER BY id DESC LIMIT {MOST_ATTEMPTS:d}) AND {_ANSWER})",
)
