"""How passwords are hashed and compared: bcrypt over SHA-256, so that every character counts."""

import unicodedata

from flask import current_app

from flaskblog.extensions import bcrypt
from flaskblog.rules import PASSWORD_LENGTHS

# Nobody has a longer one, and normalising it could take minutes. Decomposed, a character
# becomes at most four (UAX #15, table 7).
_LONGEST = 4 * PASSWORD_LENGTHS[1]


def hash_password(password: str) -> str:
    return str(bcrypt.generate_password_hash(_normalised(password)).decode("ascii"))


def check_password(password_hash: str | None, password: str) -> bool:
    """Whether they fit. Takes as long where there is no hash to compare with."""
    if len(password) > _LONGEST:
        password_hash, password = None, ""
    try:
        fits = bcrypt.check_password_hash(password_hash or _nobodys_hash(), _normalised(password))
    except ValueError:  # bcrypt cannot read the stored hash
        bcrypt.check_password_hash(_nobodys_hash(), _normalised(password))
        return False
    return bool(fits) and password_hash is not None


def _normalised(password: str) -> str:
    # One password typed on two keyboards may differ in Unicode form (NIST SP 800-63B, 3.1.1.2).
    return unicodedata.normalize("NFKC", password)


def _nobodys_hash() -> str:
    return f"$2b${current_app.config['BCRYPT_LOG_ROUNDS']:02d}${'.' * 53}"
