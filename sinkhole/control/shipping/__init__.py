"""Copies of the query log for other programs, as it happens.

shipping        all of it together, for app.py: which targets there are, and how they do
feed            reads records, and says them in each form that a target wants
json_lines      a query as JSON; syslog puts that into a message (RFC 5424)
dnstap          a query as dnstap has it, by protobuf; frame_streams is how that is sent
outbox          what waits for one target: bounded, the oldest are dropped and counted
destination     sends what waits, and tries again ever later
carrier         what all ways to send have in common: lines_file, standard_output, datagrams, stream

The feed has a `RecordBuffer` of its own, beside that of the query log: neither waits for the
other, and DNS for none of them. It works on the event loop in short slices; files are written and
names looked up in threads, and sockets never block.
"""

from sinkhole.control.shipping.shipping import Shipping

__all__ = ["Shipping"]
