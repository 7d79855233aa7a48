"""A query arrives: sockets, batches, connections. What to answer is the pipeline's business.

sockets   making and binding listening sockets, UDP and TCP on one port
mmsg      recvmmsg and sendmmsg through ctypes: a batch of datagrams per system call
udp       the UDP listener: batched where the platform can, one by one where it can not
door      what all connections share, and how a listener uses it (start here to write one)
places    who may hold a connection, and whose place it is when there are no more
stream    queries over TCP: pipelined, answers in any order, limits
listeners all listen addresses: bound, served, and tried again where they are missing
waiting_room  how many queries wait for upstreams
"""
