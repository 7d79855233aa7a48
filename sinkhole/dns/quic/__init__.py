"""QUIC (RFC 9000) as both sides need it: connections without I/O, and the framing of DoQ.

All that knows the library `qh3`, an extra that may be missing, is here, in
`upstream/links/quic_*.py` and `http3.py`, and in the listeners of `server`: who imports one of
these must be ready for ImportError.
"""
