"""Password hashing: bcrypt over SHA-256, so that every character counts."""

import unicodedata

from flask import current_app

from flaskblog.extensions import bcrypt
from flaskblog.rules import PASSWORD_LENGTHS

# No stored password is longer, and normalizing more could take minutes. Decomposed, a character
# becomes at most four (UAX #15, table 7).
_LONGEST = 4 * PASSWORD_LENGTHS[1]


def hash_password(password: str) -> str:
    return str(bcrypt.generate_password_hash(_normalized(password)).decode("ascii"))


def check_password(password_hash: str | None, password: str) -> bool:
    """Whether they match. Takes the same time if there is no hash to compare with."""
    if len(password) > _LONGEST:
        password_hash, password = None, ""
    try:
        matches = bcrypt.check_password_hash(password_hash or _dummy_hash(), _normalized(password))
    except ValueError:  # bcrypt cannot read the stored hash
        bcrypt.check_password_hash(_dummy_hash(), _normalized(password))
        return False
    return bool(matches) and password_hash is not None


def _normalized(password: str) -> str:
    # Two keyboards may type one password in different Unicode forms (NIST SP 800-63B, 3.1.1.2).
    return unicodedata.normalize("NFKC", password)


def _dummy_hash() -> str:
    return f"$2b${current_app.config['BCRYPT_LOG_ROUNDS']:02d}${'.' * 53}"
