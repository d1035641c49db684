"""The settings, read from the environment and `.env`; no other module reads `os.environ`."""

import os
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from email.utils import formataddr, parseaddr
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values
from environs import Env, EnvError, ValidationError, validate
from redis.connection import parse_url as redis_options
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

VERSION = "0.1.0"  # as in pyproject.toml
ROOT = Path(__file__).resolve().parent
INSTANCE = ROOT / "instance"
ALL_INTERFACES = {str(IPv4Address(0)), str(IPv6Address(0))}
DESCRIPTION = "A community blog that everyone can read and that its members write."
MAX_DESCRIPTION_LENGTH = 200
MIN_SECRET_KEY_LENGTH = 32
# Timeouts in seconds; after them a process counts requests in memory.
REDIS_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 1}
MIN_METRICS_TOKEN_LENGTH = 16
PORTS = range(1, 65536)
MIN_THREADS = 2  # one for requests that write, one for those that only read
# Of all settings, in the order of .env.example.
NAMES = (
    "FLASKBLOG_ENV", "SITE_NAME", "SITE_DESCRIPTION", "SITE_URL", "SECRET_KEY",
    "SECRET_KEY_FALLBACKS", "SECURITY_CONTACT", "POSTS_PER_PAGE", "REGISTRATION_OPEN",
    "DATABASE_URL", "REDIS_URL", "MEDIA_FOLDER", "MEDIA_URL", "BACKUP_FOLDER", "HOST", "PORT",
    "WORKERS", "THREADS", "TRUSTED_PROXIES", "LOG_LEVEL", "LOG_FORMAT", "METRICS_TOKEN",
    "MAIL_SERVER", "MAIL_PORT", "MAIL_USE_TLS", "MAIL_USE_SSL", "MAIL_USERNAME", "MAIL_PASSWORD",
    "MAIL_DEFAULT_SENDER", "ALERTS", "RATELIMIT_ENABLED", "CORS_ORIGINS",
)  # fmt: skip
# Never printed.
SECRETS = {"SECRET_KEY", "SECRET_KEY_FALLBACKS", "METRICS_TOKEN", "MAIL_PASSWORD"}
URLS_WITH_PASSWORDS = {"DATABASE_URL", "REDIS_URL"}
PREVIOUS_KEY_LIFETIME = timedelta(days=30)
# Of difflib: DATABSE_URL is close to DATABASE_URL (0.96), LOG_FILE is not to LOG_LEVEL (0.71).
# Shorter names, such as HOSTS, are close to names of other programs.
MIN_SIMILARITY = 0.85
MIN_SIMILAR_LENGTH = 7
PERCENT_ENCODING = "In a password write @ as %40, : as %3A, / as %2F, ? as %3F and # as %23."
# A host name of RFC 1123, and underscores, which names of containers may have.
_LABEL = r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.IGNORECASE)
_SITE_URL = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+])(:[0-9]{1,5})?/?", re.IGNORECASE)
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]+[a-z0-9](/[\w./-]*)?", re.ASCII)


@dataclass(frozen=True)
class EffectiveSetting:
    """What `flask --app run config check` prints; `value` contains no secret."""

    name: str
    value: str
    source: str


