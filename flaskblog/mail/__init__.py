"""E-mail: messages, and the outbox from which the worker sends them."""
