"""Which of several servers is asked first, and which is asked as well while nothing comes.

    fastest        the quickest; others now and then, so that one that got better is noticed
    load_balance   all in turn, each as often as it is quick
    strict         the first in the order of the settings that is up
    parallel       all at once; the first usable answer counts

With each of them a server that is down comes last, and one that was of no use for the zone in
question behind the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from sinkhole.dns.upstream.health import MELTING, Server

LEAST_COST_S: Final = 0.001
"""Servers quicker than this get equal parts of the load: else one on the same cable got all."""


class Strategy(NamedTuple):
    """One way to choose.

    `choose(may, zone)` picks one of the servers that may be asked, of which there is one at least,
    for a question about this zone. `chosen(server, servers)` takes note that it is the first to be
    asked of these. `asks_all` is whether all are asked at once, `hedges` whether the next is asked
    as well as soon as one takes longer than it usually does.
    """

    name: str
    choose: Callable[[Sequence[Server], bytes], Server]
    chosen: Callable[[Server, Sequence[Server]], None]
    asks_all: bool = False
    hedges: bool = True


def _quickest(may: Sequence[Server], zone: bytes) -> Server:
    best, best_rank = may[0], None
    for server in may:
        is_poor = zone in server.missed or zone in server.useless
        rank = (not server.up, is_poor, server.score)
        if best_rank is None or rank < best_rank:
            best, best_rank = server, rank
    return best


def _melt_others(first: Server, servers: Sequence[Server]) -> None:
    for server in servers:
        if server is not first:
            server.score *= MELTING


def _whose_turn(may: Sequence[Server], zone: bytes) -> Server:
    return min(
        may,
        key=lambda each: (not each.up, zone in each.missed or zone in each.useless, each.turn),
    )


def _take_turn(first: Server, servers: Sequence[Server]) -> None:
    """Its next turn is the later the slower it is; who was away does not catch up."""
    others = [each.turn - _cost_s(each) for each in servers if each is not first and each.up]
    first.turn = max(first.turn, min(others, default=first.turn)) + _cost_s(first)


def _cost_s(server: Server) -> float:
    return max(server.score, LEAST_COST_S)


def _in_order(may: Sequence[Server], zone: bytes) -> Server:
    return next((server for server in may if server.up), may[0])


def _nothing(first: Server, servers: Sequence[Server]) -> None:
    """There is nothing to remember."""


FASTEST: Final = Strategy("fastest", _quickest, _melt_others)
LOAD_BALANCE: Final = Strategy("load_balance", _whose_turn, _take_turn)
STRICT: Final = Strategy("strict", _in_order, _nothing, hedges=False)
PARALLEL: Final = Strategy("parallel", _quickest, _nothing, asks_all=True)

STRATEGIES: Final = {each.name: each for each in (FASTEST, LOAD_BALANCE, STRICT, PARALLEL)}
