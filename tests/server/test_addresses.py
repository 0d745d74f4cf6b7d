"""Where deliveries may go: decided on addresses, whatever way they are written."""

from ipaddress import IPv4Address

import pytest

from qstash_integrations.server.worker.addresses import refusal

PUBLIC = ["8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
NEIGHBOURS = [
    "127.0.0.1", "127.255.0.9", "::1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
    "fd12::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1",
    "64:ff9b::a00:1", "2001:0:1:2:3:4:80ff:fffe",
]  # fmt: skip
NEVER = [
    "169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "100.100.100.200", "fec0::1",
    "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "2002:a9fe:a9fe::", "::169.254.169.254",
    "0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "239.1.1.1", "ff02::1", "240.0.0.1", "255.255.255.255", "192.0.2.1",
    "198.51.100.1", "203.0.113.1", "192.88.99.1", "192.0.0.8", "100::1", "2001:db8::1", "2001:10::1", "3fff::1",
]  # fmt: skip


METADATA = [
    "100.100.100.200", "168.63.129.16", "169.254.0.23", "169.254.42.42", "169.254.169.254", "169.254.170.2",
    "169.254.170.23", "192.0.0.192",
]  # fmt: skip
METADATA_OVER_IPV6 = [
    "fd00:42::42", "fd00:100::100:200", "fd00:a9fe:a9fe::1", "fd00:c1::a9fe:a9fe", "fd00:ec2::23", "fd00:ec2::253",
    "fd00:ec2::254", "fd20:ce::254", "fe80::a9fe:a9fe",
    "fd20:00ce:0000::0254", "FD20:CE::254", "fd00:ec2::254%eth0",
]  # fmt: skip


def disguised(address: str) -> list[str]:
    """The same IPv4 address in IPv6: mapped, translated, compatible, NAT64, NAT64 of a network's own, 6to4, Teredo."""
    number = int(IPv4Address(address))
    high, low = f"{number >> 16:x}", f"{number & 0xFFFF:x}"
    hidden = number ^ 0xFFFFFFFF
    return [
        f"::ffff:{address}", f"::ffff:0:{address}", f"::{address}", f"64:ff9b::{address}", f"64:ff9b:1::{address}",
        f"2002:{high}:{low}::1", f"2001:0:1:2:3:4:{hidden >> 16:x}:{hidden & 0xFFFF:x}",
    ]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached_from_every_server(address: str) -> None:
    assert refusal(address, "local") is None
    assert refusal(address, "public") is None


@pytest.mark.parametrize("address", NEIGHBOURS)
def test_this_machine_and_its_neighbours_are_reached_from_a_local_server_only(address: str) -> None:
    assert refusal(address, "local") is None
    assert refusal(address, "public") == (
        "it is private, and this server can be reached from other machines; allow it with --allow-private"
    )


@pytest.mark.parametrize("address", NEVER)
def test_metadata_services_multicast_and_nowhere_are_never_reached(address: str) -> None:
    assert refusal(address, "local") is not None
    assert refusal(address, "public") is not None


@pytest.mark.parametrize(
    "address", [*METADATA, *METADATA_OVER_IPV6, *(form for address in METADATA for form in disguised(address))]
)
def test_S13_no_metadata_service_is_reached_however_its_address_is_written(address: str) -> None:
    assert refusal(address, "local") is not None
    assert refusal(address, "public") is not None


@pytest.mark.parametrize("address", ["168.63.129.15", "168.63.129.17", "fd00:ec1::254", "fd20:ce::253", "fd00:42::43"])
def test_an_address_beside_one_is_any_other(address: str) -> None:
    assert refusal(address, "local") is None
