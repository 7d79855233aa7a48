"""A query arrives: sockets, batches, connections. What to answer is the pipeline's business.

sockets   making and binding listening sockets, UDP and TCP on one port
mmsg      recvmmsg and sendmmsg through ctypes: a batch of datagrams per system call
udp       the UDP listener: batched where the platform can, one by one where it can not
tcp       the TCP listener: pipelined queries, answers in any order, limits
"""
