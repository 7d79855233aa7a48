"""Who people and programs are: accounts, sessions, second factors, tokens, and who may try again.

identity    the whole, as doors and operations use it: from a secret to an actor
passwords   scrypt, in a thread, few at once
totp        the second factor (RFC 6238) and recovery codes
lock_out    who failed too often waits; never everybody
first_code  the one-time code by which the first account is made
"""
