"""``dev --write-env FILE``: its settings among other lines, in a file that nobody else can read."""

import os
import stat
from pathlib import Path

import pytest

from qstash_integrations import QStashError
from qstash_integrations.server.app import EnvFile

OURS = {"QSTASH_URL": "http://127.0.0.1:8080", "QSTASH_TOKEN": "TESTONLY=="}
BEFORE = {
    "no file": (None, "QSTASH_URL=http://127.0.0.1:8080\nQSTASH_TOKEN=TESTONLY==\n"),
    "an empty file": ("", "QSTASH_URL=http://127.0.0.1:8080\nQSTASH_TOKEN=TESTONLY==\n"),
    "other lines": (
        "# mine\nDATABASE_URL=sqlite://\n\nDEBUG=1",
        "# mine\nDATABASE_URL=sqlite://\n\nDEBUG=1\nQSTASH_URL=http://127.0.0.1:8080\nQSTASH_TOKEN=TESTONLY==\n",
    ),
    "those of the last run": (
        "A=1\nQSTASH_TOKEN=old\nexport QSTASH_URL='http://localhost:9'\nQSTASH_PUBLIC_URL=http://x\nB=2\n",
        "A=1\nQSTASH_TOKEN=TESTONLY==\nexport QSTASH_URL=http://127.0.0.1:8080\nQSTASH_PUBLIC_URL=http://x\nB=2\n",
    ),
    "one of them twice": (
        "QSTASH_URL=http://localhost:9\nQSTASH_URL=http://localhost:8\n",
        "QSTASH_URL=http://127.0.0.1:8080\nQSTASH_TOKEN=TESTONLY==\n",
    ),
    "comments and names that are longer": (
        "#QSTASH_URL=x\nMY_QSTASH_URL=y\nQSTASH_URLS=z\n",
        "#QSTASH_URL=x\nMY_QSTASH_URL=y\nQSTASH_URLS=z\nQSTASH_URL=http://127.0.0.1:8080\nQSTASH_TOKEN=TESTONLY==\n",
    ),
    "lines as Windows ends them": (
        "A=1\r\nQSTASH_TOKEN=old\r\nQSTASH_URL=http://localhost:9\r\nB=\u2028\r\n",
        "A=1\r\nQSTASH_TOKEN=TESTONLY==\nQSTASH_URL=http://127.0.0.1:8080\nB=\u2028\r\n",
    ),
    "bytes that are no text": (
        "A=\udcff\n",
        "A=\udcff\nQSTASH_URL=http://127.0.0.1:8080\nQSTASH_TOKEN=TESTONLY==\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), BEFORE.values(), ids=BEFORE)
def test_other_lines_stay_as_they_are(before: str | None, after: str, tmp_path: Path) -> None:
    path = tmp_path / ".env"
    if before is not None:
        path.write_bytes(before.encode("utf-8", "surrogateescape"))
    EnvFile(path).write(OURS)
    assert path.read_bytes().decode("utf-8", "surrogateescape") == after
    assert [one.name for one in tmp_path.iterdir()] == [".env"]


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
@pytest.mark.parametrize("mode", [None, 0o644, 0o666])
def test_only_its_owner_can_read_it(mode: int | None, tmp_path: Path) -> None:
    path = tmp_path / ".env"
    if mode is not None:
        path.touch()
        path.chmod(mode)
    EnvFile(path).write(OURS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


FOREIGN = {
    "an account's": "QSTASH_URL=https://qstash.upstash.io\nQSTASH_TOKEN=real\n",
    "an account's token alone": "QSTASH_TOKEN='real'\n",
    "keys alone": "QSTASH_CURRENT_SIGNING_KEY=sig_real\nQSTASH_NEXT_SIGNING_KEY=sig_real\n",
    "an account's URL before one of ours": "QSTASH_URL=https://qstash.upstash.io\nQSTASH_URL=http://localhost\n",
    "of a server elsewhere": "export QSTASH_URL=https://qstash.example.com\n",
    "no URL": "QSTASH_URL=http://[::1\n",
}


@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN)
def test_the_settings_of_another_qstash_are_not_written_over(text: str, tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(text)
    with pytest.raises(QStashError, match="has the settings of another QStash, which would be lost") as caught:
        EnvFile(path)
    assert path.read_text() == text
    assert "real" not in str(caught.value)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("A=1\n")
    (tmp_path / ".env").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(QStashError, match="is no ordinary file"):
        EnvFile(tmp_path / ".env")


def test_a_directory_that_there_is_not_is_named(tmp_path: Path) -> None:
    with pytest.raises(QStashError, match=r"nowhere/\.env: No such file or directory"):
        EnvFile(tmp_path / "nowhere" / ".env").write(OURS)


def test_a_file_with_a_region_is_refused_whose_settings_would_count_instead(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("QSTASH_REGION=US_EAST_1\n")
    with pytest.raises(QStashError, match="has QSTASH_REGION, with which a region's URL and token count instead"):
        EnvFile(path)