class Config:
    """Settings of all environments. Sizes are in bytes, times in seconds or `timedelta`."""

    DEBUG = False
    TESTING = False
    SESSION_COOKIE_HTTPONLY = True
    SESSION_COOKIE_SAMESITE = "Lax"
    SESSION_REFRESH_EACH_REQUEST = False
    PERMANENT_SESSION_LIFETIME = timedelta(days=30)
    SEND_FILE_MAX_AGE_DEFAULT = timedelta(hours=1)
    WTF_CSRF_TIME_LIMIT = None
    # web/request_checks.py compares the Origin, which browsers send even without a Referer.
    WTF_CSRF_SSL_STRICT = False
    BCRYPT_LOG_ROUNDS = 12
    BCRYPT_HANDLE_LONG_PASSWORDS = True
    # 100,000 characters of four bytes each, percent-encoded, are 1.2 MB.
    MAX_CONTENT_LENGTH = 2 * 1024 * 1024
    MAX_FORM_MEMORY_SIZE = 2 * 1024 * 1024
    MAIL_DEBUG = False
    MAIL_SUPPRESS_SEND = False
    MAIL_FOLDER = INSTANCE / "mail"
    SHOW_MAIL_LINKS = False
    CONFIG_WARNINGS: Sequence[str] = ()

    def __init__(self, env: Env) -> None:
        self._read_server(env)
        self._read_site(env)
        self._read_storage(env)
        self._read_rate_limits(env)
        self._read_mail(env)
        self.SETTINGS = _effective_settings(env)

    def _read_server(self, env: Env) -> None:
        self.HOST = env.str("HOST", "127.0.0.1", validate=_check_host)
        self.PORT = env.int("PORT", 5000, validate=validate.Range(1, 65535))
        self.WORKERS = env.int("WORKERS", 2, validate=validate.Range(1, 256))
        self.THREADS = max(MIN_THREADS, env.int("THREADS", 2, validate=validate.Range(1, 256)))
        self.TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0, validate=validate.Range(0, 10))
        self.LOG_LEVEL = env.str(
            "LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])
        )
        self.LOG_FORMAT = env.str(
            "LOG_FORMAT", "console", validate=validate.OneOf(["console", "json"])
        )
        self.METRICS_TOKEN = env.str("METRICS_TOKEN", "", validate=_check_metrics_token)
        # Set by the supervisor for its child processes.
        self.METRICS_FOLDER = env.str("PROMETHEUS_MULTIPROC_DIR", "")

    def _read_site(self, env: Env) -> None:
        self.SITE_NAME = env.str("SITE_NAME", "Flaskblog", validate=validate.Length(1, 40))
        self.SITE_DESCRIPTION = env.str(
            "SITE_DESCRIPTION", DESCRIPTION, validate=_check_description
        )
        self.SITE_URL = self._site_url(env)
        self.REGISTRATION_OPEN = env.bool("REGISTRATION_OPEN", True)
        self.SECURITY_CONTACT = env.str("SECURITY_CONTACT", "", validate=_check_contact)
        self.POSTS_PER_PAGE = env.int("POSTS_PER_PAGE", 5, validate=validate.Range(1, 100))
        self.CORS_ORIGINS: list[str] = env.list("CORS_ORIGINS", ["*"], validate=_check_origins)
        site = urlsplit(self.SITE_URL)
        self.SITE_HOSTS = frozenset({site.hostname, "localhost", "127.0.0.1", "::1"})
        self.SESSION_COOKIE_SECURE = site.scheme == "https"
        self.SESSION_COOKIE_NAME = "__Host-session" if self.SESSION_COOKIE_SECURE else "session"
        self.SECRET_KEY = self._secret_key(env)
        self.SECRET_KEY_FALLBACKS = self._fallback_keys(env)

    def _read_storage(self, env: Env) -> None:
        self.MEDIA_URL = env.str("MEDIA_URL", "", validate=_check_media_url)
        self.MEDIA_FOLDER = Path(env.str("MEDIA_FOLDER", str(INSTANCE / "media"))).resolve()
        folder = env.str("BACKUP_FOLDER", "")
        self.BACKUP_FOLDER = Path(folder).resolve() if folder else None
        default = f"sqlite:///{INSTANCE / 'flaskblog.db'}"
        self.SQLALCHEMY_DATABASE_URI = database_url(
            env.str("DATABASE_URL", default, validate=check_database_url)
        )
        self.SQLALCHEMY_ENGINE_OPTIONS = engine_options(self.SQLALCHEMY_DATABASE_URI, self.THREADS)

    def _read_rate_limits(self, env: Env) -> None:
        self.REDIS_URL = env.str("REDIS_URL", "", validate=_check_redis_url)
        self.RATELIMIT_ENABLED = env.bool("RATELIMIT_ENABLED", True)
        self.RATELIMIT_STORAGE_URI = self.REDIS_URL or "database://"
        self.RATELIMIT_STRATEGY = "fixed-window"
        self.RATELIMIT_IN_MEMORY_FALLBACK_ENABLED = bool(self.REDIS_URL)
        self.RATELIMIT_STORAGE_OPTIONS = REDIS_OPTIONS if self.REDIS_URL else {}

    def _read_mail(self, env: Env) -> None:
        def check_exclusive(use_ssl: bool) -> None:
            if use_ssl and self.MAIL_USE_TLS:
                raise ValidationError("Set either this or MAIL_USE_TLS, not both.")

        host = urlsplit(self.SITE_URL).hostname or ""
        sender = formataddr((self.SITE_NAME, f"noreply@{_mail_domain(host)}"))
        self.MAIL_SERVER = env.str("MAIL_SERVER", "", validate=_check_mail_server)
        self.MAIL_USE_TLS = env.bool("MAIL_USE_TLS", False)
        self.MAIL_USE_SSL = env.bool("MAIL_USE_SSL", False, validate=check_exclusive)
        port = 465 if self.MAIL_USE_SSL else 587 if self.MAIL_USE_TLS else 25
        self.MAIL_PORT = env.int("MAIL_PORT", port, validate=validate.Range(1, 65535))
        self.MAIL_USERNAME = env.str("MAIL_USERNAME", "")
        self.MAIL_PASSWORD = env.str("MAIL_PASSWORD") if self.MAIL_USERNAME else ""
        self.ALERTS = env.bool("ALERTS", bool(self.MAIL_SERVER))
        self.MAIL_DEFAULT_SENDER = env.str("MAIL_DEFAULT_SENDER", sender, validate=_check_sender)

    def _site_url(self, env: Env) -> str:
        host = "127.0.0.1" if self.HOST in ALL_INTERFACES else self.HOST
        default = f"http://[{host}]:{self.PORT}" if ":" in host else f"http://{host}:{self.PORT}"
        return env.str("SITE_URL", default, validate=_check_site_url).rstrip("/").lower()

    def _secret_key(self, env: Env) -> str:
        return env.str("SECRET_KEY", None) or _generated_secret_key()

    def _fallback_keys(self, env: Env) -> list[str]:
        return env.list("SECRET_KEY_FALLBACKS", [], validate=_check_keys)


