"""Which addresses are on the public internet; everything else belongs to some network's inside.

After the registries of special-purpose addresses (IANA, RFC 6890). Stricter than Python's
`is_global`, which counts multicast as global and, before 3.13, some of the newer ranges.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

_UNICAST = IPv6Network("2000::/3")  # all that has been given out so far
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the IPv4 address is in the last 32 bits
_REFUSED = tuple(
    map(
        ip_network,
        (
            "192.0.0.0/24",  # protocol assignments
            "192.88.99.0/24",  # 6to4 relays
            "168.63.129.16/32",  # Azure's inside, at a public address
            "2001::/23",  # protocol assignments: Teredo, ORCHID and more
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: leads to any IPv4 address
            "3fff::/20",  # documentation
        ),
    )
)


def is_public(address: str) -> bool:
    """Whether the address, IPv4 or IPv6 as text, is a public host's; False for what is none."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        if found.scope_id is not None:
            return False
        if found in _NAT64:
            found = IPv4Address(int(found) & 0xFFFF_FFFF)
        elif found not in _UNICAST:
            return False
    return (
        found.is_global
        and not found.is_multicast
        and not any(found in network for network in _REFUSED)
    )
