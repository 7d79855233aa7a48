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
    "certificate_invalid",
    "client_id_invalid",
    "client_unknown",
    "database_away",
    "device_has_a_name",
    "device_unknown",
    "devices_hidden",
    "entry_unknown",
    "group_unknown",
    "import_invalid",
    "list_has_no_versions",
    "list_name_taken",
    "list_not_chosen",
    "list_of_category",
    "list_unavailable",
    "list_unknown",
    "log_not_shared",
    "log_unavailable",
    "moment_invalid",
    "name_taken",
    "name_unknown",
    "node_away",
    "node_not_away",
    "node_unknown",
    "nothing_listens",
    "nothing_to_change",
    "question_invalid",
    "restart_refused",
    "row_unknown",
    "rule_invalid",
    "rule_unknown",
    "schedule_unknown",
    "scope_invalid",
    "search_invalid",
    "service_unknown",
    "span_invalid",
    "too_many_pauses",
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
    "certificate_invalid": "no certificate with its key that devices could be shown",
    "client_id_invalid": "no id by which a device could be a client",
    "client_unknown": "neither an address nor a client that the settings know",
    "database_away": "the database that nodes share can't be reached now",
    "device_has_a_name": "the device is one that the settings have a client for",
    "device_unknown": "no device of this MAC, address, id or name asked lately",
    "devices_hidden": "query_log.privacy says that nobody is to know who asks",
    "entry_unknown": "no address of a list, and no id of the catalogue",
    "group_unknown": "there is no group of this name",
    "import_invalid": "the file is none of that program, or is damaged",
    "list_has_no_versions": "there is no other version of the list to use or to compare with",
    "list_name_taken": "another list has this name, or this address",
    "list_not_chosen": "the list is not enabled",
    "list_of_category": "the list is fetched for a category, and goes when nobody has that",
    "list_unavailable": "the list could not be fetched or read",
    "list_unknown": "there is no list of this name",
    "log_not_shared": "no database is set in which several share their log",
    "log_unavailable": "the log can't be read or written now",
    "moment_invalid": "the moment is past, or too far away",
    "name_taken": "another one has this name, or the one it has stays",
    "name_unknown": "no name by which devices reach this server",
    "node_away": "the node was not heard of for too long to be told anything",
    "node_not_away": "the node is there, and only one that is away can be forgotten",
    "node_unknown": "no node has this name, or none that has sent its log",
    "nothing_listens": "nothing listens for what is asked",
    "nothing_to_change": "no rule would make a difference for this name",
    "question_invalid": "no name, type or address that can be asked about",
    "restart_refused": "the program would not start anew, or nobody could answer meanwhile",
    "row_unknown": "the log has no such row, or no longer",
    "rule_invalid": "what is given is no rule that sinkhole knows",
    "rule_unknown": "there is no such rule",
    "schedule_unknown": "there is no schedule of this name",
    "scope_invalid": "a pause of this kind needs a name, or has none",
    "search_invalid": "a filter of the search is not understood",
    "service_unknown": "there is no service or group of this id",
    "span_invalid": "statistics can't be about that time",
    "too_many_pauses": "no further pauses are taken",
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


@contextmanager
def with_database() -> Iterator[None]:
    """What keeps the database of several nodes from being reached in here is no fault of who
    asks."""
    try:
        yield
    except StorageError as error:
        raise refusal("unavailable", "database_away", str(error)) from error
