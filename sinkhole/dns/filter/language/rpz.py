r"""Response policy zones: lines of a zone file that say what becomes of a name.

    $ORIGIN rpz.example.              names that end so are meant without it
    ads.example.org      CNAME .      block; `*.` and the targets `rpz-drop.`, `rpz-tcp-only.` too
    *.ads.example.org    CNAME .      all names below it
    good.example.org     CNAME rpz-passthru.             an exception
    nas.example.org      A 192.0.2.1                     answer with other data
    24.0.2.0.192.rpz-ip  CNAME .      block answers with an address of 192.0.2.0/24

A record's name may be left out: then it is that of the record above. What a zone says about
itself (SOA, NS and what else stands at its top) is no rule. Format: RFC 1035 §5.1, and
draft-vixie-dnsop-dns-rpz.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sinkhole.dns.filter.language.addresses import read_network
from sinkhole.dns.filter.language.line import Ignored, Line, Reject, Rewrite, Rule, Scope
from sinkhole.dns.filter.language.names import TOO_BROAD, read_name
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.text.rdata import rdata_from_text
from sinkhole.dns.wire.text.tokens import split_tokens

ZONE_ITSELF = Ignored("says something about a zone itself")
OUTSIDE = Reject("RPZ: a name outside of the zone")
BAD_RECORD = Reject("RPZ: data that its type of record can't have")
BAD_ACTION = Reject("RPZ: an unknown action")
OTHER_TRIGGER = Reject("RPZ: only names and addresses in answers can be triggers")
ADDRESS_REWRITE = Reject("RPZ: answers can be blocked by their address, not rewritten")

MOST_LINES = 50
"""Lines of one record in parentheses; what comes after that is read as if it had ended."""

_OWNER = r"@|(?:[A-Za-z0-9_.*-]|\\[0-9]{3}|[^\x00-\x7f\s])+"
_TTL_AND_CLASS = r"(?:(?:[0-9]+[smhdw]?|IN)\s+){0,2}"
_TYPES = "|".join(
    ("CNAME", "AAAA", "A", "TXT", "MX", "SRV", "PTR", "HTTPS", "SVCB", "SOA", "NS",
     "RRSIG", "DNSKEY", "NSEC3PARAM", "NSEC3", "NSEC", "CDNSKEY", "CDS", "ZONEMD")
)  # fmt: skip
_RECORD = re.compile(rf"({_OWNER})\s+{_TTL_AND_CLASS}({_TYPES})\s+(\S.*)", re.I | re.DOTALL)
_SAME_OWNER = re.compile(rf"()\s+{_TTL_AND_CLASS}({_TYPES})\s+(\S.*)", re.I | re.DOTALL)
_DIRECTIVE = re.compile(r"\$(ORIGIN|TTL|INCLUDE|GENERATE)(?:\s+(\S+).*)?", re.DOTALL)
_BEFORE_COMMENT = re.compile(r'(?:[^;"\\]|\\.|"(?:[^"\\]|\\.)*")*', re.DOTALL)

_REWRITES = {
    "A": Type.A,
    "AAAA": Type.AAAA,
    "CNAME": Type.CNAME,
    "TXT": Type.TXT,
    "MX": Type.MX,
    "SRV": Type.SRV,
    "PTR": Type.PTR,
    "HTTPS": Type.HTTPS,
    "SVCB": Type.SVCB,
}
_NAME_AT = {"CNAME": 0, "PTR": 0, "MX": 1, "HTTPS": 1, "SVCB": 1, "SRV": 3}
"""Which token of a record's data is a name, and so may be meant below the origin."""

_BLOCKS = frozenset(("", "*", "rpz-drop", "rpz-tcp-only"))
_PASSES = "rpz-passthru"
"""What CNAME records point to, without the final dot, to say what is to be done. A name that
points to itself passes as well."""

_TRIGGER = re.compile(r"(.*)\.(rpz-(?:ip|nsip|nsdname|client-ip))", re.DOTALL)


