"""What the rule language means, read line by line: slow, plain, and sharing nothing with the code.

`expect` reads every line of every list for every question and translates patterns into Python's
regular expressions. It knows the lines that `test_filter_reference` makes, in their usual
spelling, and leaves out what is about spelling only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple


class Question(NamedTuple):
    """A question: name and type as text, and who asks."""

    name: str
    qtype: str = "A"
    ip: str = ""
    client: str = ""
    tags: tuple[str, ...] = ()


class Place(NamedTuple):
    """Where a rule stands: the number of its list, and its line from 1."""

    list_number: int
    line: int


class Expected(NamedTuple):
    """The verdict, what is answered instead, and the lines of which any may be named for it."""

    verdict: str
    answer: frozenset[str] = frozenset()
    places: frozenset[Place] = frozenset()


NOTHING = Expected("none")


@dataclass(frozen=True)
class Line:
    """A line taken apart; `names` for lines of hosts files and bare names, else `pattern`."""

    place: Place
    names: tuple[str, ...] = ()
    pattern: str = ""
    allow: bool = False
    modifiers: dict[str, str] = field(default_factory=dict)

    @property
    def strength(self) -> tuple[int, int]:
        """How strong it is, and how many modifiers it has."""
        important = "important" in self.modifiers
        conditions = {"client", "ctag", "dnstype", "denyallow"} & self.modifiers.keys()
        return 4 * important + 2 * self.allow + (not self.names), len(conditions)

    @property
    def identity(self) -> tuple[object, ...]:
        """What a rule and its twin with `badfilter` have in common."""
        given = self.modifiers
        same = [frozenset(given.get(each, "").split("|")) for each in ("client", "ctag")]
        return canonical(self.pattern), self.allow, "important" in given, *same


def take_apart(text: str, place: Place) -> Line:
    """A line of a list; the lines of the tests are all rules."""
    first, *others = text.split()
    if others and "$" not in text:
        return Line(place, names=tuple(others))
    if re.fullmatch(r"[0-9.]+(/[0-9]+)?|[0-9a-f]*:[0-9a-f:.]*(/[0-9]+)?", text):
        return Line(place, pattern=text)
    if re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", text):
        return Line(place, names=(first,))
    if address := re.fullmatch(r"\[([0-9a-f:.]+)\]", text):
        return Line(place, pattern=address[1])
    if re.fullmatch(r"\*(\.[a-z0-9-]+)+", text):
        return Line(place, pattern=f"||{text[2:]}^")
    if text.endswith("$"):  # an expression without slashes; no pattern ends so
        return Line(place, pattern=f"/{text}/")
    allow = text.startswith("@@")
    body = text.removeprefix("@@")
    if re.match(r"/[a-z0-9.-]+\.(\$|$)", body):  # the end of `http://`, then the name begins
        body = f":/{body}"
    if body.startswith("/"):
        expression, _, options = body.removesuffix("/").partition("/$")
        pattern = f"{expression}/"
    else:
        pattern, _, options = body.partition("$")
    pairs = [option.partition("=") for option in options.split(",") if option]
    if not pattern.startswith("/") and pattern.endswith(("/*", "/")):
        pattern = pattern.removesuffix("*")[:-1] + "^"
    return Line(place, (), pattern, allow, {name: value for name, _, value in pairs})


def translate(pattern: str) -> str:
    """The regular expression that a pattern stands for."""
    if pattern.startswith("/"):
        return pattern[1:-1]
    start, end = "", ""
    if pattern.startswith("||"):
        start, pattern = r"^http://([^/]*\.)?", pattern[2:]
    elif pattern.startswith("|"):
        start, pattern = "^", pattern[1:]
    if pattern.endswith("|"):
        pattern, end = pattern[:-1], "$"
    meanings = {"*": ".*", "^": "(?:[^a-zA-Z0-9.%_-]|$)"}
    return start + "".join(meanings.get(char) or re.escape(char) for char in pattern) + end


def canonical(pattern: str) -> str:
    """One spelling for all patterns that are a whole name, with or without what is below it."""
    whole = re.fullmatch(r"(\|\|?|)(\*?\.|)([a-z0-9-]+(?:\.[a-z0-9-]+)*)(\^\|?|\|)", pattern)
    if whole is None or (not whole[1] and not whole[2]):
        return pattern
    if whole[2]:
        return f"*.{whole[3]}" if whole[1] != "|" and whole[1] + whole[2] != "||." else pattern
    return f"{whole[1]}{whole[3]}^"


def names_it(line: Line, name: str) -> bool:
    """Whether a line matches a name, whatever its conditions."""
    if line.names:
        return name in line.names
    as_url = line.pattern.startswith(("||", "http://", "https://", "://"))
    subject = "http://" * as_url + name
    return re.search(translate(line.pattern), subject, re.IGNORECASE) is not None


def holds(line: Line, question: Question) -> bool:
    """Whether the conditions of a line hold for a question."""
    given = line.modifiers
    for denied in filter(None, given.get("denyallow", "").split("|")):
        if question.name == denied or question.name.endswith("." + denied):
            return False
    return (
        _chosen(given.get("dnstype", ""), lambda each: each == question.qtype)
        and _chosen(given.get("ctag", ""), lambda each: each in question.tags)
        and _chosen(given.get("client", ""), lambda each: _is_client(each, question))
    )


def _chosen(value: str, fits: Callable[[str], bool]) -> bool:
    """Whether a list of values with `~` takes one in; the excluded are tested first."""
    each = [part for part in value.split("|") if part]
    if any(fits(part[1:]) for part in each if part.startswith("~")):
        return False
    wanted = [part for part in each if not part.startswith("~")]
    return not wanted or any(map(fits, wanted))


def _is_client(text: str, question: Question) -> bool:
    if not text[0].isdigit():
        return text == question.client
    return question.ip != "" and ip_address(question.ip) in ip_network(text)


def expect(lists: Sequence[tuple[str, Sequence[str]]], question: Question) -> Expected:
    """What the lists say about a question; each list is its kind and its lines."""
    lines: dict[str, list[Line]] = {"allow": [], "block": []}
    for number, (kind, texts) in enumerate(lists):
        for at, text in enumerate(texts, start=1):
            line = take_apart(text, Place(number, at))
            if kind == "allow" and {"dnsrewrite", "badfilter"} & line.modifiers.keys() == {
                "dnsrewrite"
            }:
                continue  # answers something else: that allows nothing
            # Every line of an allow list allows: there, `@@` tells no rule from its twin.
            lines[kind].append(replace(line, allow=kind == "allow" or line.allow))
    if allowing := [line.place for line in matching(lines["allow"], question)]:
        first = min(place.list_number for place in allowing)
        decisive = frozenset(place for place in allowing if place.list_number == first)
        return Expected("allow", places=decisive)
    found = matching(lines["block"], question)
    rewrites = list(_left([each for each in found if "dnsrewrite" in each.modifiers]))
    others = [each for each in found if "dnsrewrite" not in each.modifiers]
    return _rewritten(rewrites, question) or _strongest(others)


def expect_of_address(lines: Sequence[str], address: str, asked: Question) -> Expected:
    """What one block list says about an address in an answer, in a record of the type asked."""
    read = [take_apart(text, Place(0, at)) for at, text in enumerate(lines, start=1)]
    found = [
        line
        for line in read
        if not line.names and not {"dnsrewrite", "denyallow"} & line.modifiers.keys()
        if names_address(line, ip_address(address)) and holds(line, asked)
    ]
    return _strongest(_not_switched_off(found))


def names_address(line: Line, address: IPv4Address | IPv6Address) -> bool:
    """Whether a line names an address or its network, or its pattern fits the address as text."""
    address = getattr(address, "ipv4_mapped", None) or address
    body = re.fullmatch(r"(?:\|\|?(?=.*[|^]))?([0-9a-f:.]+(?:/[0-9]+)?)[|^]*", line.pattern)
    try:
        network = ip_network(body[1]) if body else None
    except ValueError:
        network = None
    return names_it(line, str(address)) if network is None else address in network


def matching(lines: list[Line], question: Question) -> list[Line]:
    """The lines that count for a question."""
    found = [line for line in lines if names_it(line, question.name) and holds(line, question)]
    return _not_switched_off(found)


def _not_switched_off(found: list[Line]) -> list[Line]:
    off = {line.identity for line in found if "badfilter" in line.modifiers}
    left = (line for line in found if "badfilter" not in line.modifiers)
    return [line for line in left if line.names or line.identity not in off]


def _strongest(found: list[Line]) -> Expected:
    if not found:
        return NOTHING
    best = max(each.strength for each in found)
    equals = [each for each in found if each.strength == best]
    first = min(each.place.list_number for each in equals)
    places = frozenset(each.place for each in equals if each.place.list_number == first)
    return Expected("allow" if equals[0].allow else "block", places=places)


def _left(found: list[Line]) -> Iterator[Line]:
    """The rewrites that no exception cancels."""
    exceptions = [each for each in found if each.allow]
    for rewrite in found:
        cancelled = any(
            ("important" in each.modifiers or "important" not in rewrite.modifiers)
            and each.modifiers["dnsrewrite"] in ("", rewrite.modifiers["dnsrewrite"])
            for each in exceptions
        )
        if not rewrite.allow and not cancelled:
            yield rewrite


def _rewritten(found: list[Line], question: Question) -> Expected | None:
    by_kind: dict[str, list[tuple[str, Place]]] = {"CNAME": [], "rcode": [], "record": []}
    for line in found:
        kind, what = _instead(line.modifiers["dnsrewrite"])
        if (kind, what) != ("CNAME", f"CNAME {question.name}"):
            by_kind[kind].append((what, line.place))
    failures = [each for each in by_kind["rcode"] if each[0] != "NOERROR"]
    for decisive in (by_kind["CNAME"], failures):
        if decisive:
            what, place = decisive[0]
            return Expected("rewrite", frozenset({what}), frozenset({place}))
    records = by_kind["record"] + by_kind["rcode"]
    if not records:
        return None
    asked = frozenset(what for what, _ in records if what.startswith(question.qtype + " "))
    return Expected("rewrite", asked, frozenset(place for _, place in records))


def _instead(value: str) -> tuple[str, str]:
    """The sort of a rewrite, and what it says."""
    if value in ("NOERROR", "NXDOMAIN", "REFUSED"):
        return "rcode", value
    if value.startswith("NOERROR;"):
        return "record", " ".join(value.split(";")[1:])
    if value[0].isdigit():
        return "record", f"{'AAAA' if ':' in value else 'A'} {value}"
    return "CNAME", f"CNAME {value}"
