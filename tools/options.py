"""Writes the table in ``docs/options.md`` from the one that the client and the local server go by.

python tools/options.py            # writes it
python tools/options.py --check    # exits with 1 when the page says something else
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from qstash_integrations._core.durations import format_duration
from qstash_integrations._core.publishing.options import OPTIONS, CallKind, Kind, Option

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "options.md"
BEGIN, END = "<!-- options -->\n", "<!-- end of options -->\n"
_COLUMNS = ("option", "header", "value", "for example", "limits", "of", "in answers")
_VALUES: Mapping[Kind, str] = {
    "callback": "a URL, or a dict of `url` and settings of its own",
    "callback_headers": "a dict; what is no setting of the callback is forwarded to it",
    "choice": "one of ",
    "content_type": "a text",
    "cron": "five fields, in UTC or behind `CRON_TZ=` a zone",
    "duration": "`timedelta`, seconds or a text such as `1d2h30m`",
    "expression": "a number, or an expression over `retried`",
    "flag": "`True` or `False`",
    "flow_control": "a dict of the following",
    "headers": "a dict of names and values",
    "id": "a text without colon",
    "instant": "an aware `datetime` or Unix seconds",
    "labels": "a text, or a list of texts without commas",
    "name": "letters, digits, `-`, `_`, `.`",
    "number": "a whole number",
    "queue": "letters, digits, `-`, `_`, `.`",
    "redaction": "a dict of `body` (`True`) and `header` (`True` or a list of names)",
    "text": "a text",
}
_CALLS: Mapping[CallKind, str] = {
    "message": "messages",
    "schedule": "schedules",
    "retry": "retries of dead letters",
    "callback": "callbacks",
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the table of publish options.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when the table is out of date")
    check = parser.parse_args().check
    page = PAGE.read_text(encoding="utf-8")
    written = with_table(page)
    if written == page:
        return 0
    if check:
        print(f"{PAGE.relative_to(ROOT)} is not what the table says: run python tools/options.py", file=sys.stderr)
        return 1
    PAGE.write_text(written, encoding="utf-8")
    return 0


def with_table(page: str, options: Iterable[Option] = OPTIONS.values()) -> str:
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + _table(options) + END + rest.partition(END)[2]


def _table(options: Iterable[Option]) -> str:
    rows = [_COLUMNS, ("---",) * len(_COLUMNS), *_rows(options)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _rows(options: Iterable[Option]) -> Iterator[tuple[str, ...]]:
    for option in options:
        of = ", ".join(_CALLS[call] for call in option.of)
        yield _row(f"`{option.name}`", option, of)
        for part in option.parts:
            yield _row(f'`{option.name}["{part.name}"]`', part, of)


def _row(name: str, option: Option, of: str) -> tuple[str, ...]:
    headers = ", ".join(f"`{header}*`" if header.endswith("-") else f"`{header}`" for header in option.headers)
    value = _VALUES[option.kind] + ", ".join(f"`{choice}`" for choice in option.choices)
    example = f"`{option.example}`" if option.example else ""
    return name, headers, value, example, _limits(option), of, _answers(option)


def _limits(option: Option) -> str:
    found = [f"`{option.default}` unless given"] if option.default else []
    found += [f"in {option.unit}"] if option.unit and option.kind == "expression" else []
    found += [f"at least {_amount(option, option.least)}"] if option.least else []
    found += [f"at most {_amount(option, option.most)}"] if option.most is not None else []
    if option.local_most is not None and option.local_most < (option.most or option.local_most + 1):
        found.append(f"locally at most {_amount(option, option.local_most)}")
    found += ["locally as much as the plan allows"] if option.quota and option.local_most is None else []
    if option.kind in ("cron", "expression", "id", "labels", "text"):
        found.append(f"locally at most {option.longest:,} characters")
    return "; ".join(found)


def _amount(option: Option, amount: int) -> str:
    if option.kind == "duration":
        return format_duration(timedelta(seconds=amount))
    if option.kind == "instant":
        return f"{format_duration(timedelta(seconds=amount))} from now"
    return f"{amount:,} labels" if option.kind == "labels" else f"{amount:,}"


def _answers(option: Option) -> str:
    places = ("messages", "logs", "schedules")
    fields = {place: field for place in places if (field := option.field_in(place))}
    if len(fields) == len(places) and len(set(fields.values())) == 1:
        return f"`{option.field}`"
    return ", ".join(f"{place}: `{field}`" for place, field in fields.items())


if __name__ == "__main__":
    sys.exit(main())
