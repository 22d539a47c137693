"""Which addresses are public, and which spellings of a page's address are read at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.errors import ToolError
from localai.tools.builtin.addresses import is_public
from localai.tools.builtin.urls import follow, parse
from tests.tools.urls import PRIVATE, PUBLIC


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://example.com", "https://example.com/"),
        (" http://Example.COM:80/a?b=c#d ", "http://example.com/a?b=c"),
        ("HTTPS://example.com:443/x%20y", "https://example.com/x%20y"),
        ("https://de.example.org/wiki/Köln?q=ä", "https://de.example.org/wiki/K%C3%B6ln?q=%C3%A4"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://example.com:80/", "https://example.com:80/"),
        ("http://[2606:4700:0::1111]/", "http://[2606:4700::1111]/"),
        ("http://1.1.1.1", "http://1.1.1.1/"),
        ("https://example.com?q=1", "https://example.com/?q=1"),
    ],
)
def test_an_address_is_read_in_one_form(url: str, read: str) -> None:
    assert parse(url).url == read
    assert parse(read).url == read


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("example.com", '"example.com" must begin with https:// or http://.'),
        ("ftp://example.com/", '"ftp://example.com/" must begin with https:// or http://.'),
        ("http://a b.example/", '"http://a b.example/" has signs that no address has.'),
        ("http://a@b.example/", "An address with a user name in it is not fetched."),
        ("http://a.example:22/", "Only the ports 80 and 443 are fetched from."),
        ("http://router/", '"router" is no host of the public web.'),
        ("http://127.1/", '"127.1" is no host of the public web.'),
        ("http://[::1/", '"http://[::1/" is no address of a page.'),
        ("http://a.example/" + "x" * 2000, "The address is longer than 2,000 characters."),
    ],
)
def test_a_refusal_is_a_sentence(url: str, sentence: str) -> None:
    with pytest.raises(ToolError) as caught:
        parse(url)
    assert str(caught.value) == sentence


def test_a_redirect_is_read_from_where_it_is() -> None:
    page = parse("https://example.com/a/b?c")
    assert follow(page, "d").url == "https://example.com/a/d"
    assert follow(page, "//other.example/x").url == "https://other.example/x"
    with pytest.raises(ToolError, match="from https to http"):
        follow(page, "http://example.com/")
    with pytest.raises(ToolError, match="no address"):
        follow(page, "http://[::1")


@given(st.text(max_size=40), st.sampled_from(["http://", "https://", "http:", ""]))
def test_any_text_is_an_address_or_refused(text: str, start: str) -> None:
    try:
        page = parse(start + text)
    except ToolError:
        return
    assert page.port in (80, 443)
    assert page.url.isascii()
    assert parse(page.url) == page
