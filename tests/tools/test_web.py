"""Fetching pages: to whom it connects, what it sends, what it takes, what it refuses."""

from __future__ import annotations

import random
import socket
import ssl
from collections.abc import Callable, Iterator

import pytest

from localai.errors import ToolError
from localai.tools import sandbox
from localai.tools.allowed import Allowed
from localai.tools.builtin import exchange, pages
from localai.tools.builtin.addresses import is_public
from localai.tools.builtin.exchange import Network
from localai.tools.builtin.web import web_fetch
from localai.tools.outcome import Failed
from tests.tools.site import PUBLIC, Internet, internet, redirect, reply
from tests.tools.urls import NAMES, URLS

PAGE = "http://site.example/page"


@pytest.fixture
def there() -> Iterator[Internet]:
    with internet() as made:
        made.names |= NAMES
        yield made


def fetch(there: Internet, url: str = PAGE) -> str:
    """What the tool returns."""
    return pages.told(exchange.fetch(url, there.network()))


def refused(there: Internet, url: str = PAGE) -> str:
    """The sentence it refuses with."""
    with pytest.raises(ToolError) as caught:
        fetch(there, url)
    said = str(caught.value)
    assert said.endswith(".")
    assert "\n" not in said
    return said


def in_turn(answers: list[list[str]]) -> Callable[[str, int], list[str]]:
    """A resolver that gives one after the other."""
    waiting = iter(answers)
    return lambda host, port: next(waiting)


def test_a_page_is_fetched_from_the_address_that_was_checked(
    there: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # ignored
    assert fetch(there, "http://site.example/a?b=c") == "hello"
    assert (there.resolved, there.connected) == (["site.example"], [(PUBLIC, 80)])
    lines = there.requests[0].decode().splitlines()
    assert lines[0] == "GET /a?b=c HTTP/1.1"
    assert set(lines[1:]) == {
        "Host: site.example",
        "User-Agent: localai",
        "Accept: text/html, text/*, application/json",
        "Accept-Encoding: identity",
        "Connection: close",
    }


@pytest.mark.parametrize("url", URLS)
def test_a_hostile_address_is_never_connected_to(there: Internet, url: str) -> None:
    refused(there, url)
    assert there.connected == []


def test_a_redirect_to_a_hostile_address_is_not_followed(there: Internet) -> None:
    hostile = [url for url in URLS if url.startswith(("http://", "file:")) and url.isprintable()]
    hostile = [url for url in hostile if url.isascii() and url not in ("http://",)]
    assert len(hostile) > 60
    for url in hostile:
        there.replies = [redirect(url)]
        refused(there)
    assert set(there.connected) == {(PUBLIC, 80)}
    assert len(there.connected) == len(hostile)


def test_100_names_that_change_their_address(there: Internet) -> None:
    chance = random.Random(7)
    private = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fd00::1"]
    for _ in range(100):
        good = chance.randrange(exchange.MOST_REDIRECTS + 1)  # so often it is public
        answers = [[PUBLIC]] * good
        answers.append(chance.choice([[chance.choice(private)], [PUBLIC, chance.choice(private)]]))
        there.replies = [redirect("/again")]
        there.connected.clear()
        with pytest.raises(ToolError, match="not public"):
            exchange.fetch(PAGE, there.network(in_turn(answers)))
        assert there.connected == [(PUBLIC, 80)] * good  # so each request looked up once


def test_a_second_look_up_would_be_private(there: Internet) -> None:
    page = exchange.fetch(PAGE, there.network(in_turn([[PUBLIC], ["127.0.0.1"]])))
    assert page.data == b"hello"
    assert there.connected == [(PUBLIC, 80)]


def test_a_dropped_connection_is_not_made_again(there: Internet) -> None:
    there.replies = [b""]
    assert refused(there) == "site.example did not answer as a web server does."
    assert len(there.connected) == 1


def test_redirects_are_followed_up_to_five_times(there: Internet) -> None:
    there.replies = [*[redirect("/next", "301 Moved")] * 5, reply("there")]
    assert fetch(there) == "there"
    there.replies = [redirect("/next")]
    assert refused(there) == "site.example redirects more than 5 times."


def test_the_next_address_is_tried_when_one_cannot_be_reached(there: Internet) -> None:
    def connect(address: str, port: int, seconds: float) -> socket.socket:
        if address == "1.1.1.1":
            raise ConnectionRefusedError(111, "Connection refused")
        return there.connect(address, port, seconds)

    there.names["site.example"] = ["1.1.1.1", "8.8.8.8"]
    network = Network(there.resolve, connect)
    assert exchange.fetch(PAGE, network).data == b"hello"
    there.names["site.example"] = ["1.1.1.1"]
    with pytest.raises(ToolError, match=r"site.example cannot be reached \(Connection refused\)"):
        exchange.fetch(PAGE, network)


def test_tls_is_verified_against_the_name() -> None:
    with internet(tls=True) as secure:
        assert fetch(secure, "https://site.example/") == "hello"
        assert secure.connected == [(PUBLIC, 443)]
        said = refused(secure, "https://other.example/")
        assert said.startswith("other.example cannot prove that it is other.example (Hostname")
        strangers = Network(secure.resolve, secure.connect, ssl.create_default_context)
        with pytest.raises(ToolError, match=r"self.signed"):
            exchange.fetch("https://site.example/", strangers)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (reply(status="404 Gone Fishing"), "site.example answered 404 (Not Found)."),
        (reply(status="999 x"), "site.example answered 999."),
        (reply(status="302 Found"), "site.example answered 302 (Found)."),
        (
            reply(content_type="image/png"),
            "The page is of the kind image/png; only text can be read.",
        ),
        (reply("a\0b"), "The page is no text."),
        (reply(content_encoding="gzip"), "site.example sent the page compressed, unasked."),
        (b"SSH-2.0-x\r\n", "site.example did not answer as a web server does."),
        (
            b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200 + b"\r\n",
            "site.example did not answer as a web server does.",
        ),
        (
            reply("zz\r\n", transfer_encoding="chunked"),
            "site.example did not answer as a web server does.",
        ),
        (redirect("http://[::1"), 'site.example redirects to "http://[::1", no address.'),
    ],
)
def test_a_refusal_is_a_sentence(there: Internet, answer: bytes, sentence: str) -> None:
    there.replies = [answer]
    assert refused(there) == sentence


