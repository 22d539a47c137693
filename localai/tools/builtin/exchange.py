"""Fetching over HTTP from public hosts only, however a name, a redirect or a server may trick.

The name is looked up once for each request; if any of its addresses is not public, nothing is
connected, and otherwise the connection goes to exactly an address that was checked. TLS is
verified against the name. Each redirect is a new request under the same checks. There are no
cookies, credentials, proxies or kept connections.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from localai.errors import ToolError
from localai.tools.builtin import urls
from localai.tools.builtin.addresses import is_public
from localai.tools.builtin.urls import Target

SECONDS = 8.0
MOST_BYTES = 2 << 20
MOST_REDIRECTS = 5
_MOST_ADDRESSES = 3
_CONNECT_SECONDS = 3.0
_CHUNK = 1 << 16
_REDIRECTS = (301, 302, 303, 307, 308)
_HEADERS = {
    "User-Agent": "localai",
    "Accept": "text/html, text/*, application/json",
    "Accept-Encoding": "identity",
    "Connection": "close",
}


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _connect(address: str, port: int, seconds: float) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        made.settimeout(seconds)
        made.connect((address, port))
    except BaseException:
        made.close()
        raise
    return made


@dataclass(frozen=True)
class Network:
    """The outside world: a host's addresses, a connection to one of them within so many seconds.

    Both raise OSError.
    """

    resolve: Callable[[str, int], list[str]] = _resolve
    connect: Callable[[str, int, float], socket.socket] = _connect
    context: Callable[[], ssl.SSLContext] = ssl.create_default_context


@dataclass(frozen=True)
class Page:
    """What a host sent, of a kind such as text/html; not `whole` when cut at MOST_BYTES."""

    data: bytes
    kind: str
    charset: str | None
    whole: bool


def fetch(url: str, network: Network) -> Page:
    """The page at the address, or where it redirects to. Raises ToolError."""
    deadline = time.monotonic() + SECONDS
    target = urls.parse(url)
    for _ in range(MOST_REDIRECTS + 1):
        found = _request(target, network, deadline)
        if isinstance(found, Page):
            return found
        target = urls.follow(target, found)
    raise ToolError(f"{target.host} redirects more than {MOST_REDIRECTS} times.")


def _request(target: Target, network: Network, deadline: float) -> Page | str:
    """One request; a str is where it redirects to. Raises ToolError."""
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.auto_open = 0  # it must never connect by itself, by the name
    try:
        connection.sock = _secured(target, network, _reached(target, network, deadline))
        connection.sock.settimeout(_left(deadline))
        connection.request("GET", target.path, headers=_HEADERS | {"Host": target.authority})
        with connection.getresponse() as response:
            return _answer(target, response, deadline)
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message.rstrip(".")
        raise ToolError(f"{target.host} cannot prove that it is {target.host} ({why}).") from error
    except TimeoutError as error:
        raise ToolError(f"{target.host} did not answer in time.") from error
    except http.client.HTTPException as error:
        raise ToolError(f"{target.host} did not answer as a web server does.") from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ToolError(f"{target.host} cannot be reached ({why}).") from error
    finally:
        connection.close()


def _reached(target: Target, network: Network, deadline: float) -> socket.socket:
    """A connection to a checked address. Raises ToolError and OSError."""
    try:
        addresses = network.resolve(target.host, target.port)
    except (OSError, UnicodeError):
        addresses = []
    if not addresses:
        raise ToolError(f"No address of {target.host} can be found.")
    if not all(map(is_public, addresses)):
        raise ToolError(f"{target.host} leads to an address that is not public.")
    failed: OSError | None = None
    for address in addresses[:_MOST_ADDRESSES]:
        try:
            seconds = min(_left(deadline), _CONNECT_SECONDS)
            return network.connect(address, target.port, seconds)
        except OSError as error:
            failed = error
    assert failed is not None
    raise failed


def _secured(target: Target, network: Network, plain: socket.socket) -> socket.socket:
    if target.scheme == "http":
        return plain
    try:
        return network.context().wrap_socket(plain, server_hostname=target.host)
    except BaseException:
        plain.close()
        raise


def _answer(target: Target, response: http.client.HTTPResponse, deadline: float) -> Page | str:
    location = response.getheader("Location")
    if response.status in _REDIRECTS and location is not None:
        return location
    if not 200 <= response.status < 300:
        raise ToolError(f"{target.host} answered {_named(response.status)}.")
    kind = response.headers.get_content_type()
    if not _readable(kind):
        raise ToolError(f"The page is of the kind {kind}; only text can be read.")
    if response.getheader("Content-Encoding", "identity").lower() != "identity":
        raise ToolError(f"{target.host} sent the page compressed, unasked.")
    data = bytearray()
    while len(data) <= MOST_BYTES and (chunk := response.read1(_CHUNK)):
        data += chunk
        _left(deadline)
    charset = response.headers.get_content_charset()
    return Page(bytes(data[:MOST_BYTES]), kind, charset, len(data) <= MOST_BYTES)


def _readable(kind: str) -> bool:
    family, _, name = kind.partition("/")
    return family == "text" or (family == "application" and name.endswith(("json", "xml")))


def _named(status: int) -> str:
    """A status in words: 404 (Not Found)."""
    try:
        return f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)


def _left(deadline: float) -> float:
    """Seconds until the deadline. Raises TimeoutError when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
