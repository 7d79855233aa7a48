from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.control.settings.addresses import Endpoint
from sinkhole.control.settings.units import Duration, Size

addresses = st.ip_addresses().map(str)


@settings(deadline=None)
@given(st.integers(0, 10**15))
def test_every_duration_is_read_back_from_its_text(milliseconds: int) -> None:
    duration = Duration(milliseconds / 1000)
    assert Duration.parse(str(duration)) == duration


@settings(deadline=None)
@given(st.integers(0, 2**49))
def test_every_size_is_read_back_from_its_text(size: int) -> None:
    assert Size.parse(str(Size(size))) == size


@settings(deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["ms", "s", "m", "h", "d"]))
def test_the_canonical_text_of_a_duration_is_never_longer_than_what_was_written(
    number: int, unit: str
) -> None:
    written = f"{number}{unit}"
    assert len(str(Duration.parse(written))) <= max(len(written), len("0s"))


@settings(deadline=None)
@given(addresses, st.integers(1, 65535))
def test_every_endpoint_is_read_back_from_its_text(host: str, port: int) -> None:
    endpoint = Endpoint(host, port)
    assert Endpoint.parse(str(endpoint), 53) == endpoint


@settings(deadline=None, max_examples=300)
@given(st.text() | st.from_regex(r"\A[0-9.]{0,30} ?[a-zA-Z]{0,6}\Z"))
def test_any_text_is_a_quantity_or_a_value_error_on_one_line(text: str) -> None:
    for read in (Duration.parse, Size.parse, lambda text: Endpoint.parse(text, 53)):
        try:
            read(text)
        except ValueError as error:
            assert str(error).isprintable()
