"""The words every floor uses: plain types, without I/O (but for the last ones) and without a clock.

errors          the tree of errors
verdict         what became of a query, and who decided it
record          records of answered queries, and the buffer in which they leave the DNS plane
explanation     who decides what about a question, why, and what would change it
statistics      what statistics say of a period
status          how the parts of a running server do
tasks           the one way to start an asyncio task
socket_address  an IP address and a port as the kernel wants them, with the interface
short_turns     queries go before threads that compute
memory          free memory given back to the system
files           written whole or not at all, locked between processes, known by a signature
"""
