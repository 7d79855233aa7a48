"""What to do about problems that the parts of a server tell as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal

from sinkhole.model.status import Problem

ADVICE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "listening.taken": "have the port let go, or set dns.listen to an address that is free",
        "listening.missing": "free the address, or choose another one in the settings",
        "dns.certificate": "put another one in the files of dns.certificate and "
        "dns.certificate_key, which are taken up at once, or correct dns.names",
        "web.certificate": "put another one in the files of web.certificate and "
        "web.certificate_key, which are taken up at once",
        "commands.unreachable": "see to the data folder, and start sinkhole again",
        "upstreams.unusable": "write that upstream differently, or remove it",
        "upstreams.forged": "use an encrypted upstream, whose answers nobody can forge",
        "upstreams.crowded": "look there for what keeps asking",
        "upstreams.down": "check the internet connection and the upstreams of the settings",
        "upstreams.unfound": "write resolvers in upstream.bootstrap that can be reached, or the "
        "address behind the server",
        "lists": "correct that, or see to the data folder",
        "cache.not_saved": "make room on the disk, or see to it that it can be written to; without "
        "it, answers are forgotten at a restart",
        "local.hosts_file": "correct the file, or the path in local.hosts_file",
        "bugs.met": "please report what the log of the program says about it",
        "descriptors.few": "raise the limit (LimitNOFILE= of the service, `ulimit -n`)",
        "log.set_aside": "remove that file once nobody misses it, or go back to the version of "
        "sinkhole that can read it",
        "log.little_room": "set a larger query_log.max_size, or a shorter stats.keep",
        "log.not_written": "make room on the disk, or see to it that it can be written to",
        "shipping.failing": "see whether it runs and can be reached, or change that in the section "
        "shipping of the settings",
        "shipping.dropped": "see whether what they are shipped to is slow, or was away",
        "pairing.away": "see whether the other one runs and can be reached; with `sinkhole pair "
        "--take-over` settings are changed here, and `sinkhole pair --end` ends the pair",
        "state.away": "see whether the database runs and can be reached; all catches up then",
        "storage.away": "see whether the database runs and can be reached; all is sent then",
        "nodes.same_name": "set storage.node, to another name on each",
        "filter.patterns_given_up": "look for a list of regular expressions that was made for "
        "that, or remove some",
        "queries.dropped": "see whether upstreams are slow, or somebody asks without end",
        "server.drained": "type `sinkhole drain --off` when it is to be asked again",
        "workers.ended": "see whether there is memory for so many; else please report what the log "
        "says about it",
        "queries.bugs": "please report what the log says about it",
    }
)
"""By the code of the problem."""

_SAID: Final = frozenset(
    {
        *("listening.taken", "listening.missing", "descriptors.few", "log.little_room"),
        *("upstreams.unusable", "upstreams.crowded", "upstreams.down", "upstreams.unfound"),
    }
)
"""Problems whose sentence says it already, for this very case."""


def told(
    code: str, texts: Iterable[str], severity: Literal["notice", "warning", "error"] = "warning"
) -> list[Problem]:
    """Problems of one kind, for the texts that are not empty."""
    is_in_text = code in _SAID
    return [
        Problem(code, severity, text, ADVICE[code], is_in_text=is_in_text) for text in texts if text
    ]


def sentence_of(problem: Problem) -> str:
    """A problem and what to do about it, for people."""
    return problem.text if problem.is_in_text else f"{problem.text}: {problem.advice}"
