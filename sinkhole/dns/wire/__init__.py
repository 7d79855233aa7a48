"""Bytes to meaning and back, for DNS messages: no I/O, no clock.

numbers    the registries: types, rcodes, opcodes, EDNS options, extended errors
name       domain names between wire form and text
question   what a client asks: `peek` reads one query without a full parse
options    its EDNS options: those that are known here must be well-formed
reply      what an upstream said: `read_reply` walks a whole response into records
write      records to bytes: the tail of a reply, queries to upstreams, error replies
words      the words of a record's data as text: quoted strings and escapes
svcparams  the parameters of HTTPS and SVCB records, as text and on the wire
rdata      the data of a record, as text and on the wire: what rewrites and local names answer
svcb       where HTTPS and SVCB records lead
message    the slow, complete codec (dnslib): presentation of rdata, and records from text
"""
