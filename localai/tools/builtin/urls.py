"""Reading the address of a web page, strictly: what two programs may read differently is refused.

Only http and https, on ports 80 and 443; no user names. A host is a name with a dot in it, or an
IP address in its one usual form: no octal, hexadecimal or single numbers, no dot at the end.
Whether it may be connected to is not decided here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from localai.errors import ToolError
from localai.tools.arguments import shown

MOST_CHARACTERS = 2000
PORTS = {"http": 80, "https": 443}
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])")
_SAFE = "/%:@!$&'()*+,;=~?"


@dataclass(frozen=True)
class Target:
    """A page: `host` in lower-case ASCII, without brackets; `path` with the query, encoded."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and, where it is not the scheme's own, port, as a Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address."""
        return f"{self.scheme}://{self.authority}{self.path}"


def parse(url: str) -> Target:
    """The page that the address means. Raises ToolError."""
    url = url.strip(" ")
    if len(url) > MOST_CHARACTERS:
        raise ToolError(f"The address is longer than {MOST_CHARACTERS:,} characters.")
    if not url.isprintable() or " " in url or "\\" in url:
        raise ToolError(f"{shown(url)} has signs that no address has.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ToolError(f"{shown(url)} is no address of a page.") from None
    if parts.scheme not in PORTS or not url[len(parts.scheme) :].startswith("://"):
        raise ToolError(f"{shown(url)} must begin with https:// or http://.")
    if "@" in parts.netloc:
        raise ToolError("An address with a user name in it is not fetched.")
    if port is None:
        port = PORTS[parts.scheme]
    if port not in PORTS.values():
        raise ToolError("Only the ports 80 and 443 are fetched from.")
    return Target(parts.scheme, _host(parts.hostname or ""), port, _path(parts))


def follow(target: Target, location: str) -> Target:
    """Where a redirect of the page leads. Raises ToolError."""
    try:
        found = parse(urljoin(target.url, location))
    except ValueError:
        raise ToolError(f"{target.host} redirects to {shown(location)}, no address.") from None
    if target.scheme == "https" and found.scheme == "http":
        raise ToolError(f"{target.host} redirects from https to http, which is not followed.")
    return found


def _host(host: str) -> str:
    try:
        if ":" in host:
            return _without_scope(host)
        if host.replace(".", "").isdecimal() and host.isascii():
            return str(IPv4Address(host))
        name = host if host.isascii() else host.encode("idna").decode("ascii").lower()
    except (AddressValueError, UnicodeError):
        name = ""
    if not _NAME.fullmatch(name):
        raise ToolError(f"{shown(host)} is no host of the public web.")
    return name


def _without_scope(host: str) -> str:
    address = IPv6Address(host)
    if address.scope_id is not None:
        raise AddressValueError(host)
    return str(address)


def _path(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe=_SAFE.replace("?", ""))
    return f"{path}?{quote(parts.query, safe=_SAFE)}" if parts.query else path
