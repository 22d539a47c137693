"""Addresses that lead, or are meant to lead, into a private network or past a check."""

from __future__ import annotations

PRIVATE = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1"),
    *("127.8.8.8", "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255"),
    *("192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1"),
    *("203.0.113.1", "224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "100::1", "2001::1"),
    *("2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:20::1", "2001:db8::1", "2002:7f00:1::"),
    *("2002:808:808::1", "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254"),
    *("fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "ff02::1", "", "host"),
)
"""Addresses, or what looks like one, that are not public."""

PUBLIC = (
    *("1.1.1.1", "8.8.8.8", "93.184.215.14", "172.32.0.1", "192.0.1.1", "223.255.255.255"),
    *("2606:4700::1111", "2a00:1450:4001::200e", "64:ff9b::8.8.8.8"),
)

_HOSTS = (
    *("127.0.0.1", "127.0.0.1:80", "127.0.0.1:443", "10.1.2.3", "192.168.0.1", "0.0.0.0"),
    *("169.254.169.254/latest/meta-data", "100.100.100.200", "168.63.129.16", "224.0.0.1"),
    *("2130706433", "017700000001", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.1"),
    *("127.0.0.1.", "0", "0x0", "00000177.0.0.01", "3232235521", "127.0.0.0x1", "1.2.3.4.5"),
    *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[fe80::1]"),
    *("[fe80::1%25eth0]", "[2606:4700::1%25eth0]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"),
    *("[fd00:ec2::254]", "[2001:0:4136:e378:8000:63bf:80ff:fffe]", "[::1", "::1", "[v1.x]"),
    *("localhost", "localhost.", "localhost:80", "inside.example", "mixed.example", "router"),
    *("site.example.", "site.example..", ".site.example", "site..example", "-site.example"),
    *("site.example:22", "site.example:8080", "site.example:0", "site.example:99999"),
    *("site.example:x", "user@site.example", "user:word@site.example", "site.example@127.0.0.1"),
    *("127.0.0.1@site.example", "site.example\\@127.0.0.1", "127.0.0.1\\.site.example"),
    *("site.example%00.inside.example", "%31%32%37.0.0.1", "site.example%2f@127.0.0.1"),
    *("\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "\u2460\u2461\u2466.0.0.1"),
    *("\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3", "site.example\t", "si\nte.example"),
    *("site.example\0", "\u202esite.example", "a" * 64 + ".example", "a." * 130 + "example"),
)
_WHOLE = (
    *("", " ", "http:", "http://", "https:///path", "//site.example", "site.example", "http:/x"),
    *(
        "file:///etc/passwd",
        "ftp://site.example/",
        "gopher://127.0.0.1:6379/_x",
        "data:text/plain,x",
    ),
    *("javascript:alert(1)", "dict://127.0.0.1/", "unix:///run/docker.sock", "http+unix://x/"),
    *("view-source:http://127.0.0.1", "http://site.example/\r\nHost: inside.example"),
    *("http://site.example/ HTTP/1.1", "https://site.example/" + "a" * 2000, "http:127.0.0.1"),
)
URLS = (*(f"http://{host}/" if "/" not in host else f"http://{host}" for host in _HOSTS), *_WHOLE)
"""None of them may be connected to. The fake resolver knows the two that need one."""
NAMES = {
    "inside.example": ["10.0.0.7"],
    "mixed.example": ["93.184.215.14", "10.0.0.7"],
    "localhost": ["127.0.0.1"],
}
