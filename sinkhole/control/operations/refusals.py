"""What operations refuse with: each code once, and errors of the parts translated.

A code is one word for programs and never changes; `CODES` says what each means, for the document
of the API. Settings have codes of their own, see `settings/in_force`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal, get_args

from sinkhole.model.errors import ListError, RequestError, RequestKind, StorageError

Code = Literal[
    "asks_too_often",
    "backup_invalid",
    "backup_newer",
    "client_unknown",
    "entry_unknown",
    "list_has_no_versions",
    "list_name_taken",
    "list_not_chosen",
    "list_unavailable",
    "list_unknown",
    "log_unavailable",
    "moment_invalid",
    "nothing_to_change",
    "question_invalid",
    "row_unknown",
    "rule_invalid",
    "rule_unknown",
    "search_invalid",
    "service_unknown",
    "too_many_rules",
    "too_many_underway",
    "update_underway",
    "upstream_invalid",
    "upstreams_silent",
]

CODES: Final[dict[Code, str]] = {
    "asks_too_often": "the client asks so often that it is not answered at all",
    "backup_invalid": "the file is no backup, damaged, or lacks what is to be restored",
    "backup_newer": "a newer sinkhole made the backup",
    "client_unknown": "neither an address nor a client that the settings know",
    "entry_unknown": "no address of a list, and no id of the catalogue",
    "list_has_no_versions": "there is no other version of the list to use or to compare with",
    "list_name_taken": "another list has this name, or this address",
    "list_not_chosen": "the list is not enabled",
    "list_unavailable": "the list could not be fetched or read",
    "list_unknown": "there is no list of this name",
    "log_unavailable": "the log can't be read or written now",
    "moment_invalid": "the moment is past, or too far away",
    "nothing_to_change": "no rule would make a difference for this name",
    "question_invalid": "no name, type or address that can be asked about",
    "row_unknown": "the log has no such row, or no longer",
    "rule_invalid": "what is given is no rule that sinkhole knows",
    "rule_unknown": "there is no such rule",
    "search_invalid": "a filter of the search is not understood",
    "service_unknown": "there is no service or group of this id",
    "too_many_rules": "no further rules are taken for a time",
    "too_many_underway": "as much of this is being done as may be at once",
    "update_underway": "the lists are being updated already",
    "upstream_invalid": "what is given is no upstream",
    "upstreams_silent": "no upstream answered",
}
"""What each code means."""

assert set(CODES) == set(get_args(Code))


def refusal(kind: RequestKind, code: Code, text: str, **more: Any) -> RequestError:
    """The error to raise."""
    return RequestError(kind, code, text, more)


@contextmanager
def understood(code: Code) -> Iterator[None]:
    """What is not understood in here, a ValueError, is for who asks to put right."""
    try:
        yield
    except ValueError as error:
        raise refusal("invalid", code, str(error)) from error


@contextmanager
def from_lists(kind: RequestKind, code: Code) -> Iterator[None]:
    """What a list refuses in here becomes such an error."""
    try:
        yield
    except ListError as error:
        raise refusal(kind, code, str(error), list=error.list_name) from error


@contextmanager
def with_log() -> Iterator[None]:
    """What keeps the log from being read in here is no fault of who asks."""
    try:
        yield
    except StorageError as error:
        raise refusal("unavailable", "log_unavailable", str(error)) from error
