"""How the parts of a running server do, as /api/status shows them; counts only ever grow.

The whole of it is `ServerStatus` of `control/web`; what is said of lists is `control/lists`'.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypedDict


class Health(NamedTuple):
    """How the whole server does, and why it does no better, one sentence each.

    "ok" has no reasons. "degraded" answers, but somebody should look; "failing" answers nobody.
    `outline` is the same for anybody who asks: without names, addresses, paths.
    """

    state: Literal["ok", "degraded", "failing"]
    reasons: tuple[str, ...] = ()
    outline: tuple[str, ...] = ()


class UpstreamStatus(TypedDict):
    """What people are shown of an upstream.

    Round-trip times are None until its first answer: smoothed, and within which half and nineteen
    twentieths of the latest 256 lie. `down_s` is for how long it has been down, `connected_s` for
    how long its connection has stood; None where it is up, or has none. `address` is where it was
    last found, `last_failure` what it did then, "" if it never failed.
    """

    name: str
    kind: str
    address: str
    up: bool
    down_s: float | None
    rtt_ms: float | None
    rtt_p50_ms: float | None
    rtt_p95_ms: float | None
    connected_s: float | None
    queries: int
    failures: int
    last_failure: str


class CertificateFacts(TypedDict):
    """A certificate as people are shown it; `expires` is in seconds since 1970."""

    names: list[str]
    issuer: str
    expires: float


class CertificateStatus(CertificateFacts):
    """The certificate that encrypted listeners show; `days_left` may be below 0."""

    days_left: int


class CertificateDetails(CertificateStatus):
    """All of it that people ask for: whom it was made out to, since when it is valid, and the
    SHA-256 of its public key in base64, which others can pin."""

    subject: str
    begins: float
    pin: str


class EncryptedStatus(NamedTuple):
    """How devices reach this server by encrypted DNS: by which names, which certificate they are
    shown, and what is listened to, as what is spoken there and the address.

    `authority` is the certificate (DER) of an authority that devices do not know and have to be
    told to trust, b"" where there is none.
    """

    names: tuple[str, ...] = ()
    certificate: CertificateDetails | None = None
    authority: bytes = b""
    listening: tuple[tuple[str, str], ...] = ()


class UpstreamTrial(TypedDict):
    """What became of trying one upstream; what was not reached is None or "".

    `error` finishes a sentence that begins with the server. `signs` is whether it passes DNSSEC
    signatures on, `validates` whether it says that it has checked them (AD).
    """

    url: str
    address: str
    connect_ms: float | None
    handshake_ms: float | None
    tls: str
    certificate: CertificateFacts | None
    rtt_ms: float | None
    signs: bool | None
    validates: bool | None
    error: str


class CacheStatus(TypedDict):
    """How full the cache of answers is."""

    entries: int
    size_bytes: int
    limit_bytes: int


class PrefetchStatus(TypedDict):
    """Answers asked for again before they expired: questions, those nobody answered, and answers
    given when the ones before them would have expired. `pauses` is while upstreams fail."""

    enabled: bool
    asked: int
    failed: int
    saved: int
    underway: int
    pauses: bool


class LogStatus(TypedDict):
    """The query log; counts are of queries. `error` is what keeps it from writing now."""

    enabled: bool
    waiting: int
    dropped: int
    rows: int
    size_bytes: int
    error: str | None


class ShippingStatus(TypedDict):
    """Copies of the log for one target: `to` is what it is ("file", "syslog" ...), `target` where.

    `waiting`, `sent` and `dropped` count queries; the last two are of all targets of its kind since
    the start. `error` is what keeps it from being sent now.
    """

    to: str
    target: str
    waiting: int
    sent: int
    dropped: int
    error: str | None


class FilterStatus(TypedDict):
    """Whether the filter is on, and of a pause who began it, when (seconds since 1970), and how
    long it goes on: None until somebody resumes it. `pauses` is how many there were since the
    start; `text` says all of it to people."""

    enabled: bool
    paused_by: str
    paused_at: float | None
    left_s: float | None
    pauses: int
    text: str


class TaskStatus(TypedDict):
    """A task that runs as long as the server: how often an error ended it, so that it was begun
    anew, and the last of these, "" where there was none."""

    name: str
    restarts: int
    last_error: str


class Problem(NamedTuple):
    """Something a person should know: one word for programs, a sentence, and what to do about it.

    `code` is such as "upstreams.down" and never changes. `is_in_text` tells that the sentence has
    the advice in it, for this very case: whoever shows both leaves it out.
    """

    code: str
    severity: Literal["notice", "warning", "error"]
    text: str
    advice: str
    is_in_text: bool = False
