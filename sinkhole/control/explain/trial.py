"""Rules on trial: the rules as they are beside the rules as they would be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Literal

from sinkhole.control.explain.altered_rules import AlteredRules, RulePlace
from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.control.lists.own_rules import OWN_RULES
from sinkhole.control.settings import Settings
from sinkhole.dns.clients.clients import Client
from sinkhole.dns.clients.identity import KnownClient, KnownClients
from sinkhole.dns.filter.match import Matcher, about_name
from sinkhole.dns.filter.traits import Criteria, Traits
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.policy.snapshot import Filter
from sinkhole.dns.wire.numbers import Type

Becomes = Literal["blocked", "freed"]
"""What a trial makes of a name that it changes something about."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is in force, what would be, and the rules that make the difference.

    Names are judged by the rules alone, as questions for an address (type A): what an answer leads
    to is not known for names of the log.
    """

    before: Filter
    after: Filter
    differing: Matcher
    known: KnownClients

    @property
    def asks_clients(self) -> bool:
        """Whether it depends on the client what changes."""
        return bool(self.differing.criteria)

    def may_change(self, name: bytes) -> bool:
        """Whether any rule that makes the difference is about a lower-cased wire name."""
        lookup = about_name(name, Type.A)
        return any(self.differing.candidates(lookup))

    def change(self, name: bytes, client: str = "") -> Becomes | None:
        """What becomes of a name for a client, as the log writes one, "" for one nobody knows."""
        before = _blocks(self.before, name, self._traits(self.before, client))
        after = _blocks(self.after, name, self._traits(self.after, client))
        if before == after:
            return None
        return "blocked" if after else "freed"

    def _traits(self, rules: Filter, client: str) -> Traits:
        return traits_of(self.known, rules.criteria, client)

    def seen_by(self, inquiry: Inquiry) -> tuple[Inquiry, Inquiry]:
        """A question under the rules as they are, and as they would be; filter on in both."""
        return self._under(self.before, inquiry), self._under(self.after, inquiry)

    def _under(self, rules: Filter, inquiry: Inquiry) -> Inquiry:
        known = inquiry.client
        client = Client(known.packed, known.text, known.network)
        client.allowed, client.gated = known.allowed, known.gated
        client.traits = self._traits(rules, known.text)
        return replace(inquiry.with_rules(rules), client=client)


def trial_of_rules(
    matcher: Matcher,
    settings: Settings,
    added: Sequence[str] = (),
    removed: Iterable[RulePlace] = (),
) -> Trial:
    """Rules to add to the own ones, and places of rules to take out."""
    removed = tuple(removed)
    texts = [_text_at(matcher, *place) for place in removed]
    after = AlteredRules(matcher, added, own=OWN_RULES, without=removed)
    differing = CompiledList.from_rules(OWN_RULES, "block", [*added, *texts])
    return Trial(matcher, after, Matcher([differing]), known_clients(settings))


def trial_of_list(matcher: Matcher, settings: Settings, new: CompiledList) -> Trial:
    """A further list, behind those in use; makes a Matcher, which takes a while."""
    after = Matcher([*matcher.lists, new], matcher.builtin)
    return Trial(matcher, after, Matcher([new]), known_clients(settings))


def known_clients(settings: Settings) -> KnownClients:
    """The clients of the settings."""
    return KnownClients(
        KnownClient(each.name, each.addresses, each.tags, each.ids) for each in settings.clients
    )


def traits_of(known: KnownClients, criteria: Criteria, client: str) -> Traits:
    """What of these criteria holds for a client as the log writes one: an address or an id."""
    if client in known.ids:
        return known.traits(criteria, bytes(4), client)
    try:
        return known.traits(criteria, ip_address(client).packed)
    except ValueError:  # "" or an id that the settings no longer know
        return criteria.traits(None, (), ())


def _text_at(matcher: Matcher, list_name: str, line: int) -> str:
    for each in matcher.lists:
        if each.name == list_name:
            return each.rule_text(line)
    return ""


def _blocks(rules: Filter, name: bytes, traits: Traits) -> bool:
    found = rules.match(name, Type.A, traits)
    return found is not None and not found.allowed
