"""What AdGuard Home 0.107.79 answered, as its forms: the types are what counts, not the values.

Measured on the running original; where a value may be null there, it is None here.
"""

from __future__ import annotations

from typing import Any, Final

ANY_LIST: Final[list[Any]] = []
"""A list of whatever, or null."""

_ENGINES: Final = dict.fromkeys(
    ("bing", "duckduckgo", "ecosia", "google", "pixabay", "yandex", "youtube"), True
)
CLIENT: Final[dict[str, Any]] = {
    "safe_search": {"enabled": False, **_ENGINES},
    "blocked_services_schedule": {"time_zone": "Local"},
    "name": "tv",
    "blocked_services": ANY_LIST,
    "ids": ["192.0.2.7"],
    "tags": ANY_LIST,
    "upstreams": ANY_LIST,
    "filtering_enabled": False,
    "parental_enabled": False,
    "safebrowsing_enabled": False,
    "safesearch_enabled": False,
    "use_global_blocked_services": False,
    "use_global_settings": False,
    "ignore_querylog": False,
    "ignore_statistics": False,
    "upstreams_cache_size": 0,
    "upstreams_cache_enabled": False,
}
FORMS: Final[dict[str, Any]] = {
    "status": {
        "version": "v0.107.79", "language": "", "dns_addresses": ["127.0.0.1:5391"],
        "dns_port": 5391, "http_port": 3901, "protection_disabled_duration": 0,
        "start_time": 1796012685979.346, "protection_enabled": True, "dhcp_available": True,
        "running": True,
    },
    "version.json": {"disabled": True},
    "dns_info": {
        "upstream_dns": [""], "upstream_dns_file": "", "bootstrap_dns": ["9.9.9.10"],
        "fallback_dns": [""], "protection_enabled": True, "ratelimit": 20,
        "ratelimit_subnet_len_ipv4": 24, "ratelimit_subnet_len_ipv6": 56, "upstream_timeout": 10,
        "ratelimit_whitelist": [""], "blocking_mode": "default", "edns_cs_enabled": False,
        "edns_cs_use_custom": False, "dnssec_enabled": True, "disable_ipv6": False,
        "upstream_mode": "", "blocked_response_ttl": 10, "cache_size": 4194304,
        "cache_ttl_min": 0, "cache_ttl_max": 0, "cache_enabled": True, "cache_optimistic": False,
        "resolve_clients": True, "use_private_ptr_resolvers": True, "local_ptr_upstreams": [""],
        "blocking_ipv4": "", "blocking_ipv6": "", "protection_disabled_until": None,
        "edns_cs_custom_ip": "", "default_local_ptr_upstreams": ["10.255.255.53:53"],
    },
    "stats": {
        "time_units": "hours", "top_queried_domains": [{"": 1}], "top_clients": [{"": 1}],
        "top_blocked_domains": [{"": 1}], "top_upstreams_responses": [{"": 1}],
        "top_upstreams_avg_time": [{"": 0.5}], "dns_queries": [0], "blocked_filtering": [0],
        "replaced_safebrowsing": [0], "replaced_parental": [0], "num_dns_queries": 0,
        "num_blocked_filtering": 0, "num_replaced_safebrowsing": 0, "num_replaced_safesearch": 0,
        "num_replaced_parental": 0, "avg_processing_time": 0.5,
    },
    "querylog/config": {
        "ignored": [""], "interval": 7776000000, "enabled": True, "ignored_enabled": False,
        "anonymize_client_ip": False,
    },
    "querylog_info": {"interval": 90, "enabled": True, "anonymize_client_ip": False},
    "stats/config": {
        "ignored": [""], "interval": 86400000, "enabled": True, "ignored_enabled": False,
    },
    "stats_info": {"interval": 1},
    "tls/status": {
        "not_before": "0001-01-01T00:00:00Z", "not_after": "0001-01-01T00:00:00Z",
        "dns_names": None, "valid_cert": False, "valid_chain": False, "valid_key": False,
        "valid_pair": False, "enabled": False, "server_name": "", "force_https": False,
        "port_https": 443, "port_dns_over_tls": 853, "port_dns_over_quic": 853,
        "port_dnscrypt": 0, "dnscrypt_config_file": "", "certificate_chain": "",
        "private_key": "", "certificate_path": "", "private_key_path": "",
        "private_key_saved": False, "serve_plain_dns": True,
    },
    "dhcp/status": {
        "interface_name": "",
        "v4": {
            "gateway_ip": "", "subnet_mask": "", "range_start": "", "range_end": "",
            "lease_duration": 0,
        },
        "v6": {"range_start": "", "lease_duration": 86400},
        "leases": ANY_LIST, "static_leases": ANY_LIST, "enabled": False,
    },
    "dhcp/interfaces": {},
    "filtering/status": {
        "filters": [{"url": "", "name": "", "id": 1, "rules_count": 0, "enabled": True,
                     "last_updated": ""}],
        "whitelist_filters": ANY_LIST, "user_rules": ANY_LIST, "interval": 24, "enabled": True,
    },
    "filtering/check_host?name=example.org": {
        "reason": "NotFilteredNotFound", "rule": "", "rules": ANY_LIST, "service_name": "",
        "cname": "", "ip_addrs": None, "filter_id": 0,
    },
    "safebrowsing/status": {"enabled": False},
    "parental/status": {"enabled": False},
    "safesearch/status": {"enabled": False, **_ENGINES},
    "clients": {
        "clients": [CLIENT],
        "auto_clients": [{"whois_info": {}, "ip": "192.0.2.1", "name": "", "source": "ARP"}],
        "supported_tags": ["device_audio"],
    },
    "clients/find?ip0=192.0.2.99": [
        {"192.0.2.99": {**dict.fromkeys(CLIENT), "disallowed": False, "whois_info": {},
                        "name": "", "ids": [""], "upstreams_cache_size": 0}}
    ],
    "access/list": {
        "allowed_clients": ANY_LIST, "disallowed_clients": ANY_LIST,
        "blocked_hosts": ["version.bind"],
    },
    "blocked_services/services": ["4chan"],
    "blocked_services/all": {
        "blocked_services": [
            {"id": "", "name": "", "icon_svg": "", "rules": [""], "group_id": ""}
        ],
        "groups": [{"id": ""}],
    },
    "blocked_services/list": ["youtube"],
    "blocked_services/get": {"schedule": {"time_zone": "Local"}, "ids": ["youtube"]},
    "rewrite/list": [{"domain": "a.example.org", "answer": "192.0.2.6", "enabled": True}],
    "rewrite/settings": {"enabled": True},
    "i18n/current_language": {"language": ""},
    "profile": {"name": "anna", "language": "", "theme": "auto"},
    "querylog": {
        "data": [
            {
                "answer": [{"type": "A", "value": "192.0.2.6", "ttl": 10}],
                "answer_dnssec": False, "cached": False, "client": "127.0.0.1",
                "client_proto": "", "elapsedMs": "0.110084",
                "question": {"class": "IN", "name": "a.example.org", "type": "A"},
                "reason": "Rewrite", "rules": [{"filter_list_id": 0, "text": ""}],
                "status": "NOERROR", "time": "2026-11-30T04:27:29.624449421Z", "upstream": "",
            }
        ],
        "oldest": "2026-11-30T04:27:29.15760654Z",
    },
}  # fmt: skip
"""By GET below /control."""

