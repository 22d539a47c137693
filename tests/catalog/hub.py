"""A model hub on loopback: the requests that the real client sends for a pull, and faults.

Endpoints as on the hub: model info with file sizes and checksums, and files behind a
redirect, with ranges. Faults are set as attributes before a request.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Seen(NamedTuple):
    """A request that arrived."""

    path: str
    range: str
    authorization: str


@dataclass
class Hub:
    """Repositories ("owner/name" -> path -> bytes), what was asked for, and what goes wrong.

    `token`: needed for everything. `gated`: nobody is let in. `status`: what every file
    request gets, and `info_status` every look at a repository. `cuts`: lengths after
    which the next connections break off. `flips`: the next file is sent with its first
    byte changed. `ignore_range`: ranges are answered with the whole file. `hold`: a file
    stops after `hold_after` bytes until the event is set.
    """

    repos: dict[str, dict[str, bytes]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    port: int = 0
    token: str = ""
    gated: bool = False
    status: int = 0
    info_status: int = 0
    cuts: list[int] = field(default_factory=list)
    flips: int = 0
    ignore_range: bool = False
    checksums: bool = True
    hold: threading.Event | None = None
    hold_after: int = 0
    held: threading.Event = field(default_factory=threading.Event)

    @property
    def endpoint(self) -> str:
        """For HF_ENDPOINT."""
        return f"http://127.0.0.1:{self.port}"

    def files_sent(self) -> list[Seen]:
        """The requests for file contents."""
        return [each for each in self.seen if each.path.startswith("/cdn/")]

    def info(self, repo: str) -> dict[str, Any]:
        """The hub's JSON about a repository."""
        siblings = []
        for path, data in self.repos[repo].items():
            lfs = {
                "size": len(data),
                "sha256": hashlib.sha256(data).hexdigest(),
                "pointerSize": 130,
            }
            siblings.append(
                {"rfilename": path, "size": len(data), "lfs": lfs if self.checksums else None}
            )
        return {
            "id": repo,
            "sha": COMMIT,
            "siblings": siblings,
            "cardData": {"license": "apache-2.0"},
        }


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    @property
    def hub(self) -> Hub:
        return self.server.hub

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        authorization = self.headers.get("Authorization", "")
        self.hub.seen.append(Seen(self.path, self.headers.get("Range", ""), authorization))
        if self.path.startswith("/cdn/"):
            self.file(*self.path.removeprefix("/cdn/").split("/", 2))
        elif self.hub.gated:
            self.fail(403, "GatedRepo")
        elif self.hub.token and authorization != f"Bearer {self.hub.token}":
            self.fail(401, "RepoNotFound")
        elif self.path.startswith("/api/models/"):
            self.info(self.path.removeprefix("/api/models/").split("?")[0])
        else:
            repo, _, rest = self.path.removeprefix("/").partition("/resolve/")
            self.redirect(f"/cdn/{repo}/{rest.partition('/')[2]}")

    def info(self, repo: str) -> None:
        if self.hub.info_status:
            self.fail(self.hub.info_status)
        elif repo not in self.hub.repos:
            self.fail(404, "RepoNotFound")
        else:
            self.answer(200, json.dumps(self.hub.info(repo)).encode())

    def redirect(self, location: str) -> None:
        self.send_response(302)
        self.send_header("Location", self.hub.endpoint + location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def file(self, owner: str, name: str, path: str) -> None:
        data = self.hub.repos[f"{owner}/{name}"].get(path)
        if self.hub.status or data is None:
            self.fail(self.hub.status or 404, "EntryNotFound" if data is None else "")
            return
        if self.hub.flips:
            self.hub.flips -= 1
            data = bytes([data[0] ^ 1]) + data[1:]
        wanted = self.headers.get("Range", "")
        start = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
        start = 0 if self.hub.ignore_range else start
        headers = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
        self.answer(206 if start else 200, data[start:], headers if start else {})

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()
        if self.path.startswith("/cdn/") and self.hub.cuts:
            self.wfile.write(body[: self.hub.cuts.pop(0)])
            self.close_connection = True
            return
        if self.path.startswith("/cdn/") and self.hub.hold is not None:
            self.wfile.write(body[: self.hub.hold_after])
            self.wfile.flush()
            self.hub.held.set()
            self.hub.hold.wait(60)
            body = body[self.hub.hold_after :]
        self.wfile.write(body)

    def fail(self, status: int, code: str = "") -> None:
        self.answer(status, b"{}", {"X-Error-Code": code} if code else {})


class Server(ThreadingHTTPServer):
    """Clients that hang up are part of the tests."""

    daemon_threads = True

    def __init__(self, hub: Hub) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.hub = hub

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    """`hub`, reachable on a free port while the block runs."""
    with Server(hub) as server:
        hub.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield hub
        finally:
            if hub.hold is not None:
                hub.hold.set()
            server.shutdown()
            thread.join()
