"""Over the network, against the local server: both clients, and the command in a process of its own."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from qstash_integrations import AsyncQStash, QStash
from qstash_integrations.schedules import check, plan, sync, wanted
from qstash_integrations.server.app import running
from tests.schedules.account import OWNER, URL, daily

pytestmark = pytest.mark.system


def test_both_clients_leave_the_same() -> None:
    code = wanted(
        [daily("a", body={"id": 3}), daily("b", headers={"X-A": "é"}, redact={"body": True}, body="x")], OWNER
    )
    with running() as server, QStash(server.token, base_url=server.url) as client:
        assert sync(client, plan(code, client.schedule.list(), OWNER)).problems == {}

        async def again() -> None:
            async with AsyncQStash(server.token, base_url=server.url) as other:
                held = await other.schedule.list()
                assert check(code, held, OWNER) == ()
                changed = wanted([daily("a"), daily("b")], OWNER)
                assert (await sync(other, plan(changed, held, OWNER))).problems == {}
                assert check(changed, await other.schedule.list(), OWNER) == ()

        asyncio.run(again())


def test_two_commands_at_once(tmp_path: Path) -> None:
    lines = [f"schedule('n{number}', '0 7 * * *', destination='{URL}')," for number in range(30)]
    (tmp_path / "shop.py").write_text(
        "from qstash_integrations.tasks import schedule\nall_of_them = [\n" + "\n".join(lines) + "\n]\n"
    )
    with running() as server, QStash(server.token, base_url=server.url) as client:
        client.schedule.create(destination=URL, cron="* * * * *", schedule_id="shop.prod.by-hand")
        environ = {**os.environ, "QSTASH_URL": server.url, "QSTASH_TOKEN": server.token}
        environ |= {"QSTASH_APP": "shop", "QSTASH_ENVIRONMENT": "prod"}
        command = [sys.executable, "-m", "qstash_integrations", "schedules", "sync", "--app", "shop"]
        both = [subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=subprocess.DEVNULL) for _ in range(2)]
        assert [one.wait(60) for one in both] == [0, 0]
        held = client.schedule.list()
    assert len(held) == 31
    assert [one.labels for one in held if one.schedule_id == "shop.prod.by-hand"] == [()]
