"""Which addresses deliveries may go to. Decided on addresses that a name resolved to, never on the text of a URL.

Two networks: "local" for a server that only this machine reaches, which delivers to this machine and its neighbours
as well, and "public" for every other one, which must not be a way into the network it stands in. Metadata services,
multicast and addresses that mean nothing are out of both.

The blocks are written out: what Python calls private, global or reserved differs between its versions.

Spec: https://www.iana.org/assignments/iana-ipv4-special-registry and .../iana-ipv6-special-registry
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal, TypeAlias

Network: TypeAlias = Literal["local", "public"]
Address: TypeAlias = IPv4Address | IPv6Address


def _blocks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(block) for block in text.split())


# Whoever asks one of these may be given the credentials of the machine. Most stand among the link-local addresses, as
# 169.254.169.254, .170.2 and .170.23, .42.42 and fe80::a9fe:a9fe do; these do not.
_METADATA = _blocks(
    "100.100.100.200/32 "  # https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata
    "168.63.129.16/32 "  # https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
    "192.0.0.192/32 "  # https://github.com/hashicorp/terraform-provider-opc (Oracle's classic cloud)
    "fd00:42::42/128 "  # https://docs.cloud-init.io/en/latest/reference/datasources/scaleway.html
    "fd00:100::100:200/128 "  # https://github.com/canonical/cloud-init/pull/6893
    "fd00:a9fe:a9fe::1/128 "  # https://docs.cloud-init.io/en/latest/reference/datasources/akamai.html
    "fd00:c1::a9fe:a9fe/128 "  # https://docs.oracle.com/en-us/iaas/Content/Compute/Tasks/gettingmetadata.htm
    # With ::254 and, for pods, ::23 (https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html).
    "fd00:ec2::/32 "  # https://docs.aws.amazon.com/whitepapers/latest/ipv6-on-aws/supporting-amazon-vpc-services.html
    "fd20:ce::254/128"  # https://cloud.google.com/compute/docs/metadata/querying-metadata
)
_LINK_LOCAL = _blocks("169.254.0.0/16 fe80::/10 fec0::/10")
_NEIGHBOURS = _blocks(
    "127.0.0.0/8 ::1/128 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 198.18.0.0/15 fc00::/7"
)
_NOWHERE = _blocks(
    "0.0.0.0/8 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 "
    "::/8 100::/64 2001::/23 2001:db8::/32 3fff::/20 5f00::/16 ff00::/8"
)
_PRIVATE = "it is private, and this server can be reached from other machines; allow it with --allow-private"
_NAT64 = IPv6Network("64:ff9b::/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
_COMPATIBLE = IPv6Network("::/96")


# What an address is does not change; which ones a name has is asked for every attempt.
@lru_cache(maxsize=256)
def refusal(text: str, network: Network) -> str | None:
    """Why nothing is delivered to the address ``text``; None when it may be."""
    address = reached(text)
    if _is_in(address, _METADATA):
        return "a metadata service lives there"
    if _is_in(address, _LINK_LOCAL):
        return "it is link-local, where metadata services live"
    if _is_in(address, _NEIGHBOURS):
        return None if network == "local" else _PRIVATE
    if _is_in(address, _NOWHERE) or not address.is_global:
        return "it is reserved or multicast"
    return None


def reached(text: str) -> Address:
    """Where packets for ``text`` end up: the IPv4 address in a mapped, compatible, 6to4, Teredo or NAT64 one."""
    # A scope id only says on which interface a link-local address is meant.
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    # :: and ::1 are no IPv4 addresses in disguise.
    if address in _NAT64 or address in _TRANSLATED or (address in _COMPATIBLE and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_in(address: Address, blocks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return any(address in block for block in blocks)
