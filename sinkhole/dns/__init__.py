"""The DNS plane: answers queries, and never waits for a disk, a lock or the page.

server    queries arrive and replies leave: UDP in batches, TCP
pipeline  THE PAGE: the stages of a query in their order, and asking upstream
upstream  asking someone else
policy    what applies, as one immutable snapshot
clients   who is asking, whether they may, and what rules can ask about them
filter    is this name refused
cache     finished replies, and how they age
wire      bytes and their meaning

In goes a Policy, out come batches of records; nothing here knows the control plane.
"""
