"""Messages on the next page."""

from typing import Any, cast

from flask import flash


def flash_undo(text: str, endpoint: str, **values: int | str) -> None:
    """Show a text with the button “Undo”, which sends a POST request to the endpoint."""
    message: dict[str, Any] = {"text": text, "endpoint": endpoint, "arguments": values}
    flash(cast("str", message), "undo")
