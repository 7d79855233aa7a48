"""The queries we send, read back by dnslib as an independent codec."""

import dnslib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.query import (
    answers_but_for_case,
    is_reply_to,
    question_end,
    render_query,
    spell,
)
from sinkhole.dns.wire.question import Question, peek
from sinkhole.dns.wire.reply import answers_question

NAME = from_text("www.example.org")
ALL_ONES = (1 << 8 * 255) - 1

wire_names = st.lists(st.binary(min_size=1, max_size=63), max_size=4).map(
    lambda labels: b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
)


def reply_to(query: bytes) -> bytes:
    return bytes((*query[:2], query[2] | 0x80, *query[3:]))


def test_a_query_says_what_was_asked() -> None:
    parsed = dnslib.DNSRecord.parse(render_query(Question(NAME, 28), 0xBEEF))
    assert (parsed.header.id, parsed.header.qr, parsed.header.rd) == (0xBEEF, 0, 1)
    assert (parsed.header.cd, parsed.header.ad, parsed.header.opcode) == (0, 0, 0)
    assert (str(parsed.q.qname), parsed.q.qtype, parsed.q.qclass) == ("www.example.org.", 28, 1)
    [opt] = parsed.ar
    assert (opt.rtype, opt.rclass, opt.edns_len, opt.edns_ver, opt.edns_do) == (
        41,
        1232,
        1232,
        0,
        0,
    )


@pytest.mark.parametrize("do", [False, True])
@pytest.mark.parametrize("cd", [False, True])
def test_do_and_cd_are_passed_on(do: bool, cd: bool) -> None:
    parsed = dnslib.DNSRecord.parse(render_query(Question(NAME, 1, do, cd), 1))
    assert (bool(parsed.header.cd), bool(parsed.ar[0].edns_do)) == (cd, do)


def test_without_edns_there_is_no_opt_and_no_do() -> None:
    query = render_query(Question(NAME, 1, do=True, cd=True), 7, edns=False)
    parsed = dnslib.DNSRecord.parse(query)
    assert parsed.ar == []
    assert parsed.header.cd == 1
    assert len(query) == 12 + len(NAME) + 4


def test_case_bits_spell_the_name_and_nothing_else() -> None:
    query = render_query(Question(NAME, 65, do=True), 7, case_bits=ALL_ONES)
    assert query[12 : 12 + len(NAME)] == b"\x03WWW\x07EXAMPLE\x03ORG\0"
    assert query[12 + len(NAME) : 14 + len(NAME)] == b"\0A"


def test_each_letter_follows_its_own_bit() -> None:
    bits = int.from_bytes(b"\xff\x00\xff\x00\xff\xff\x00", "big")
    assert spell(b"\x05abcde\x00", bits) == b"\x05aBcDE\x00"


@given(wire_names, st.integers(min_value=0, max_value=ALL_ONES))
@settings(deadline=None, max_examples=200)
def test_spelling_changes_letters_only_and_is_undone_by_lower_casing(
    name: bytes, bits: int
) -> None:
    spelled = spell(name.lower(), bits)
    assert len(spelled) == len(name)
    assert spelled.lower() == name.lower()
    assert spell(spelled, bits) == name.lower()


@given(wire_names, st.integers(0, 0xFFFF), st.booleans(), st.booleans(), st.booleans())
@settings(deadline=None, max_examples=200)
def test_our_own_reader_finds_the_same_question(
    name: bytes, qtype: int, do: bool, cd: bool, edns: bool
) -> None:
    question = Question(name.lower(), qtype, do and edns, cd)
    query = render_query(question, 99, case_bits=0x2020202020, edns=edns)
    end, shape = peek(query)
    assert shape.question(query[12:end].lower()) == question
    assert question_end(query) == end + 4
    assert shape.payload == (1232 if edns else 512)
    assert answers_question(reply_to(query), query)


def test_a_lower_cased_reply_is_recognised_but_not_as_an_exact_one() -> None:
    query = render_query(Question(NAME, 1), 5, case_bits=ALL_ONES)
    lowered = reply_to(render_query(Question(NAME, 1), 5))
    assert not answers_question(lowered, query)
    assert answers_but_for_case(lowered, query)


@pytest.mark.parametrize(
    "other",
    [
        render_query(Question(NAME, 97), 5),  # 97 is `a`, 65 is `A`: types have no letter case
        render_query(Question(NAME, 65), 6),
        render_query(Question(from_text("www.example.com"), 65), 5),
        b"\0\5\x81\0",
        b"",
    ],
)
def test_case_excuses_nothing_else(other: bytes) -> None:
    query = render_query(Question(NAME, 65), 5, case_bits=ALL_ONES)
    assert not answers_but_for_case(reply_to(other) if len(other) > 12 else other, query)


def test_a_query_is_not_a_reply_to_itself() -> None:
    query = render_query(Question(NAME, 1), 5)
    assert not answers_but_for_case(query, query)


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("subnet", ["00010000", "00011800c00002", "0002380020010db8000102"])
def test_what_is_told_of_the_client_is_an_option(subnet: str, padded: bool) -> None:
    question = Question(NAME, 1, do=True, subnet=bytes.fromhex(subnet))
    query = render_query(question, 5, padded=padded)
    read = dnslib.DNSRecord.parse(query)
    (opt,) = read.ar
    told = {option.code: bytes(option.data) for option in opt.rdata}
    assert told[8].hex() == subnet
    assert list(told) == ([8, 12] if padded else [8])
    assert len(query) % 128 == 0 or not padded
    assert question_end(query) == 12 + len(NAME) + 4
    assert answers_question(reply_to(query), query)
    assert render_query(question, 5, edns=False) == render_query(Question(NAME, 1), 5, edns=False)


@given(wire_names, st.booleans())
def test_padded_queries_are_as_long_as_a_multiple_of_128(name: bytes, do: bool) -> None:
    query = render_query(Question(name, 1, do), 7, padded=True)
    assert len(query) % 128 == 0
    assert len(query) - len(render_query(Question(name, 1, do), 7)) < 4 + 128
    end, shape = peek(query)
    assert (query[12:end], shape.do, shape.edns) == (name, do, True)


def test_padding_is_of_zeros_and_the_only_option() -> None:
    parsed = dnslib.DNSRecord.parse(render_query(Question(NAME, 1), 7, padded=True))
    [option] = parsed.ar[0].rdata
    assert (option.code, bytes(option.data)) == (12, bytes(len(option.data)))


def test_without_edns_there_is_no_padding() -> None:
    bare = render_query(Question(NAME, 1), 7, edns=False)
    assert render_query(Question(NAME, 1), 7, edns=False, padded=True) == bare


def test_a_reply_is_known_by_its_question_alone() -> None:
    question = Question(NAME, 1)
    query = render_query(question, 7, case_bits=ALL_ONES, edns=False)
    assert is_reply_to(reply_to(query), question)
    assert not is_reply_to(query, question)
    assert not is_reply_to(reply_to(query)[:11], question)
    assert not is_reply_to(reply_to(query)[:-1], question)
    assert not is_reply_to(reply_to(query), Question(NAME, 28))
    assert not is_reply_to(reply_to(query), Question(from_text("www.example.net"), 1))


@pytest.mark.parametrize(("rcode", "is_one"), [(0, False), (1, True), (4, True)])
def test_an_error_may_leave_the_question_out(rcode: int, is_one: bool) -> None:
    bare = bytes((0, 7, 0x80, rcode)) + bytes(8)
    assert is_reply_to(bare, Question(NAME, 1)) == is_one
    assert not is_reply_to(bare[:7] + b"\1" + bare[8:], Question(NAME, 1))
