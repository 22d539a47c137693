"""HTML to text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.tools.builtin import readable


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain\n  text", "plain text"),
        ("<p>a<p>b</p>c", "a\n\nb\n\nc"),
        ("<title> The\n title</title><h1>Head<em>ing</em> </h1>x", "The title\n\n# Heading\n\nx"),
        ("a<br>b<br/><br>c", "a\nb\n\nc"),
        ("<ul><li>a<li><p>b</p></li><li>c</ul>d", "- a\n- b\n\n- c\n\nd"),
        ("<table><tr><th>a</th><th>b</th></tr><tr><td>1<td>2</table>", "a\tb\n1\t2"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("a<script>if (1 < 2) x()</script><style>p{}</style><!-- c -->b", "ab"),
        ("<svg><title>no</title></svg>yes", "yes"),
        ("<noscript>no</noscript></svg>yes", "yes"),
        ("1 &lt; 2 &amp; &auml;&#8364;", "1 < 2 & ä€"),
        ('<a href="http://x.example">link</a> on', "link on"),
        ("<div>a</div><div><div>b</div></div>", "a\nb"),
    ],
)
def test_what_is_left_of_a_page(html: str, text: str) -> None:
    assert readable.text(html) == text


PIECES = (
    "<p>",
    "</p>",
    "<li>",
    "<pre>",
    "</pre>",
    "<svg>",
    "</svg>",
    "<title>",
    "<!",
    "&#x",
    "a\n",
)


@given(st.lists(st.sampled_from(PIECES) | st.text("<>/&! a", max_size=5)).map("".join))
def test_any_page_has_a_text(html: str) -> None:
    readable.text(html)
