"""Exact names and regular expressions of Pi-hole as rules.

    ads.example.org                     |ads.example.org^
    (\\.|^)example\\.org$                 ||example.org^
    ^ads[0-9]+\\.;querytype=A,AAAA       /^ads[0-9]+\\./$dnstype=A|AAAA
    tracker;reply=NXDOMAIN              /tracker/$dnsrewrite=NXDOMAIN

What its expressions can that no rule can (`;invert`) is told.
"""

from __future__ import annotations

import re
from typing import Final

from sinkhole.control.imports.pihole.gravity import PiholeDomain
from sinkhole.control.imports.plan import Plan
from sinkhole.control.imports.rules import exact
from sinkhole.control.settings.addresses import is_address, parse_host_name
from sinkhole.control.settings.quoting import shown

_SUBDOMAINS: Final = re.compile(
    r"\((?:\\\.\|\^|\^\|\\\.)\)((?:[a-z0-9_-]+\\\.)*[a-z0-9_-]+)\$", re.I
)
"""What its page writes for a name with all below it."""

_REPLIES: Final = {"nxdomain": "NXDOMAIN", "refused": "REFUSED", "nodata": "NOERROR"}


def rule_of(domain: PiholeDomain, about: str, plan: Plan) -> str:
    """The rule, "" for what can be none, which is told."""
    if domain.is_regex:
        return _regex_rule(domain.text.strip(), about, plan, allow=domain.is_allow)
    try:
        return exact(parse_host_name(domain.text.strip()), allow=domain.is_allow)
    except ValueError as error:
        plan.left(about, str(error))
        return ""


def _regex_rule(text: str, about: str, plan: Plan, *, allow: bool) -> str:
    expression, *options = text.split(";")
    modifiers: list[str] = []
    for option in filter(None, options):
        key, _, value = option.partition("=")
        if key == "querytype":
            modifiers.append(_types(value))
        elif key == "reply" and not allow:
            modifiers += _reply(value, about, plan)
        elif key != "reply":
            plan.left(about, f"the option {shown(option)} can't be said by a rule")
            return ""
    whole = _SUBDOMAINS.fullmatch(expression)
    name = whole[1].replace("\\.", ".") if whole else ""
    pattern = f"||{name.lower()}^" if name else f"/{expression}/"
    return f"{'@@' if allow else ''}{pattern}{'$' if modifiers else ''}{','.join(modifiers)}"


def _types(value: str) -> str:
    """Types of questions; behind a ! all but these."""
    sign = "~" if value.startswith("!") else ""
    return "dnstype=" + "|".join(f"{sign}{e.strip().upper()}" for e in value.strip("!").split(","))


def _reply(value: str, about: str, plan: Plan) -> list[str]:
    """How the name is answered, in place of as a blocked one."""
    word, _, target = value.partition(",")
    if word.lower() in _REPLIES:
        return [f"dnsrewrite={_REPLIES[word.lower()]}"]
    if is_address(value):
        return [f"dnsrewrite={value}"]
    if word.lower() == "cname" and target:
        return [f"dnsrewrite=NOERROR;CNAME;{target}"]
    plan.differs(about, f"it is blocked as any other name, not answered with {shown(value)}")
    return []
