"""The table: where each operation is."""

from __future__ import annotations

from typing import Final

from sinkhole.control.operations.catalogue import OPERATIONS
from sinkhole.control.web.locations import Method
from sinkhole.control.web.v1.route import ApiRoute

_TABLE: Final[tuple[tuple[Method, str, str], ...]] = (
    ("GET", "/status", "status.show"),
    ("GET", "/protection", "protection.show"),
    ("POST", "/protection/pause", "protection.pause"),
    ("POST", "/protection/resume", "protection.resume"),
    # What is asked of an upstream, or takes a while to find out, is no GET.
    ("POST", "/query", "query.ask"),
    ("POST", "/explain", "explain.question"),
    ("POST", "/names/preview", "names.preview"),
    ("POST", "/names/choose", "names.choose"),
    ("GET", "/rules", "rules.list"),
    ("POST", "/rules", "rules.add"),
    ("POST", "/rules/remove", "rules.remove"),
    ("POST", "/rules/end", "rules.end"),
    ("POST", "/rules/test", "rules.test"),
    ("GET", "/lists", "lists.list"),
    ("POST", "/lists", "lists.add"),
    ("POST", "/lists/update", "lists.update"),
    ("POST", "/lists/preview", "lists.preview"),
    # A list may have any name, so nothing else is read where lists are.
    ("GET", "/lists/{name}", "lists.show"),
    ("PATCH", "/lists/{name}", "lists.change"),
    ("DELETE", "/lists/{name}", "lists.remove"),
    ("POST", "/lists/{name}/accept", "lists.accept"),
    ("POST", "/lists/{name}/rollback", "lists.rollback"),
    ("GET", "/lists/{name}/diff", "lists.diff"),
    ("GET", "/lists/{name}/versions", "lists.versions"),
    ("GET", "/list-progress", "lists.progress"),
    ("GET", "/list-overlap", "lists.overlap"),
    ("GET", "/list-catalogue", "lists.catalogue"),
    ("GET", "/services", "services.list"),
    ("PATCH", "/services/{id}", "services.change"),
    ("GET", "/safe-search", "safe_search.show"),
    ("PATCH", "/safe-search", "safe_search.change"),
    ("GET", "/upstreams", "upstreams.show"),
    ("POST", "/upstreams/test", "upstreams.test"),
    ("GET", "/cache", "cache.show"),
    ("GET", "/cache/entries", "cache.look_up"),
    ("POST", "/cache/flush", "cache.flush"),
    ("POST", "/cache/flush-name", "cache.flush_name"),
    ("GET", "/statistics", "statistics.show"),
    ("GET", "/own", "own.show"),
    ("POST", "/own/password", "own.set_password"),
    ("GET", "/own/sessions", "own.sessions"),
    ("DELETE", "/own/sessions/{id}", "own.end_session"),
    ("POST", "/own/sign-out-everywhere", "own.sign_out_everywhere"),
    ("POST", "/own/second-factor", "own.second_factor_begin"),
    ("POST", "/own/second-factor/confirm", "own.second_factor_confirm"),
    ("POST", "/own/second-factor/off", "own.second_factor_off"),
    ("POST", "/own/recovery-codes", "own.recovery_codes"),
    ("GET", "/accounts", "accounts.list"),
    ("POST", "/accounts", "accounts.add"),
    ("DELETE", "/accounts/{name}", "accounts.remove"),
    ("POST", "/accounts/{name}/role", "accounts.set_role"),
    ("POST", "/accounts/{name}/password", "accounts.set_password"),
    ("POST", "/accounts/{name}/sign-out", "accounts.sign_out"),
    ("POST", "/accounts/{name}/second-factor-off", "accounts.second_factor_off"),
    ("GET", "/audit", "audit.list"),
    ("GET", "/tokens", "tokens.list"),
    ("POST", "/tokens", "tokens.add"),
    ("DELETE", "/tokens/{token}", "tokens.remove"),
    ("GET", "/backups", "backup.list"),
    ("POST", "/backups", "backup.make"),
    ("GET", "/backups/{name}", "backup.download"),
    ("DELETE", "/backups/{name}", "backup.remove"),
    ("POST", "/backups/{name}/restore", "backup.restore_kept"),
    ("POST", "/restore", "backup.restore"),
    ("POST", "/restore/accept", "backup.accept"),
)

ROUTES: Final[tuple[ApiRoute, ...]] = tuple(
    ApiRoute(method, path, OPERATIONS[name]) for method, path, name in _TABLE
)
"""Every operation at its one address, in the order in which people are shown them."""
