"""Any rdata of a service without some hints has none of these, and all else as it was, in order."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from sinkhole.dns.wire.svcb import IPV4_HINT, IPV6_HINT, read_service, without_hints

PARAMS = st.lists(
    st.tuples(st.sampled_from([1, 3, 4, 5, 6, 7, 4711]), st.binary(max_size=40)), max_size=6
)
LEFT_OUT = st.sets(st.sampled_from([IPV4_HINT, IPV6_HINT]))
TARGETS = st.sampled_from([b"\0", b"\3www\7example\3org\0"])


def written(params: list[tuple[int, bytes]]) -> bytes:
    return b"".join(
        key.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value for key, value in params
    )


@given(TARGETS, PARAMS, st.lists(st.sampled_from([1, 4, 5, 6]), max_size=4), LEFT_OUT)
def test_all_else_stays(
    target: bytes, params: list[tuple[int, bytes]], mandatory: list[int], left_out: set[bytes]
) -> None:
    def as_told(without: set[bytes]) -> bytes:
        named = [each.to_bytes(2, "big") for each in mandatory]
        value = b"".join(each for each in named if each not in without)
        kept = [each for each in params if each[0].to_bytes(2, "big") not in without]
        return b"\0\1" + target + written([(0, value)] if value else []) + written(kept)

    assert without_hints(as_told(set()), left_out) == as_told(left_out)


@given(st.binary(max_size=80), LEFT_OUT)
@example(b"\0\1\0" + written([(6, bytes(16))]) + b"\0", {IPV6_HINT})
def test_no_bytes_keep_a_hint(rdata: bytes, left_out: set[bytes]) -> None:
    sizes = {4 if each == IPV4_HINT else 16 for each in left_out}
    told = without_hints(rdata, left_out)
    assert not any(len(hint) in sizes for hint in read_service(told).hints)
    assert without_hints(told, left_out) == told
    assert len(told) <= len(rdata)