LEFT_OUT: Final = frozenset(
    {
        *("last_updated", "answer", "original_answer", "rule", "filterId", "service_name"),
        *("client_info", "client_id", "key_type", "disallowed_rule"),
        *("subject", "issuer", "valid_chain", "server_name"),
    }
)
"""What may be there or not."""


def differences(ours: Any, theirs: Any, where: str = "") -> list[str]:
    """Where a form is another one."""
    if theirs is None:
        return []
    if isinstance(theirs, dict):
        return _of_objects(ours, theirs, where)
    if isinstance(theirs, list):
        if ours is None:
            return [] if theirs is ANY_LIST else [f"{where} is null"]
        if not isinstance(ours, list):
            return [f"{where} is no list"]
        kinds = theirs[:1]
        return [told for each in ours for kind in kinds for told in differences(each, kind, where)]
    if isinstance(theirs, bool) or isinstance(ours, bool):
        return [] if type(ours) is type(theirs) else [f"{where} is {ours!r}"]
    if isinstance(theirs, float):
        return [] if isinstance(ours, int | float) else [f"{where} is {ours!r}"]
    return [] if type(ours) is type(theirs) else [f"{where} is {ours!r}"]


def _of_objects(ours: Any, theirs: dict[str, Any], where: str) -> list[str]:
    if not isinstance(ours, dict):
        return [f"{where} is no object"]
    if set(theirs) == {""}:  # one of any one key
        told = [] if len(ours) == 1 else [f"{where} has {len(ours)} keys"]
        return told + [d for each in ours.values() for d in differences(each, theirs[""], where)]
    odd = (set(ours) ^ set(theirs)) - LEFT_OUT
    told = [f"{where}.{key} is {'new' if key in ours else 'missing'}" for key in sorted(odd)]
    for key in ours.keys() & theirs.keys():
        told += differences(ours[key], theirs[key], f"{where}.{key}")
    return told
