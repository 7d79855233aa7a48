"""The words every floor uses: plain types, without I/O and without a clock of their own.

errors   the tree of errors
verdict  what became of a query, and who decided it
record   records of answered queries, and the buffer in which they leave the DNS plane
tasks    the one way to start an asyncio task
"""
