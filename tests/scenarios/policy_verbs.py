"""The verbs of scenarios that change the policy; `runner` tells how they are written."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from notation import read_local, read_rewrite
from script import ScriptError, Words
from world import AT_HOME, SimpleFilter, World, local_records

from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.policy.blocking import Blocking, Mode
from sinkhole.dns.policy.client_subnet import ClientSubnet, ClientSubnets
from sinkhole.dns.policy.designated import Designated, DesignatedService
from sinkhole.dns.policy.dns64 import Dns64
from sinkhole.dns.policy.local import LocalNames, LocalRecords
from sinkhole.dns.policy.refused_addresses import BogusAddresses, Rebinding
from sinkhole.dns.policy.routes import USUAL, Routes
from sinkhole.dns.policy.special_use import Reserved


class PolicyVerbs:
    """Publishes a new policy for each; what earlier ones said stays in force beside it."""

    world: World
    """The world that the scenario is played in, which the runner makes."""

    def _start_policy(self) -> None:
        self._local: LocalRecords = {}
        self._hosts: LocalRecords = {}

    def _do_rules(self, words: Words, below: list[str]) -> None:
        rules = CompiledList.from_rules("Starter", "block", below)
        if rules.report.samples:
            raise ScriptError(f"{words.place}: {rules.report.samples[0]}")
        self.world.publish(filter=Matcher([rules]))

    def _do_block(self, words: Words, below: list[str]) -> None:
        only_for = words.take("a trait") if words.next_is("for") else ""
        builtin = words.next_is("builtin")
        hosts = list(words.rest()) if words.next_is("hosts") else []
        rules = SimpleFilter(below, only_for=only_for, builtin=builtin, hosts=hosts)
        self.world.publish(filter=rules)

    def _do_rewrite(self, words: Words, below: list[str]) -> None:
        rewrite = dict(read_rewrite(line) for line in below)
        self.world.publish(filter=SimpleFilter(rewrite=rewrite))

    def _do_block_addresses(self, words: Words, below: list[str]) -> None:
        self.world.publish(filter=SimpleFilter(addresses=list(words.rest())))

    def _do_local(self, words: Words, below: list[str]) -> None:
        self._local = local_records(read_local(below))
        self.world.publish(local=LocalNames(self._local, weaker=self._hosts))

    def _do_hosts(self, words: Words, below: list[str]) -> None:
        self._hosts = local_records(read_local(below))
        self.world.publish(local=LocalNames(self._local, weaker=self._hosts))

    def _do_routes(self, words: Words, below: list[str]) -> None:
        sets = dict(line.split() for line in below)
        usual = {"default": USUAL}
        self.world.publish(routes=Routes({k: usual.get(via, via) for k, via in sets.items()}))

    def _do_dns64(self, words: Words, below: list[str]) -> None:
        if words.next_is("off"):
            self.world.publish(dns64=None)
            return
        prefixes, _, excluded = " ".join(words.rest()).partition(" but ")
        made = Dns64(map(IPv6Network, prefixes.split()), map(IPv6Network, excluded.split()))
        self.world.publish(dns64=made)

    def _do_allow(self, words: Words, below: list[str]) -> None:
        allow = (*map(ip_network, AT_HOME), *map(ip_network, words.rest()))
        self.world.publish(access=replace(self.world.pipeline.policy.access, allow=allow))

    def _do_subnets(self, words: Words, below: list[str]) -> None:
        told = ((line.split()[0].replace("default", USUAL), line.split()[1]) for line in below)
        subnets = ClientSubnets(
            {via: ClientSubnet(None if of == "client" else ip_network(of)) for via, of in told}
        )
        self.world.publish(subnets=subnets)

    def _do_traits(self, words: Words, below: list[str]) -> None:
        traits = {ip_address(a).packed: frozenset(t) for a, *t in map(str.split, below)}
        self.world.publish(traits=lambda packed: traits.get(packed, frozenset()))

    def _do_rebinding(self, words: Words, below: list[str]) -> None:
        if words.next_is("off"):
            self.world.publish(rebinding=None)
        else:
            words.next_is("on")
            self.world.publish(rebinding=Rebinding(words.rest()))

    def _do_bogus(self, words: Words, below: list[str]) -> None:
        self.world.publish(bogus=BogusAddresses(map(ip_network, words.rest())))

    def _do_blocking(self, words: Words, below: list[str]) -> None:
        mode, ttl_s = Mode(words.take("a mode")), 10
        addresses: list[IPv4Address | IPv6Address] = []
        while words:
            word = words.take("a duration or an address")
            if word[-1] == "s" and word[:-1].isdecimal():
                ttl_s = int(word[:-1])
            else:
                addresses.append(ip_address(word))
        ipv4 = next((a for a in addresses if isinstance(a, IPv4Address)), Blocking().ipv4)
        ipv6 = next((a for a in addresses if isinstance(a, IPv6Address)), Blocking().ipv6)
        self.world.publish(blocking=Blocking(mode, ttl_s, ipv4, ipv6))

    def _do_reserved(self, words: Words, below: list[str]) -> None:
        self.world.publish(reserved=Reserved(names=_is_on(words)))

    def _do_discovery(self, words: Words, below: list[str]) -> None:
        designated = Designated(map(_service, below)) if below else None
        self.world.publish(reserved=Reserved(discovery=_is_on(words), designated=designated))


def _service(line: str) -> DesignatedService:
    name, alpn, port, path, *addresses = line.split()
    told = tuple(map(ip_address, addresses))
    return DesignatedService(name, tuple(alpn.split(",")), int(port), path.strip("-"), told)


def _is_on(words: Words) -> bool:
    word = words.take("on or off")
    if word not in ("on", "off"):
        raise words.unknown(word)
    return word == "on"
