"""``--help`` of every command: it fits a terminal of 80 columns, and says what an exit code means."""

import pytest

from tests.verbs.places import Place
from tests.verbs.tree import branches, leaves

COMMANDS = [*leaves()]


def shown(place: Place, command: str) -> list[str]:
    ended = place.run(*command.split(), "--help")
    assert (ended.code, ended.err) == (0, "")
    return ended.out.splitlines()


def test_every_help_fits_80_columns(place: Place) -> None:
    wide = [line for command in (*COMMANDS, *branches()) for line in shown(place, command) if len(line) > 80]
    assert wide == []


def test_every_command_says_what_it_does_and_what_its_exit_code_means(place: Place) -> None:
    for command in COMMANDS:
        usage, _, does, *rest = shown(place, command)
        assert usage.startswith(f"Usage: {place.typed} {command} ")
        assert does.strip()
        assert any(line.strip().startswith("Exit codes: 0 ") for line in rest) or command == "dev"


def test_no_command_of_a_list_is_cut_short(place: Place) -> None:
    listed = [line for branch in branches() for line in shown(place, branch)[1:]]
    assert [line for line in listed if line.endswith("...")] == []


@pytest.mark.parametrize("branch", sorted(branches()), ids=lambda branch: branch or "nothing")
def test_who_names_no_command_is_told_which_there_are(place: Place, branch: str) -> None:
    ended = place.run(*branch.split())
    # Where 2 is what a check has found, wrong usage is 1.
    assert (ended.code, ended.out) == (1 if branch in ("schedules", "outbox") else 2, "")
    assert all(leaf.rpartition(" ")[2] in ended.err for leaf in COMMANDS if leaf.rpartition(" ")[0] == branch)
