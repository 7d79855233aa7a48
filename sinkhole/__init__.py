"""sinkhole: a DNS sinkhole and caching forwarder for the home server.

The ten nouns used everywhere:

Query    one DNS message from a client; `Question` is what it asks (name, type, DO, CD).
Client   who asks: an address, its rate budget and the group it belongs to.
Group    clients that share lists, rules and blocking mode.
Policy   an immutable snapshot of everything that decides; a change publishes a new one.
Rule     one line of a list that refuses or allows names.
List     a source of rules, compiled into one mapped file.
Verdict  what became of a query and who decided it: list, line, rule, CNAME hop.
Ready    a finished reply kept for the next client: bytes, how they age, the verdict.
Record   one line of the query log: a `Report` (name, type, verdict, rcode), a client, a time.
Upstream a resolver that sinkhole forwards to.
"""

__version__ = "0.1.0"
