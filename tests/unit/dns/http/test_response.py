"""Responses: their headers tell what is in them."""

from sinkhole.dns.http.request import Refusal
from sinkhole.dns.http.response import answer, date, refusal


def test_an_answer_has_its_type_length_and_age() -> None:
    headers = (
        (b"content-type", b"application/dns-message"),
        (b"content-length", b"12"),
        (b"cache-control", b"max-age=0"),
    )
    assert answer(bytes(12)) == (200, headers, bytes(12))
    assert answer(bytes(12), b"h3").headers == (*headers, (b"alt-svc", b"h3"))


def test_a_refusal_is_text_that_nobody_keeps() -> None:
    response = refusal(Refusal(404, "Nothing."))
    assert response.body == b"Nothing.\n"
    assert dict(response.headers) == {
        b"content-type": b"text/plain; charset=utf-8",
        b"content-length": b"9",
        b"cache-control": b"no-store",
    }
    assert dict(refusal(Refusal(405, "No.")).headers)[b"allow"] == b"GET, POST"


def test_dates_are_written_as_http_has_them() -> None:
    assert date(784111777) == (b"date", b"Sun, 06 Nov 1994 08:49:37 GMT")
