"""A query arrives: sockets, batches, connections. What to answer is the pipeline's business.

sockets   making and binding listening sockets, UDP and TCP on one port
mmsg      recvmmsg and sendmmsg through ctypes: a batch of datagrams per system call
steering  which of several sockets on one port gets a query: by its name, in the kernel
udp       the UDP listener: batched where the platform can, one by one where it can not
door      what all connections share, and how a listener uses it (start here to write one)
places    who may hold a connection, and whose place it is when there are no more
arrival   a connection that was just accepted: whose it is, perhaps by the word of a proxy
proxy_protocol  that word: PROXY version 1 and 2
stream    queries over TCP, or TLS on it: pipelined, answers in any order, limits
tls       TLS on TCP connections, for whatever is spoken over it; tls_terms has the certificate
https     DNS over HTTPS: HTTP/2 or HTTP/1.1 behind TLS, as the client can
doh       its requests answered, whatever version of HTTP brings them
http2     requests on streams, for clients that are not trusted
http1     requests one behind the other
handshakes  places and turns of their own for connections that are not admitted yet
quic      one UDP socket of QUIC; quic_connection is one client there, quic_terms the certificate
doq       queries on streams of QUIC; http3 the same as requests
client_id what a client calls itself, by SNI or in a path
listeners all listen addresses: bound, served, and tried again where they are missing
waiting_room  how many queries wait for upstreams
"""
