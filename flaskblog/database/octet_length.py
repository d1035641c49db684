"""The size of a text in the database."""

from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class octet_length(GenericFunction[int]):  # noqa: N801  # the name of the SQL function
    """Bytes in UTF-8."""

    type = Integer()
    inherit_cache = True


@compiles(octet_length, "sqlite")
def _compile_for_sqlite(element: octet_length, compiler: Any, **options: Any) -> str:
    """SQLite has the function since version 3.43."""
    return f"length(CAST({compiler.process(element.clauses, **options)} AS BLOB))"
