"""The base of the models, the connections of each engine, and the schema of a database."""

# Imported for its event listeners.
from flaskblog.database import sqlite

__all__ = ["sqlite"]
