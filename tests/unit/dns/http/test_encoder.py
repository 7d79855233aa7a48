"""Headers that are remembered are read as what they are, whatever happened in between."""

from hpack import Decoder

from sinkhole.dns.http.encoder import MOST_KNOWN, TABLE_SIZE, SteadyEncoder

FIRST = ((b":status", b"200"), (b"content-type", b"application/dns-message"))
SECOND = (*FIRST, (b"x-other", b"yes"))


def test_a_block_is_made_once_and_understood_each_time() -> None:
    encoder, decoder = SteadyEncoder(), Decoder()
    blocks = [encoder.encode(FIRST) for _ in range(5)]
    assert [tuple(decoder.decode(block, raw=True)) for block in blocks] == [FIRST] * 5
    assert [len(block) for block in blocks[1:]] == [2] * 4


def test_blocks_stay_right_when_the_table_changes() -> None:
    encoder, decoder = SteadyEncoder(), Decoder()
    for headers in (FIRST, FIRST, SECOND, FIRST, SECOND, FIRST):
        assert tuple(decoder.decode(encoder.encode(headers), raw=True)) == headers
    encoder.header_table_size = 0
    decoder.header_table_size = 0
    for headers in (FIRST, SECOND, FIRST):
        assert tuple(decoder.decode(encoder.encode(headers), raw=True)) == headers
    encoder.header_table_size = 200
    decoder.max_allowed_table_size = 200
    for headers in (FIRST, SECOND, FIRST, SECOND):
        assert tuple(decoder.decode(encoder.encode(headers), raw=True)) == headers


def test_a_peer_cannot_make_the_table_large() -> None:
    encoder = SteadyEncoder()
    encoder.header_table_size = 2**32 - 1
    assert encoder.header_table_size == TABLE_SIZE


def test_few_blocks_are_remembered() -> None:
    encoder, decoder = SteadyEncoder(), Decoder()
    for age in range(3 * MOST_KNOWN):
        headers = (*FIRST, (b"cache-control", b"max-age=%d" % age))
        assert tuple(decoder.decode(encoder.encode(headers), raw=True)) == headers
        assert len(encoder._known) <= MOST_KNOWN
    assert len(encoder.header_table.dynamic_entries) == 1
