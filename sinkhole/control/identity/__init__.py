"""Who people and programs are: accounts, sessions, second factors, tokens, and who may try again.

identity          the whole, as doors and operations use it: from a secret to an actor
accounts          made, changed, removed; there is always an admin
sessions          who is signed in, until when; devices on which somebody has been
tokens            what lets programs in
passwords         scrypt, in a thread, few at once
second_factor     codes of an app, asked for at sign-in; `totp` is RFC 6238
lock_out          who failed too often waits; never everybody
first_code        the one-time code by which the first account is made
from_environment  the first account, where the environment names its password
random_secret     secrets that are made here, and how they are stored
"""
