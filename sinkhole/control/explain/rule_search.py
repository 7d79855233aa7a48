"""Which rule would change what the lists say about a name: found by trying, so that it works.

The mildest comes first. A trial is a function of rules that says whether they would do; who asks
decides what that means, as what an answer leads to may count as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Final

from sinkhole.dns.filter.language.line import Kind, Rule
from sinkhole.dns.filter.language.rules import parse_line
from sinkhole.dns.wire.name import to_text

Trial = Callable[[tuple[str, ...], Kind], bool]
"""Whether these rules, added to the own rules ("block") or to an allow list, would do."""

_EXCEPTIONS: Final = (
    ("@@{}",),
    ("@@{}$important",),
    ("@@{}$dnsrewrite",),
    ("@@{}$dnsrewrite", "@@{}"),
    ("@@{}$important,dnsrewrite",),
    ("@@{}$important,dnsrewrite", "@@{}$important"),
)
"""An exception, one for important rules, one for rewrites, and what takes both."""

_BLOCKS: Final = (
    ("{}",),
    ("{}$important",),
    ("{}$dnsrewrite=NXDOMAIN",),
    ("@@{}$dnsrewrite", "{}"),
)
"""A rule, one that beats exceptions, an answer, which only an allow list or a CNAME beats, and what
takes that CNAME away first."""


def exceptions_for(targets: Sequence[bytes | str], works: Trial) -> tuple[str, ...]:
    """Exceptions for wire names and addresses (text) that do together, or () if none do."""
    return _first(_EXCEPTIONS, targets, works)


def block_for(name: bytes, works: Trial) -> tuple[str, ...]:
    """Rules that block a wire name, or () if none would."""
    return _first(_BLOCKS, (name,), works)


def allow_lines(targets: Sequence[bytes | str], works: Trial) -> tuple[str, ...]:
    """The lines of an allow list that do, or () if even these don't."""
    found = (patterns for patterns in _patterns(targets) if works(patterns, "allow"))
    return next(found, ())


def _first(
    forms: Iterable[tuple[str, ...]], targets: Sequence[bytes | str], works: Trial
) -> tuple[str, ...]:
    for form in forms:
        for patterns in _patterns(targets):
            rules = tuple(text.format(pattern) for pattern in patterns for text in form)
            if works(rules, "block"):
                return rules
    return ()


def _patterns(targets: Sequence[bytes | str]) -> list[tuple[str, ...]]:
    """`||name^` of all targets, then `|name^`; none where a rule can't have such a name."""
    kinds = [tuple(_pattern(start, target) for target in targets) for start in ("||", "|")]
    return [patterns for patterns in kinds if patterns and all(patterns)]


def _pattern(start: str, target: bytes | str) -> str:
    if isinstance(target, str):
        return f"||{ip_address(target)}^"
    pattern = f"{start}{to_text(target)}^"
    rule = parse_line(pattern)
    return pattern if isinstance(rule, Rule) and rule.names == (target,) else ""
