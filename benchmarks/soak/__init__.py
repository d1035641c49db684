"""A soak test: minutes of mixed and hostile load on a running site, which must leave no trace.

Rate limits are on. Every visitor has a network address of its own (127.0.0.0/8), so a member who
reaches a limit is followed by a new one from the next address, at full load, while whoever guesses
passwords from one address is refused.
"""
