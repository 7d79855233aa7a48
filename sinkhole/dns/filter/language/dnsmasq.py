"""The dnsmasq format: `address=/name/`, `local=/name/`, `server=/name/`, several names a line.

Each stands for the name and everything below it. `address=` with an address that is not null or
loopback answers with it, and `server=/name/#` (ask the usual servers) makes an exception.
"""

from __future__ import annotations

import re

from sinkhole.dns.filter.language.addresses import names_nobody, read_address
from sinkhole.dns.filter.language.line import Line, Reject, Rewrite, Rule, Scope
from sinkhole.dns.filter.language.names import TOO_BROAD, read_name
from sinkhole.dns.filter.language.rewrite import rewrite_to

FORWARDS = Reject("dnsmasq server=/name/SERVER forwards, it does not block")

_SETTING = re.compile(r"([a-z0-9-]{1,30})=/(.*)/([^/]*)")
_LOOKS_LIKE = re.compile(r"(?:address|local|server|[a-z0-9-]*set|rebind-domain-ok)=")
_DEFAULT = "#"  # of `address=`: the null address; of `server=`: the servers asked for other names


def is_dnsmasq(text: str) -> bool:
    """Whether a line is a dnsmasq setting that takes names."""
    return _LOOKS_LIKE.match(text) is not None


def parse_dnsmasq(text: str) -> Line:
    """The names of an `address=`, `local=` or `server=` line as rules that cover what is below."""
    setting = _SETTING.fullmatch(text)
    if setting is None:
        return Reject("a dnsmasq setting without /name/")
    keyword, between, target = setting.groups()
    if keyword not in ("address", "server", "local"):
        return Reject(f"dnsmasq {keyword}= does not block")
    if keyword != "address" and target not in ("", _DEFAULT):
        return FORWARDS
    rewrite = _read_target(target) if keyword == "address" else None
    if isinstance(rewrite, Reject):
        return rewrite
    names: list[bytes] = []
    for word in between.split("/"):
        name = TOO_BROAD if word == "#" else read_name(word.removeprefix("."))
        if not isinstance(name, bytes):
            return name
        names.append(name)
    allow = keyword != "address" and target == _DEFAULT
    return Rule(tuple(names), scope=Scope.TREE, allow=allow, rewrite=rewrite)


def _read_target(target: str) -> Rewrite | Reject | None:
    """What `address=` answers with; None for nothing but a block."""
    if target in ("", _DEFAULT):
        return None
    address = read_address(target)
    if address is None:
        return Reject("a dnsmasq address=/name/ADDRESS that is none")
    return None if names_nobody(address) else rewrite_to(address)
