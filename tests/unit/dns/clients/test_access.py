"""Tags: what tells clients with different traits apart in keys."""

from __future__ import annotations

from sinkhole.dns.clients.access import MAX_TAGS, NO_TAG, TAG_SIZE, Tags
from sinkhole.dns.filter.traits import NO_TRAITS


def test_equal_traits_share_a_tag_and_no_traits_have_their_own() -> None:
    tags = Tags()
    child, guest = frozenset({"tag:user_child"}), frozenset({"name:Guest"})
    assert tags.of(NO_TRAITS) == NO_TAG
    assert tags.of(child) == tags.of(frozenset({"tag:user_child"}))
    assert len({tags.of(child), tags.of(guest), NO_TAG}) == 3
    assert {len(tags.of(each)) for each in (child, guest, NO_TRAITS)} == {TAG_SIZE}


def test_a_tag_is_never_given_to_other_traits_however_many_there_were() -> None:
    tags = Tags()
    first = tags.of(frozenset({"name:0"}))
    given = [tags.of(frozenset({f"name:{i}"})) for i in range(1, 2 * MAX_TAGS)]
    assert len({first, *given}) == 2 * MAX_TAGS
    assert tags.of(frozenset({"name:0"})) not in {first, *given}


def test_what_upstreams_are_told_tells_clients_apart_too() -> None:
    tags, child = Tags(), frozenset({"tag:user_child"})
    given = {
        tags.of(traits, subnet) for traits in (NO_TRAITS, child) for subnet in (b"", b"a", b"b")
    }
    assert len(given) == 6
    assert NO_TAG in given
    assert tags.of(child, b"a") == tags.of(child, b"a")
