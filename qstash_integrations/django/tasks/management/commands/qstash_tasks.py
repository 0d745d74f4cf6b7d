"""``manage.py qstash_tasks``: look at tasks, run them again, cancel them, publish what was left behind, delete the old.

It exits with 0 when all was done, 1 when a task was not found or left as it was, 2 for a wrong command line.

Spec: https://docs.djangoproject.com/en/stable/howto/custom-management-commands/
"""

import json
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from ....._core.durations import parse_duration
from ....._core.errors import QStashError
from ...api import FAILED, READY, TaskResultStatus
from ...models import StoredTask
from ...operations import Refusal, cancel, left_behind, prune, reap, retry
from ...rows import rows

_COLUMNS = ("id", "status", "task", "queue", "enqueued", "runs")
_TIMES = ("enqueued_at", "run_after", "started_at", "last_attempted_at", "finished_at", "lease_until")
_WHY = {
    "no backend": "TASKS has no QStashBackend of its name any more",
    "no task": "the project has no such task any more",
    "not failed": "it has not failed",
    "not waiting": "it is not waiting",
}


class Command(BaseCommand):
    help = "Look at the tasks that QStash runs, and operate on them."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs: Any = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        listed = verbs.add_parser("list", help="the newest tasks")
        _filters(listed)
        listed.add_argument("--limit", type=int, default=50, metavar="N", help="50 by default; 0 for all")
        shown = verbs.add_parser("show", help="one task, with its arguments, errors and result")
        shown.add_argument("id")
        for verb, what in (("retry", "run failed tasks again"), ("cancel", "end waiting tasks")):
            parsed = verbs.add_parser(verb, help=what)
            parsed.add_argument("id", nargs="*", help="their ids, or --all")
            parsed.add_argument("--all", action="store_true", help="all that the filters leave")
            _filters(parsed, status=False)
        reaped = verbs.add_parser("reap", help="publish what a dying process has left, end what nothing will run")
        reaped.add_argument("--dry-run", action="store_true", help="say only how many may be left behind")
        pruned = verbs.add_parser("prune", help="delete finished tasks, in batches")
        pruned.add_argument(
            "--older-than", type=_duration, default=timedelta(days=14), metavar="7d", help="by default 14d"
        )
        pruned.add_argument("--keep-failed", action="store_true", help="delete successful ones only")
        for parsed in (listed, shown, *(verbs.choices[verb] for verb in ("retry", "cancel", "reap", "prune"))):
            parsed.add_argument("--json", action="store_true", help="JSON instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        verbs: dict[str, Callable[[dict[str, Any]], None]] = {
            "list": self._list,
            "show": self._show,
            "retry": lambda given: self._operate(given, retry, FAILED),
            "cancel": lambda given: self._operate(given, cancel, READY),
            "reap": self._reap,
            "prune": self._prune,
        }
        verbs[options["verb"]](options)

    def _list(self, options: dict[str, Any]) -> None:
        found = _filtered(options)
        if options["status"]:
            found = found.filter(status=options["status"])
        if options["limit"] > 0:
            found = found[: options["limit"]]
        if options["json"]:
            self._print_json([_summary(row) for row in found])
            return
        lines = [(row.pk, row.status, row.task, row.queue_name, _when(row.enqueued_at), str(row.runs)) for row in found]
        self._print_table(lines)

    def _show(self, options: dict[str, Any]) -> None:
        (row,) = self._rows([options["id"]])
        shown = _details(row)
        if options["json"]:
            self._print_json(shown)
            return
        for error in shown.pop("errors"):
            shown[error["exception_class_path"]] = "\n" + error["traceback"].rstrip()
        for name, value in shown.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            self.stdout.write(f"{name}: {text}")

    def _operate(self, options: dict[str, Any], operate: Callable[[StoredTask], Refusal | None], status: str) -> None:
        if bool(options["id"]) == options["all"]:
            raise CommandError("give ids, or --all with or without filters", returncode=2)
        found = list(_filtered(options).filter(status=status)) if options["all"] else self._rows(options["id"])
        outcomes: list[dict[str, str | None]] = []
        for row in found:
            try:
                why = operate(row)
            except QStashError as error:
                outcomes.append({"id": row.pk, "refused": str(error)})
            else:
                outcomes.append({"id": row.pk, "refused": None if why is None else _WHY[why]})
        done = "published again" if options["verb"] == "retry" else "cancelled"
        if options["json"]:
            self._print_json(outcomes)
        else:
            for outcome in outcomes:
                refused = outcome["refused"]
                self.stdout.write(f"{outcome['id']}  {done if refused is None else f'left as it was: {refused}'}")
        left = sum(outcome["refused"] is not None for outcome in outcomes)
        if left:
            raise CommandError(f"{left} of {len(outcomes)} left as they were", returncode=1)

    def _reap(self, options: dict[str, Any]) -> None:
        now = timezone.now()
        found = left_behind(now)
        counts = {"looked_at": len(found), "published": 0, "failed": 0, "refused": 0}
        for row in [] if options["dry_run"] else found:
            try:
                done = reap(row, now)
            except QStashError as error:
                counts["refused"] += 1
                self.stderr.write(f"{row.pk}  {error}")
                continue
            if done is not None:
                counts[done] += 1
        self._print_counts(counts, options)
        if counts["refused"]:
            raise CommandError(f"{counts['refused']} could not be published", returncode=1)

    def _prune(self, options: dict[str, Any]) -> None:
        batches = prune(options["older_than"], failed_too=not options["keep_failed"], now=timezone.now())
        self._print_counts({"deleted": sum(batches)}, options)

    def _rows(self, ids: Iterable[str]) -> list[StoredTask]:
        wanted = [*dict.fromkeys(ids)]
        found = {row.pk: row for row in rows().filter(pk__in=wanted)}
        if missing := [id_ for id_ in wanted if id_ not in found]:
            raise CommandError(f"there is no task {', '.join(missing)}", returncode=1)
        return [found[id_] for id_ in wanted]

    def _print_table(self, lines: Sequence[tuple[str, ...]]) -> None:
        widths = [max(map(len, column)) for column in zip(_COLUMNS, *lines, strict=True)]
        for line in (_COLUMNS, *lines):
            self.stdout.write("  ".join(map(str.ljust, line, widths)).rstrip())

    def _print_counts(self, counts: dict[str, int], options: dict[str, Any]) -> None:
        if options["json"]:
            self._print_json(counts)
        else:
            self.stdout.write(", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in counts.items()))

    def _print_json(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, indent=2, ensure_ascii=False))


