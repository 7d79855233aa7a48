"""Invariant: `RouteNews` reads any datagram to its end, raises nothing, and remembers no more than
MOST_ROUTES."""

from struct import pack

from hypothesis import given
from hypothesis import strategies as st

from sinkhole.app.route_news import MOST_ROUTES, RouteNews

SHAPED = st.tuples(st.integers(0, 80), st.integers(16, 27), st.integers(0, 0xFFFF)).flatmap(
    lambda head: st.binary(max_size=64).map(
        lambda body: pack("=IHHII", head[0], head[1], head[2], 0, 0) + body
    )
)


@given(st.lists(st.binary(max_size=120) | SHAPED, max_size=20))
def test_any_datagrams(datagrams: list[bytes]) -> None:
    news = RouteNews()
    for datagram in datagrams:
        assert news.take(datagram) in (True, False)
    assert len(news._known) <= MOST_ROUTES
