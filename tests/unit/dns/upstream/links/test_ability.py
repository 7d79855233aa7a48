"""What proves that a server lacks an ability, and for how long."""

from sinkhole.dns.upstream.links.ability import REMEMBER_S, REPEATED, Ability


def is_lacking(ability: Ability, now: float) -> bool:
    return now < ability.lacking_until


def test_a_server_is_taken_to_be_able() -> None:
    assert not is_lacking(Ability(), 0.0)


def test_what_was_said_over_tcp_counts_at_once_and_ends_soon() -> None:
    ability = Ability()
    ability.disproved(100.0)
    assert is_lacking(ability, 100.0 + REMEMBER_S - 1)
    assert not is_lacking(ability, 100.0 + REMEMBER_S)
    assert REMEMBER_S <= 900


def test_doubts_count_when_there_are_enough_in_a_row() -> None:
    ability = Ability()
    for _ in range(10):
        for _ in range(REPEATED - 1):
            ability.doubted(100.0)
        ability.doubts = 0
    assert not is_lacking(ability, 100.0)
    for _ in range(REPEATED):
        assert not is_lacking(ability, 100.0)
        ability.doubted(100.0)
    assert is_lacking(ability, 100.0)
    assert not is_lacking(ability, 100.0 + REMEMBER_S)
    ability.doubted(100.0 + REMEMBER_S)
    assert not is_lacking(ability, 100.0 + REMEMBER_S), "after that it starts anew"
