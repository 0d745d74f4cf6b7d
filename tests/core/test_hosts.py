"""What a URL tells of the network that it leads into."""

import pytest

from qstash_integrations._core.hosts import is_loopback, is_private

LOOPBACK = {
    "http://localhost:8080": True,
    "http://app.localhost": True,
    "http://127.0.0.1:8080": True,
    "http://127.9.9.9": True,
    "http://[::1]:8080": True,
    "https://qstash.upstash.io": False,
    "http://10.0.0.1": False,
    "http://localhost.evil.example": False,
    "http://127.0.0.1.evil.example": False,
}


@pytest.mark.parametrize(("url", "loopback"), LOOPBACK.items(), ids=LOOPBACK)
def test_this_machine_is_known_by_its_name(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback


PRIVATE = {
    "http://localhost:8080": True,
    "http://app.localhost": True,
    "http://qstash:8080": True,
    "http://localhost.": True,
    "http://qstash.internal.:8080": True,
    "http://local_qstash:8080": True,
    "http://qstash.internal": True,
    "http://host.docker.internal:8080": True,
    "http://shop.svc.cluster.local": True,
    "HTTP://QSTASH.Internal": True,
    "http://127.0.0.1:8080": True,
    "http://0.0.0.0:8080": True,
    "http://10.1.2.3": True,
    "http://172.31.0.1": True,
    "http://192.168.1.2:8080": True,
    "http://[::1]:8080": True,
    "http://[fd12:3456::1]": True,
    "http://[::ffff:10.0.0.1]": True,
    "https://qstash.upstash.io": False,
    "http://internal.example.com": False,
    "http://qstash.local.example.com": False,
    "http://.internal": False,
    "http://172.32.0.1": False,
    "http://8.8.8.8": False,
    "http://100.64.0.1": False,
    "http://169.254.169.254": False,
    "http://[2001:4860:4860::8888]": False,
    "http://[::ffff:8.8.8.8]": False,
    "http://134744072": False,
    "http://0x8080808": False,
    "http://127.0.0.1.example.com": False,
    "http://qstash.": False,
}


@pytest.mark.parametrize(("url", "private"), PRIVATE.items(), ids=PRIVATE)
def test_S12_a_private_network_is_known_by_names_and_addresses_alone(url: str, private: bool) -> None:
    assert is_private(url) is private
