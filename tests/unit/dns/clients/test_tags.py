"""Tags: what tells clients of different classes and traits apart in keys."""

from __future__ import annotations

from sinkhole.dns.cache.table import NO_TAG, SHARED_TAG, TAG_SIZE
from sinkhole.dns.clients.tags import MAX_SETS, MAX_TAGS, Tags
from sinkhole.dns.filter.traits import NO_TRAITS


def test_equal_traits_share_a_tag_and_no_traits_have_their_own() -> None:
    tags = Tags()
    child, guest = frozenset({"tag:user_child"}), frozenset({"name:Guest"})
    assert tags.of(0, NO_TRAITS) == NO_TAG
    assert tags.of(0, child) == tags.of(0, frozenset({"tag:user_child"}))
    assert len({tags.of(0, child), tags.of(0, guest), NO_TAG}) == 3
    assert {len(tags.of(0, each)) for each in (child, guest, NO_TRAITS)} == {TAG_SIZE}


def test_a_tag_is_never_given_to_other_traits_however_many_there_were() -> None:
    tags = Tags()
    first = tags.of(0, frozenset({"name:0"}))
    given = [tags.of(0, frozenset({f"name:{i}"})) for i in range(1, 2 * MAX_TAGS)]
    assert len({first, *given}) == 2 * MAX_TAGS
    assert tags.of(0, frozenset({"name:0"})) not in {first, *given}


def test_what_upstreams_are_told_tells_clients_apart_too() -> None:
    tags, child = Tags(), frozenset({"tag:user_child"})
    given = {
        tags.of(0, traits, subnet) for traits in (NO_TRAITS, child) for subnet in (b"", b"a", b"b")
    }
    assert len(given) == 6
    assert NO_TAG in given
    assert tags.of(0, child, b"a") == tags.of(0, child, b"a")


def test_clients_of_different_classes_differ_whatever_else_they_have() -> None:
    tags, child = Tags(), frozenset({"tag:user_child"})
    assert tags.of(0, NO_TRAITS) == NO_TAG
    given = {tags.of(number, traits) for number in (0, 1, 2) for traits in (NO_TRAITS, child)}
    assert len(given) == 6


def test_what_upstreams_say_to_anybody_has_a_tag_for_each_set_that_is_no_clients() -> None:
    tags = Tags()
    shared = [tags.shared(via) for via in ("", "kids", "work", "kids")]
    assert shared[0] == SHARED_TAG and shared[1] == shared[3] and len(set(shared)) == 3
    given = {tags.of(number, NO_TRAITS) for number in range(MAX_TAGS)}
    given |= {tags.shared(f"set {number}") for number in range(MAX_SETS)}
    assert len(given) == MAX_TAGS + MAX_SETS - 2  # those beyond have b"" in common
    assert tags.shared("one too many") == b"" and tags.shared("kids") == shared[1]
