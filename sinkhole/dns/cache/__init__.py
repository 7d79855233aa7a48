"""What was answered before, and how it ages: no I/O, no clock (time comes in as `now`).

answer   what an upstream said, with the time it may be kept
ready    a finished reply: bytes for the next client, aged once a second at most
table    every Ready by question, bounded by bytes
persist  the answers of a table as bytes, to keep them over a restart
"""
