"""Local records of every type, as they are written and as they go onto the wire."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sinkhole.control.settings import Settings, effective
from sinkhole.control.settings.records import TYPES, LocalRecord
from sinkhole.dns.wire.text.rdata import rdata_from_text

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("written", "rtype", "text"),
    [
        ("192.0.2.10", 1, "192.0.2.10"),
        (" 2001:DB8:0::10 ", 28, "2001:db8::10"),
        ("A 192.0.2.10", 1, "192.0.2.10"),
        ("aaaa 2001:db8::10", 28, "2001:db8::10"),
        ("CNAME NAS.home.", 5, "CNAME NAS.home"),
        ("PTR nas.home", 12, "PTR nas.home"),
        ("mx  10   Mail.home", 15, "MX 10 Mail.home"),
        ('TXT "some text" more', 16, 'TXT "some text" "more"'),
        ("SRV 0 5 8080 nas.home", 33, "SRV 0 5 8080 nas.home"),
        ("HTTPS 1 . alpn=h2", 65, "HTTPS 1 . alpn=h2"),
        ("SVCB 1 dns.home port=8853", 64, "SVCB 1 dns.home port=8853"),
    ],
)
def test_records_are_read_and_written_in_one_way(written: str, rtype: int, text: str) -> None:
    record = LocalRecord.parse(written)
    assert (record.rtype, str(record)) == (rtype, text)
    assert LocalRecord.parse(text) == record
    assert LocalRecord.parse(record) is record


def test_the_data_is_that_of_the_wire() -> None:
    assert LocalRecord.parse("192.0.2.10").rdata == bytes((192, 0, 2, 10))
    assert LocalRecord.parse("CNAME NAS.home").rdata == b"\x03NAS\x04home\x00"
    assert LocalRecord.parse("MX 10 mail.home").rdata == rdata_from_text(15, "10 mail.home")


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("nas.home", '"nas.home" is not an IP address'),
        ("nas.home", 'or a type and data such as "CNAME nas.home"'),
        ("fe80::1%eth0", "names an interface after %"),
        (
            "NS ns.home",
            '"NS ns.home" begins with no known type, write an address, or first one of A',
        ),
        ("CNAME", '"CNAME" is no CNAME record: CNAME takes a name'),
        ("CNAME a b", '"CNAME a b" is no CNAME record: '),
        ("A 2001:db8::1", '"A 2001:db8::1" is no A record: '),
        ("MX mail.home", '"MX mail.home" is no MX record: '),
        ("SRV 0 5 99999 a.home", "'99999' is no number from 0 to 65535"),
        ('TXT "open', "has a quote without its end"),
        ("", "is empty"),
        (5, '5 is not text, write "5"'),
    ],
)
def test_what_is_no_record_is_named_with_the_reason(written: object, reason: str) -> None:
    with pytest.raises(ValueError) as caught:
        LocalRecord.parse(written)
    assert reason in str(caught.value)


def test_every_type_has_a_word() -> None:
    assert sorted(TYPES) == ["A", "AAAA", "CNAME", "HTTPS", "MX", "PTR", "SRV", "SVCB", "TXT"]


def test_a_name_has_records_of_several_types(loaded: Load) -> None:
    text = "local: {records: {mail.home: [192.0.2.5, 'MX 10 mail.home', 'TXT v=spf1']}}"
    (records,) = loaded(text).local.records.values()
    assert [str(record) for record in records] == ["192.0.2.5", "MX 10 mail.home", 'TXT "v=spf1"']
    assert [rtype for rtype, _ in loaded(text).local.wire_records["mail.home"]] == [1, 15, 16]


@pytest.mark.parametrize(
    ("records", "found"),
    [
        (
            "[192.0.2.5, CNAME nas.home]",
            'records.a.home[1]: "CNAME nas.home": a name with a CNAME can have nothing else',
        ),
        ("[CNAME b.home, CNAME nas.home]", "records.a.home[0]: "),
        ("[CNAME A.home]", 'records.a.home[0]: "CNAME A.home" leads to itself'),
        ("[MX mail.home]", 'records.a.home[0]: "MX mail.home" is no MX record: '),
    ],
)
def test_records_that_cannot_be_are_refused(problems: Problems, records: str, found: str) -> None:
    (problem,) = problems(f"local:\n  records:\n    a.home: {records}\n")
    assert problem.startswith("s.yaml:3: local.")
    assert found in problem


def test_records_are_told_as_they_are_read(loaded: Load) -> None:
    text = "local:\n  records: {'*.a.home': [CNAME a.home], a.home: ['::1', 'TXT \"x y\"']}\n"
    settings = loaded(text)
    told = effective(settings)
    assert r'"TXT \"x y\""' in told
    assert loaded(told) == settings