def _filters(parser: Any, *, status: bool = True) -> None:
    if status:
        parser.add_argument("--status", type=str.upper, choices=TaskResultStatus.values)
    parser.add_argument("--task", metavar="NAME", help="its dotted name")
    parser.add_argument("--queue", metavar="NAME")
    parser.add_argument("--backend", metavar="ALIAS")
    parser.add_argument("--since", type=_duration, metavar="1h", help="enqueued within this time")


def _filtered(options: dict[str, Any]) -> QuerySet[StoredTask]:
    given = {"task": options["task"], "queue_name": options["queue"], "backend": options["backend"]}
    found = rows().filter(**{name: value for name, value in given.items() if value is not None})
    since: timedelta | None = options["since"]
    return found if since is None else found.filter(enqueued_at__gte=timezone.now() - since)


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text, "it")
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def _summary(row: StoredTask) -> dict[str, Any]:
    return {
        "id": row.pk,
        "status": row.status,
        "task": row.task,
        "backend": row.backend,
        "queue": row.queue_name,
        **{name: _iso(getattr(row, name)) for name in _TIMES},
        "runs": row.runs,
        "most_runs": row.most_runs,
        "message_id": row.message_id,
    }


def _details(row: StoredTask) -> dict[str, Any]:
    names = ("args", "kwargs", "options", "worker_ids", "given_up", "publishes", "return_value", "errors")
    return {**_summary(row), **{name: getattr(row, name) for name in names}}


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _when(instant: datetime) -> str:
    return instant.isoformat(sep=" ", timespec="seconds")
