"""Who gets a place among the connections, and who has to leave it."""

import pytest

from qstash_integrations.server.app.clients import Clients

NOW = 1000.0
NEVER = float("inf")


class Client:
    def __init__(self, address: str = "10.0.0.1") -> None:
        self.address = address
        self.is_aborted = False

    def abort(self) -> None:
        self.is_aborted = True


def come(clients: Clients, *, at: float = NOW, address: str = "10.0.0.1", served: bool = False) -> Client:
    client = Client(address)
    assert clients.admit(client, at, NEVER)
    if served:
        clients.serve(client)
    return client


def test_S07_when_all_places_are_taken_nobody_comes_in() -> None:
    clients = Clients(most=2, most_of_one=2)
    served = [come(clients, served=True) for _ in range(2)]
    assert not clients.admit(Client(), NOW + 60, NEVER)
    assert (len(clients), [client.is_aborted for client in served]) == (2, [False, False])


def test_S07_who_does_nothing_makes_room_the_longest_waiting_first() -> None:
    clients = Clients(most=3, most_of_one=3)
    first, busy, second = come(clients), come(clients, served=True), come(clients, at=NOW + 1)
    come(clients, at=NOW + 10)
    assert (first.is_aborted, busy.is_aborted, second.is_aborted) == (True, False, False)
    come(clients, at=NOW + 10)
    assert (second.is_aborted, len(clients)) == (True, 3)


def test_S07_who_has_just_come_is_not_chased_away() -> None:
    clients = Clients(most=1, most_of_one=1)
    fresh = come(clients)
    assert not clients.admit(Client(), NOW + 0.5, NEVER)
    assert not fresh.is_aborted


def test_S07_one_address_takes_the_places_of_no_other() -> None:
    clients = Clients(most=3, most_of_one=2)
    for _ in range(2):
        come(clients, served=True)
    assert not clients.admit(Client(), NOW + 60, NEVER)
    come(clients, address="10.0.0.2")


def test_S07_a_crowd_of_one_address_makes_room_among_itself() -> None:
    clients = Clients(most=3, most_of_one=2)
    other = come(clients, address="10.0.0.2")
    mine = [come(clients) for _ in range(2)]
    come(clients, at=NOW + 10)
    assert (other.is_aborted, mine[0].is_aborted, mine[1].is_aborted) == (False, True, False)


def test_a_place_is_free_again_when_somebody_leaves() -> None:
    clients = Clients(most=1, most_of_one=1)
    client = come(clients, served=True)
    clients.leave(client)
    clients.leave(client)
    come(clients)
    assert len(clients) == 1


def test_who_was_not_admitted_takes_no_place() -> None:
    clients = Clients(most=1, most_of_one=1)
    come(clients, served=True)
    stranger = Client()
    assert not clients.admit(stranger, NOW, NEVER)
    clients.wait(stranger, NOW, NEVER)
    clients.serve(stranger)
    clients.leave(stranger)
    assert len(clients) == 1


@pytest.mark.parametrize(("at", "is_aborted"), [(NOW + 9, False), (NOW + 11, True)], ids=["in time", "late"])
def test_S07_who_does_not_get_on_in_time_has_to_leave(at: float, is_aborted: bool) -> None:
    clients = Clients(most=2, most_of_one=2)
    client = Client()
    clients.admit(client, NOW, NOW + 5)
    clients.wait(client, NOW, NOW + 10)
    clients.end_late(at)
    assert (client.is_aborted, len(clients)) == (is_aborted, int(not is_aborted))


def test_who_gets_on_is_not_the_first_to_leave() -> None:
    clients = Clients(most=2, most_of_one=2)
    one, other = come(clients), come(clients)
    clients.wait(one, NOW + 5, NEVER)
    come(clients, at=NOW + 10)
    assert (one.is_aborted, other.is_aborted) == (False, True)