class DevelopmentConfig(Config):
    """Needs no settings; generates a secret key in `instance/`."""

    SHOW_MAIL_LINKS = True

    def _fallback_keys(self, env: Env) -> list[str]:
        given = super()._fallback_keys(env)
        return given if env.str("SECRET_KEY", "") else [*given, *_previous_keys()]


class ProductionConfig(Config):
    """Requires a long `SECRET_KEY` and a `SITE_URL`."""

    def _site_url(self, env: Env) -> str:
        return env.str("SITE_URL", validate=_check_site_url).rstrip("/").lower()

    def _secret_key(self, env: Env) -> str:
        return env.str("SECRET_KEY", validate=validate.Length(min=MIN_SECRET_KEY_LENGTH))

    def _fallback_keys(self, env: Env) -> list[str]:
        return env.list("SECRET_KEY_FALLBACKS", [], validate=_check_long_keys)


class TestConfig(Config):
    """Cheap password hashes and a known key."""

    TESTING = True
    BCRYPT_LOG_ROUNDS = 4

    def _secret_key(self, env: Env) -> str:
        return env.str("SECRET_KEY", "a key that is known to the tests alone")


ENVIRONMENTS: dict[str, type[Config]] = {
    "development": DevelopmentConfig,
    "production": ProductionConfig,
    "test": TestConfig,
}


def load_config() -> Config:
    """Return the settings of the environment `FLASKBLOG_ENV`.

    Raises `SystemExit`, with a line that names the variable, on a wrong or missing value.
    """
    env = Env()
    env.read_env(ROOT / ".env", recurse=False)
    try:
        name = env.str("FLASKBLOG_ENV", "development", validate=validate.OneOf(list(ENVIRONMENTS)))
        config = ENVIRONMENTS[name](env)
    except EnvError as error:
        reasons = " ".join([f"{error} (see .env.example).", *misspelt_names()])
        raise SystemExit(f"Flaskblog cannot start. {reasons}") from None
    config.CONFIG_WARNINGS = misspelt_names()
    return config


