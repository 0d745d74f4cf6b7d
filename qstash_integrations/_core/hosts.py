"""What the host in a URL tells of the network that it stands in, by its text alone: nothing is looked up."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

# Written out: what Python calls private differs between its versions. 0.0.0.0 and :: are this machine to whom connects.
_BLOCKS = ("127.0.0.0/8", "::1", "0.0.0.0/32", "::", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
_PRIVATE = tuple(ip_network(block) for block in _BLOCKS)
_HOSTED = re.compile(r"qstash(?:-[a-z0-9-]+)?\.upstash\.io\.?")
# No public name has one label alone, but 134744072 and 0x8080808 are spellings of a public address.
_PRIVATE_NAME = re.compile(r"(?!0x)(?![0-9]+\Z)[a-z0-9_-]+|localhost\.|.+\.(?:internal|local|localhost)\.?")


def is_loopback(url: str) -> bool:
    """Whether ``url`` names this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def is_private(url: str) -> bool:
    """Whether ``url`` names this machine or a place in a private network, such as a container's service."""
    host = urlsplit(url).hostname or ""
    address = _address(host)
    if address is None:
        return _PRIVATE_NAME.fullmatch(host) is not None
    return any(address in block for block in _PRIVATE)


@lru_cache(maxsize=8)
def is_hosted(url: str) -> bool:
    """Whether ``url`` names the service of Upstash, which calls public addresses alone."""
    return _HOSTED.fullmatch(urlsplit(url).hostname or "") is not None


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
