"""A web server on this machine that stands for the whole internet, and a resolver for it."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from localai.tools.builtin.exchange import Network

CERTIFICATE = Path(__file__).with_name("site.example.pem")
PUBLIC = "93.184.215.14"


def reply(body: bytes | str = b"", status: str = "200 OK", **headers: str) -> bytes:
    """An answer; `content_type` is the header Content-Type."""
    data = body.encode() if isinstance(body, str) else body
    headers = {"content_type": "text/plain; charset=utf-8"} | headers
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + data


def redirect(location: str, status: str = "302 Found") -> bytes:
    return reply(status=status, location=location)


@dataclass
class Internet:
    """`replies` are given one after the other, the last again and again."""

    port: int
    tls: bool = False
    replies: list[bytes] = field(default_factory=lambda: [reply("hello")])
    requests: list[bytes] = field(default_factory=list)
    names: dict[str, list[str]] = field(default_factory=dict)
    resolved: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)

    def network(self, resolve: Callable[[str, int], list[str]] | None = None) -> Network:
        def context() -> ssl.SSLContext:
            return ssl.create_default_context(cafile=str(CERTIFICATE))

        return Network(resolve or self.resolve, self.connect, context)

    def resolve(self, host: str, port: int) -> list[str]:
        """As the C library reads a host, single and octal numbers included; any name is there."""
        self.resolved.append(host)
        if host in self.names:
            return self.names[host]
        if ":" in host:
            return [host]
        with suppress(OSError):
            return [socket.inet_ntoa(socket.inet_aton(host))]
        return [PUBLIC]

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        self.connected.append((address, port))
        return socket.create_connection(("127.0.0.1", self.port), seconds)


@contextmanager
def internet(*, tls: bool = False) -> Iterator[Internet]:
    """It answers as long as the block lasts."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            lines = []
            while (line := self.rfile.readline()).strip():
                lines.append(line)
            there.requests.append(b"".join(lines))
            last = there.replies[0] if len(there.replies) == 1 else there.replies.pop(0)
            with suppress(OSError):
                self.wfile.write(last)

    class Server(socketserver.ThreadingTCPServer):
        def get_request(self) -> tuple[socket.socket, object]:
            request, client = super().get_request()
            if tls:
                request = context.wrap_socket(request, server_side=True)
            return request, client

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with Server(("127.0.0.1", 0), Handler) as server:
        there = Internet(port=server.server_address[1], tls=tls)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield there
        finally:
            server.shutdown()
            thread.join()