def misspelt_names() -> list[str]:
    """Return a sentence for each variable that is nearly named like a setting that is not set."""
    given = set(os.environ) | set(_env_file())
    missing = {_squeezed(name): name for name in NAMES if name not in given}
    sentences = []
    for name in sorted(given - set(NAMES)):
        similar = get_close_matches(name.upper(), missing.values(), 1, MIN_SIMILARITY)
        close = missing.get(_squeezed(name)) or next(iter(similar), None)
        if close and len(name) >= MIN_SIMILAR_LENGTH:
            sentences.append(f"{name} is not a setting: did you mean {close}?")
    return sentences


def _squeezed(name: str) -> str:
    return name.upper().replace("_", "").replace("-", "")


def _env_file() -> dict[str, str | None]:
    return dotenv_values(ROOT / ".env")


def database_url(url: str) -> str:
    """Return the URL with SQLAlchemy's name of the driver, psycopg 3."""
    scheme, separator, rest = url.partition("://")
    is_plain = scheme in {"postgres", "postgresql"} and separator
    return f"postgresql+psycopg://{rest}" if is_plain else url


def engine_options(url: str, threads: int = 1) -> dict[str, Any]:
    """Return arguments of `create_engine`; each thread may need two connections at a time."""
    shared = {
        "hide_parameters": True,  # user input does not belong in the log
        "pool_size": threads,
        "max_overflow": threads,
        "pool_timeout": 10,
    }
    if url.startswith("sqlite"):
        # sqlite3 begins writes with BEGIN IMMEDIATE: a transaction that reads before it writes
        # would fail with "database is locked" when another one has written in between.
        return shared | {"connect_args": {"isolation_level": "IMMEDIATE", "timeout": 10}}
    return shared | {
        "pool_pre_ping": True,
        "connect_args": {"options": "-c statement_timeout=30s", "connect_timeout": 5},
    }


def _effective_settings(env: Env) -> list[EffectiveSetting]:
    values = env.dump()
    return [
        EffectiveSetting(name, _printable(name, values.get(name)), _source(name)) for name in NAMES
    ]


def _source(name: str) -> str:
    in_file = _env_file().get(name)
    if in_file is not None and os.environ.get(name, in_file) == in_file:
        return ".env"  # Flask copies that file into the environment
    if name in os.environ:
        return "environment"
    return "instance/secret_key" if name == "SECRET_KEY" else "default"


def _printable(name: str, value: Any) -> str:
    if name in SECRETS:
        return "(secret)" if value or name == "SECRET_KEY" else ""
    if name in URLS_WITH_PASSWORDS and value:
        url = make_url(value)
        return url.set(query={}).render_as_string() + ("?…" if url.query else "")
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, list) else str("" if value is None else value)


def generated_key() -> str | None:
    """Return the key in `instance/`, which need not be in use, or None."""
    path = INSTANCE / "secret_key"
    return path.read_text() if path.exists() else None


def rotate_generated_key() -> None:
    """Replace the key in `instance/`, and keep the old one as a previous key."""
    until = datetime.now(UTC) + PREVIOUS_KEY_LIFETIME
    kept = [f"{time.isoformat()} {key}" for time, key in _dated_previous_keys()]
    _replace_file(_previous_keys_file(), [f"{until.isoformat()} {generated_key()}", *kept])
    _replace_file(INSTANCE / "secret_key", [secrets.token_urlsafe(48)])


def _previous_keys() -> list[str]:
    return [key for _time, key in _dated_previous_keys()]


def _dated_previous_keys() -> list[tuple[datetime, str]]:
    """Return the previous keys that are still accepted, and until when."""
    path = _previous_keys_file()
    lines = path.read_text().splitlines() if path.exists() else []
    keys = [(datetime.fromisoformat(line.split()[0]), line.split()[1]) for line in lines]
    return [(until, key) for until, key in keys if until > datetime.now(UTC)]


def _previous_keys_file() -> Path:
    return INSTANCE / "secret_key.previous"


def _replace_file(path: Path, lines: list[str]) -> None:
    """Atomically, and readable by its owner only."""
    with NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write("\n".join(lines))
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)


def _generated_secret_key() -> str:
    path = INSTANCE / "secret_key"
    if not path.exists():
        INSTANCE.mkdir(exist_ok=True)
        # Linked when complete, so that no other process reads a partial key.
        with NamedTemporaryFile("w", dir=INSTANCE) as file, suppress(FileExistsError):
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.link(file.name, path)
    return path.read_text()


