"""Bytes to meaning and back, for DNS messages: no I/O, no clock.

numbers    the registries: types, rcodes, opcodes, EDNS options, extended errors
extended_errors   why an answer is what it is, in an upstream's words (RFC 8914)
name       domain names between wire form and text
question   what a client asks: `peek` reads one query without a full parse
options    its EDNS options: those that are known here must be well-formed
query      the queries we send to upstreams
reply      what an upstream said: `read_reply` walks a whole response into records
write      replies to bytes: the tail of a reply, OPT, error and truncated replies
padding    sizes of replies that tell less
svcb       where HTTPS and SVCB records lead
text/      records and replies as text, for people and settings
"""