class Zone:
    """Reads lines of a zone file, and keeps what they say about those below.

    That is the origin, the name of the last record, and whether its parentheses are still open.
    """

    def __init__(self) -> None:
        self._origin = ""  # what relative names end with; names without a final dot, "" for none
        self._apex = ""  # the name of the zone
        self._owner = ""
        self._lines_left = 0

    @property
    def is_nested(self) -> bool:
        """Whether relative names are meant below some name in the zone, not as they stand."""
        return self._origin != self._apex

    def parse(self, line: str) -> Line | None:
        """What a line is as one of a zone file, or None; `line` still has its indentation."""
        text = line.strip()
        if self._lines_left:
            self._lines_left = 0 if ")" in text.partition(";")[0] else self._lines_left - 1
            return ZONE_ITSELF
        if text.startswith("$") and (directive := _DIRECTIVE.fullmatch(text)):
            return self._direct(directive[1], directive[2] or "")
        form = _SAME_OWNER if line[:1] in (" ", "\t") else _RECORD
        record = form.match(line.rstrip()) or _RECORD.match(text)
        if record is None:
            return None
        owner, rtype, data = record.groups()
        before_comment = _BEFORE_COMMENT.match(data)
        assert before_comment is not None  # it matches any beginning, if only of no length
        self._owner = owner.lower() or self._owner
        return self._record(self._owner, rtype.upper(), before_comment[0].strip())

    def _direct(self, directive: str, value: str) -> Line:
        if directive == "TTL":
            return ZONE_ITSELF
        if directive != "ORIGIN" or not value:
            return Reject(f"RPZ: ${directive} is not supported")
        self._origin = self._absolute(value.lower())
        if not self._apex or self._within(f"{self._origin}.") is None:  # another zone begins
            self._apex = self._origin
        return ZONE_ITSELF

    def _record(self, owner: str, rtype: str, data: str) -> Line:
        goes_on = "(" in data and ")" not in data and '"' not in data
        self._lines_left = MOST_LINES if goes_on else 0
        if rtype == "SOA" and (owner.endswith(".") or self._origin):
            self._apex = self._origin = self._absolute(owner)
        if rtype not in _REWRITES:
            return ZONE_ITSELF
        if goes_on:
            return BAD_RECORD
        name = self._within(owner)
        trigger = _read_trigger(name) if name is not None else OUTSIDE
        return trigger if isinstance(trigger, Reject) else self._act(trigger, name, rtype, data)

    def _act(self, trigger: Rule, name: str | None, rtype: str, data: str) -> Line:
        """The rule of a trigger with what its record says is to be done."""
        if rtype == "CNAME":
            action = data.lower().removesuffix(".")
            if action in _BLOCKS:
                return trigger
            if action == _PASSES or self._absolute(data.lower()) == name:
                return replace(trigger, allow=True)
            if action.startswith(("*.", "rpz-")):
                return BAD_ACTION
        if trigger.networks:
            return ADDRESS_REWRITE
        try:
            rdata = rdata_from_text(_REWRITES[rtype], self._with_origin(rtype, data))
        except ValueError:
            return BAD_RECORD
        return replace(trigger, rewrite=Rewrite(rtype=_REWRITES[rtype], rdata=rdata))

    def _with_origin(self, rtype: str, data: str) -> str:
        """A record's data, the name in it absolute."""
        if not self._origin or rtype not in _NAME_AT:
            return data
        tokens, place = split_tokens(data), _NAME_AT[rtype]
        if place < len(tokens) and tokens[place] != ".":
            tokens[place] = self._absolute(tokens[place])
        return " ".join(tokens)

    def _absolute(self, name: str) -> str:
        """A name without a final dot, the origin behind it if it had none."""
        if name == "@":
            return self._origin
        if name.endswith(".") or not self._origin:
            return name.removesuffix(".")
        return f"{name}.{self._origin}"

    def _within(self, owner: str) -> str | None:
        """The name of a record without that of the zone, None if it is not in the zone."""
        name = self._absolute(owner)
        if not self._apex:
            return name
        below = f".{name}".removesuffix(f".{self._apex}")
        return None if below == f".{name}" else below[1:]


def _read_trigger(name: str) -> Rule | Reject:
    """The rule of a record's name in a zone, still without what it does."""
    if special := _TRIGGER.fullmatch(name):
        return _read_network(special[1]) if special[2] == "rpz-ip" else OTHER_TRIGGER
    if name in ("", "*"):
        return TOO_BROAD
    scope = Scope.BELOW if name.startswith("*.") else Scope.EXACT
    read = read_name(name.removeprefix("*."))
    return Rule((read,), scope=scope) if isinstance(read, bytes) else read


def _read_network(text: str) -> Rule | Reject:
    """`24.0.2.0.192`, or `32.zz.db8.2001` where `zz` stands for `::`: read from the right."""
    bits, *words = text.split(".")
    words.reverse()
    if len(words) == 4 and "zz" not in words:
        address = ".".join(words)
    else:
        address = ":".join("" if word == "zz" else word for word in words)
        address = ":" * (words[:1] == ["zz"]) + address + ":" * (words[-1:] == ["zz"])
    network = read_network(f"{address}/{bits}")
    return Reject("RPZ: a network that is none") if network is None else Rule(networks=(network,))