def _check_host(host: str) -> None:
    try:
        ip_address(host)
    except ValueError:
        raise ValidationError(
            "Must be an IP address of this machine, or 0.0.0.0 for all."
        ) from None


def _check_metrics_token(token: str) -> None:
    if token and not (len(token) >= MIN_METRICS_TOKEN_LENGTH and token.isascii()):
        raise ValidationError(f"Must have {MIN_METRICS_TOKEN_LENGTH} ASCII characters or more.")


def _check_keys(keys: list[str], shortest: int = 1) -> None:
    if any(len(key.strip()) < shortest for key in keys):
        raise ValidationError(f"Must be keys of {shortest} or more characters between commas.")


def _check_long_keys(keys: list[str]) -> None:
    _check_keys(keys, MIN_SECRET_KEY_LENGTH)


def _is_host(name: str) -> bool:
    """Whether this is a host name or an IP address."""
    try:
        ip_address(name)
    except ValueError:
        return bool(_HOST.fullmatch(name))
    return True


def _is_site_url(url: str) -> bool:
    if not _SITE_URL.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        return _is_host(parts.hostname or "") and parts.port != 0
    except ValueError:  # of the port or of an IPv6 address
        return False


def _check_site_url(url: str) -> None:
    if not _is_site_url(url):
        raise ValidationError("Must be like https://blog.example.org, without a path.")


def _check_description(text: str) -> None:
    if not (text.strip() and text.isprintable() and len(text) <= MAX_DESCRIPTION_LENGTH):
        raise ValidationError(f"Must be one line of 1 to {MAX_DESCRIPTION_LENGTH} characters.")


def _check_origins(origins: list[str]) -> None:
    if not all(origin == "*" or _is_site_url(origin) for origin in origins):
        raise ValidationError("Must be * or like https://app.example.org, separated by commas.")


def _check_contact(contact: str) -> None:
    if contact and not re.fullmatch(r"(mailto:\S+@|https://)[!-~]+", contact):
        raise ValidationError("Must begin with mailto: or https://, as RFC 9116 asks.")


def _mail_domain(host: str) -> str:
    """Return the host, or `localhost` for an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return host
    return "localhost"


def _check_sender(sender: str) -> None:
    name, at, domain = parseaddr(sender)[1].rpartition("@")
    if not (name and at and domain) or not sender.isprintable() or not name.isascii():
        raise ValidationError("Must be like: My blog <noreply@blog.example.org>")


def _check_media_url(url: str) -> None:
    if url and not _BUCKET.fullmatch(url):
        raise ValidationError("Must be like s3://bucket/folder.")


def _check_mail_server(host: str) -> None:
    if host and not _is_host(host):
        raise ValidationError("Must be a host name, like mail.example.org; the port is MAIL_PORT.")


def _check_redis_url(url: str) -> None:
    try:
        is_valid = not url or (
            urlsplit(url).scheme in {"redis", "rediss"}
            and _is_host(redis_options(url).get("host", "localhost"))
            and re.fullmatch("/?[0-9]*", urlsplit(url).path)
        )
    except ValueError:
        is_valid = False
    if not is_valid:
        raise ValidationError(
            f"Must be like redis://:password@127.0.0.1:6379/0. {PERCENT_ENCODING}"
        )


def check_database_url(url: str) -> None:
    try:
        parts = make_url(database_url(url))
    except (ArgumentError, ValueError):
        is_valid = False
    else:
        is_valid = _is_sqlite(parts) or _is_postgresql(parts)
    if not is_valid:
        raise ValidationError(
            "Must begin with sqlite:/// or be like postgresql://user:password@host/name. "
            + PERCENT_ENCODING
        )


def _is_sqlite(url: URL) -> bool:
    return url.drivername == "sqlite" and not url.host


def _is_postgresql(url: URL) -> bool:
    """Without an @ from the password, of which psycopg would print a part."""
    return (
        url.drivername == "postgresql+psycopg"
        and (not url.host or _is_host(url.host))
        and (url.port is None or url.port in PORTS)
        and "@" not in (url.database or "")
    )
