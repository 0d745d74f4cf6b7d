"""``manage.py qstash outbox``."""

import json
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from qstash_integrations.django.outbox.models import StoredMessage
from tests.django_outbox.shop import SETTINGS, FakeQStash
from tests.django_outbox.test_store import row, write


def manage(*arguments: str) -> tuple[int, str, str]:
    """The exit code, and what is printed."""
    out, err = StringIO(), StringIO()
    try:
        call_command("qstash", "outbox", *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def printed(*arguments: str) -> Any:
    code, out, _ = manage(*arguments, "--json")
    return code, json.loads(out.splitlines()[-1] if "relay" in arguments else out)


def test_a_relay_sends_what_is_due(qstash_api: FakeQStash) -> None:
    write(*(row(number, due_at=1, body=str(number).encode()) for number in range(3)))
    code, told = printed("relay", "--once", "--outbox", "other")
    assert (code, told["sent"]) == (0, 3)
    assert {qstash_api.next().body for _ in range(3)} == {b"0", b"1", b"2"}
    assert not StoredMessage.objects.exists()


def test_what_is_parked_is_told_and_sent_again(qstash_api: FakeQStash) -> None:
    qstash_api.refuse(400)
    (written,) = write(row(due_at=1))
    assert printed("relay", "--once")[0] == 2
    code, told = printed("stats")
    assert (code, told["store"], told["waiting"], told["parked"]) == (2, "default", 0, 1)
    assert [one["id"] for one in told["parked_rows"]] == [written.id]
    qstash_api.refuse(None)
    assert printed("requeue", written.id) == (0, {"requeued": 1})
    assert printed("requeue", written.id) == (1, {"requeued": 0})
    assert printed("relay", "--once")[0] == 0
    assert qstash_api.next().destination == written.destination


def test_rows_are_kept_for_as_long_as_the_setting_says(qstash_api: FakeQStash) -> None:
    write(row(due_at=1), row(due_at=None, sent_at=1))
    with override_settings(QSTASH=SETTINGS | {"HTTP_CLIENT": qstash_api.client, "OUTBOX_KEEP": "7d"}):
        assert printed("prune") == (0, {"pruned": 1})
        assert printed("relay", "--once")[0] == 0
    assert StoredMessage.objects.get().state == "sent"
    assert printed("prune", "--older-than", "0s") == (0, {"pruned": 1})


def test_what_it_cannot_do_is_a_line(qstash_api: FakeQStash) -> None:
    code, _, told = manage("prune")
    assert (code, "--older-than" in told) == (1, True)
    with connection.schema_editor() as editor:
        editor.delete_model(StoredMessage)
    code, _, told = manage("stats")
    assert (code, "qstash_outbox" in told) == (1, True)
