"""Two sinkholes of one home that have the same state, without anything between them.

One is the first: it is written to, and the other follows it, takes over its lists, and goes on
alone while it is away. A one-time code pairs them; afterwards each knows the other by its address
and one token, which is for that alone.

pairing     what a sinkhole knows and does about its pair (start here)
paired      with whom it is paired, as it is kept
parties     what the two tell each other of themselves
code        the one-time code
protocol    which versions go together
peer        requests to the other one
peer_hub    the state of the first, as the hub of the second
reading     what the other one has, to read here
peer_lists  lists that the first has fetched
"""
