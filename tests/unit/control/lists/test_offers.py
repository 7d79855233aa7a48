"""What lists are called where they are offered."""

from sinkhole.control.lists.offers import offered_nowhere, source_of


def test_an_address_is_not_told_as_there_may_be_a_password_in_it() -> None:
    url = "https://name:password@lists.example.org/ads.txt"
    assert source_of(url) == source_of(url) != source_of("https://lists.example.org/ads.txt")
    assert "password" not in source_of(url) and "example" not in source_of(url)


async def test_by_itself_a_sinkhole_has_no_others() -> None:
    assert await offered_nowhere() is None
