"""Modifiers: what each one says, and what drops a rule."""

from __future__ import annotations

import pytest

from sinkhole.dns.filter.language.line import EVERY_REWRITE, Conditions, Ignored, Reject, Rewrite
from sinkhole.dns.filter.language.modifiers import CLIENT_TAGS, Modifiers, read_modifiers
from sinkhole.dns.wire.name import from_text


def when(**conditions: set[str] | set[int] | tuple[bytes, ...]) -> Modifiers:
    return Modifiers(Conditions(**{key: _frozen(value) for key, value in conditions.items()}))  # type: ignore[arg-type]  # each key has its own type


def _frozen(value: set[str] | set[int] | tuple[bytes, ...]) -> object:
    return value if isinstance(value, tuple) else frozenset(value)


MEANINGS = {
    "important": Modifiers(important=True),
    "IMPORTANT": Modifiers(important=True),
    "important,important": Modifiers(important=True),
    "badfilter": Modifiers(badfilter=True),
    ",": Modifiers(),
    ",important,": Modifiers(important=True),
    "client=192.0.2.1": when(clients={"ip:192.0.2.1"}),
    "client=::ffff:192.0.2.1": when(clients={"ip:192.0.2.1"}),
    "client=2001:DB8:0::1": when(clients={"ip:2001:db8::1"}),
    "client=192.0.2.1/24": when(clients={"net:192.0.2.0/24"}),
    "client=2001:db8::/32": when(clients={"net:2001:db8::/32"}),
    "client=Kids tablet": when(clients={"name:Kids tablet"}),
    "client='Kids tablet'": when(clients={"name:Kids tablet"}),
    'client="Kids tablet"': when(clients={"name:Kids tablet"}),
    r"client='Anna\'s phone'": when(clients={"name:Anna's phone"}),
    "client='": when(clients={"name:'"}),
    "client=Anna's phone": when(clients={"name:Anna's phone"}),
    r"client='a\, b\|c'": when(clients={"name:a, b|c"}),
    "client=~192.0.2.1|~'Mum'|Kid": when(
        not_clients={"ip:192.0.2.1", "name:Mum"}, clients={"name:Kid"}
    ),
    "client=|Kid|": when(clients={"name:Kid"}),
    "client='~Kid'": when(clients={"name:~Kid"}),
    "client=a=b": when(clients={"name:a=b"}),
    "client=192.0.2.0/33": when(clients={"name:192.0.2.0/33"}),
    "ctag=device_tv": when(tags={"tag:device_tv"}),
    "ctag=device_tv|~user_child": when(tags={"tag:device_tv"}, not_tags={"tag:user_child"}),
    "dnstype=AAAA": when(types={28}),
    "dnstype=a|~txt|HTTPS": when(types={1, 65}, not_types={16}),
    "denyallow=com": when(denyallow=(from_text("com"),)),
    "denyallow=A.example|bücher.example": when(
        denyallow=(from_text("a.example"), from_text("xn--bcher-kva.example"))
    ),
    "dnsrewrite": Modifiers(rewrite=EVERY_REWRITE),
    "dnsrewrite=": Modifiers(rewrite=EVERY_REWRITE),
    "dnsrewrite=NXDOMAIN": Modifiers(rewrite=Rewrite(3)),
    r"dnsrewrite=NOERROR;TXT;a\,b,important": Modifiers(
        important=True, rewrite=Rewrite(0, 16, b"\3a,b")
    ),
    "dnstype=A,client=Kid,badfilter,important": Modifiers(
        Conditions(clients=frozenset({"name:Kid"}), types=frozenset({1})), True, True
    ),
}


@pytest.mark.parametrize("options", MEANINGS)
def test_what_modifiers_say(options: str) -> None:
    assert read_modifiers(options) == MEANINGS[options]


REFUSED = {
    "colour": "unknown modifier $colour",
    "important,colour=red": "unknown modifier $colour",
    "script,colour": "unknown modifier $colour",
    "~important": "unknown modifier $~important",
    "~dnstype=A": "unknown modifier $~dnstype",
    "a b": "an unknown modifier",
    "=A": "an unknown modifier",
    "x" * 31: "an unknown modifier",
    "respgeo=fr": "modifier $respgeo is not supported",
    "client=Kid,client=Mum": "a modifier that stands twice",
    "client": "$client without a client",
    "client=": "$client without a client",
    "client=|": "$client without a client",
    "client=~": "$client without a client",
    "client=''": "$client without a client",
    "ctag": "an unknown tag in $ctag",
    "ctag=|": "an unknown tag in $ctag",
    "ctag=device_toaster": "an unknown tag in $ctag",
    "ctag=~device_toaster": "an unknown tag in $ctag",
    "dnstype": "an unknown type in $dnstype",
    "dnstype=A|": "an unknown type in $dnstype",
    "dnstype=~": "an unknown type in $dnstype",
    "dnstype=TYPE65": "an unknown type in $dnstype",
    "dnstype=65": "an unknown type in $dnstype",
    "denyallow": "no name, or not only names, in $denyallow",
    "denyallow=.": "no name, or not only names, in $denyallow",
    "denyallow=~com": "no name, or not only names, in $denyallow",
    "denyallow=*.com": "no name, or not only names, in $denyallow",
    "dnsrewrite=COLOUR": "an unknown word in capitals as the value of $dnsrewrite",
}


@pytest.mark.parametrize("options", REFUSED)
def test_what_drops_a_rule(options: str) -> None:
    assert read_modifiers(options) == Reject(REFUSED[options])


@pytest.mark.parametrize(
    "options",
    ["third-party", "~third-party", "important,script", "domain=example.org", "csp=a b", "~image"],
)
def test_what_is_for_browsers(options: str) -> None:
    assert read_modifiers(options) == Ignored("acts on web pages, not on names")


def test_there_are_21_tags() -> None:
    assert len(CLIENT_TAGS) == 21