def test_a_name_that_is_nowhere(there: Internet) -> None:
    there.names["site.example"] = []
    assert refused(there) == "No address of site.example can be found."


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (reply('{"a": 1}', content_type="application/json"), '{"a": 1}'),
        (reply("<p>a<p>b", content_type="text/html"), "a\n\nb"),
        (reply("<p>a", content_type="text/plain"), "<p>a"),
        (reply("ä".encode("latin-1"), content_type="text/plain; charset=latin-1"), "ä"),
        (reply("ä".encode("latin-1"), content_type="text/plain; charset=zlib"), "\ufffd"),
        (reply("ä", content_type="text/plain; charset=idna"), "ä"),
        (
            reply('<meta charset="cp1252">€'.encode("cp1252"), content_type="text/html"),
            "€",
        ),
        (reply("2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", transfer_encoding="chunked"), "abc"),
        (b"HTTP/1.0 200 OK\r\n\r\nbare", "bare"),
        (reply(status="204 No Content"), "[The page is empty.]"),
    ],
)
def test_text_comes_as_text(there: Internet, answer: bytes, text: str) -> None:
    there.replies = [answer]
    assert fetch(there) == text


def test_a_long_page_is_cut(there: Internet) -> None:
    there.replies = [reply("x" * 30_000)]
    assert fetch(there) == "x" * 20_000 + "\n[Cut: the first 20,000 of 30,000 characters.]"
    there.replies = [reply("x" * (3 << 20))]
    assert fetch(there).endswith("x\n[Cut: the first 20,000 of more than 2,097,152 characters.]")
    there.replies = [reply("<p>a<svg>" + "x" * (3 << 20), content_type="text/html")]
    assert fetch(there) == "a\n[Cut: only the first 2 MB were read.]"


def test_a_slow_page_is_given_up(there: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        there.port = silent.getsockname()[1]
        assert refused(there) == "site.example did not answer in time."


def test_the_real_resolver_and_connector_need_no_name() -> None:
    real = Network()
    assert real.resolve("127.0.0.1", 80) == ["127.0.0.1"]
    assert not any(map(is_public, real.resolve("localhost", 80)))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        real.connect("127.0.0.1", port, 5).close()
    with pytest.raises(OSError, match="refused"):
        real.connect("127.0.0.1", port, 5)


def test_the_tool_is_off_until_it_is_allowed() -> None:
    outcome = sandbox.run(web_fetch, {"url": "http://127.0.0.1/"})
    assert isinstance(outcome, Failed)
    assert outcome.text == (
        "web_fetch is off; to allow it, write web_fetch = true under [tools] in config.toml, "
        "the settings file that localai doctor names."
    )
    allowed = Allowed(web_fetch=True)
    outcome = sandbox.run(web_fetch, {"url": "http://127.0.0.1/"}, allowed=allowed)
    assert isinstance(outcome, Failed)
    assert outcome.text == "127.0.0.1 leads to an address that is not public."
