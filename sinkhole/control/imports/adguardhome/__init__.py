"""From AdGuardHome.yaml to a plan, and back.

reader       the whole file (start here)
schema       older files in the form of the newest
resolving    the section `dns`: upstreams, cache, who may ask
filtering    lists, rules, rewrites, and how refused names are answered
services     services, safe search, and the hours at which services may be used
clients      clients with their own settings
listening    where it listens, and the certificate
keeping      query log, statistics, and what else is written down

export       our settings as such a file; `export_clients` those of clients
"""
