"""The signed, dated token in the link of a password reset."""

from datetime import timedelta

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

RESET_LIFETIME = timedelta(minutes=30)


def write_reset_token(user_id: int, fingerprint: str) -> str:
    return _serializer().dumps([user_id, fingerprint])


def read_reset_token(token: str) -> tuple[int, str] | None:
    """Return the id of the member and a fingerprint, or None for a forged or expired token."""
    try:
        user_id, fingerprint = _serializer().loads(
            token, max_age=int(RESET_LIFETIME.total_seconds())
        )
    except BadData:
        return None
    return user_id, fingerprint


def _serializer() -> URLSafeTimedSerializer:
    config = current_app.config
    return URLSafeTimedSerializer(
        [*config["SECRET_KEY_FALLBACKS"], config["SECRET_KEY"]], salt="reset-password"
    )
