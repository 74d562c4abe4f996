"""The settings: the only reader of the environment. `docs/settings.md` documents each variable,
and a test holds the two together."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from lookalike.errors import Misconfigured

PREFIX = "LOOKALIKE_"

_Number = TypeVar("_Number", int, float)


def _default_data_dir() -> Path:
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "lookalike"


MOST_WEB_PROCESSES = 4
"""As many as are started unasked: each loads the model and the vectors that it searches."""


def _default_web_processes() -> int:
    return max(2, min(MOST_WEB_PROCESSES, os.cpu_count() or 1))


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = _number(int, text)
        if not low <= number <= high:
            raise ValueError(f"must be from {low} to {high}")
        return number

    return parse


def _number(kind: Callable[[str], _Number], text: str) -> _Number:
    try:
        return kind(text)
    except ValueError:
        whole = "a whole number" if kind is int else "a number"
        raise ValueError(f"must be {whole}") from None


def _seconds(text: str) -> float:
    number = _number(float, text)
    if not 0 < number <= 3600:
        raise ValueError("must be more than 0 and at most 3600 seconds")
    return number


def _hours(text: str) -> float:
    number = _number(float, text)
    if not 0 < number <= 24 * 366:
        raise ValueError("must be more than 0 and at most a year's 8784 hours")
    return number


def _redis_url(text: str) -> str:
    if urlsplit(text).scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("must start with redis://, rediss:// or unix://")
    if _port(text) is None:
        raise ValueError("must be redis://HOST:PORT/NUMBER; a password's /, ? and @ as %2F, …")
    return text


def _port(url: str) -> int | None:
    """A URL's port, 0 where it names none, None where it cannot be one. The standard library's own
    error is not repeated: it quotes what may be a part of a password."""
    try:
        return urlsplit(url).port or 0
    except ValueError:
        return None


def shown(url: str) -> str:
    """What may be told of a setting that may be a URL with a password in it."""
    return re.sub(r"\?.*", "?…", re.sub(r".*@", "…@", url))


def _triton_urls(text: str) -> tuple[str, ...]:
    urls = _commas(text)
    for url in urls:
        parts = urlsplit(url)
        rest = url.removeprefix(f"{parts.scheme}://{parts.netloc}")
        if parts.scheme not in {"grpc", "grpcs"} or not parts.hostname or not _port(url) or rest:
            raise ValueError("must be grpc://HOST:PORT or grpcs://HOST:PORT, or several by commas")
    return urls


ENGINES = ("elasticsearch", "opensearch")


def index_url(text: str) -> str:
    """An `index_url` that is well formed. Raises `ValueError`, saying what it must be."""
    scheme, _, rest = text.partition("://")
    engine, _, transport = scheme.partition("+")
    if scheme == "sqlite" and rest.startswith("/") and rest != "/":
        return text
    parts = urlsplit(text)
    if engine in ENGINES and transport in {"http", "https"} and parts.hostname:
        if "@" in text:
            raise ValueError("must not hold a password; LOOKALIKE_INDEX_PASSWORD is for that")
        if _port(text):
            return text
    raise ValueError(
        "must be sqlite:///RELATIVE/PATH, sqlite:////ABSOLUTE/PATH, "
        "elasticsearch+https://HOST:PORT or opensearch+https://HOST:PORT (or +http)"
    )


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,60}", text):
        raise ValueError("must be small letters, digits, - and _, and begin with a letter")
    return text


def _index_vectors(text: str) -> str:
    if text not in {"int8_hnsw", "bbq_hnsw"}:
        raise ValueError("must be int8_hnsw or bbq_hnsw")
    return text


def _commas(text: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in text.split(",") if entry.strip())


def _level(text: str) -> str:
    if text.lower() not in {"debug", "info", "warning", "error"}:
        raise ValueError("must be debug, info, warning or error")
    return text.lower()


def _log_format(text: str) -> str:
    if text not in {"logfmt", "json"}:
        raise ValueError("must be logfmt or json")
    return text


def _setting(parse: Callable[[str], Any], default: Any = None) -> Any:
    return field(default=default, metadata={"parse": parse})


def _secret() -> Any:
    return field(default=None, repr=False, metadata={"parse": str, "secret": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that an operator can set. A field `data_dir` is read from `LOOKALIKE_DATA_DIR`."""

    data_dir: Path = field(default_factory=_default_data_dir, metadata={"parse": Path})
    redis_url: str | None = _setting(_redis_url)
    index_url: str | None = _setting(index_url)
    index_prefix: str = _setting(_prefix, "lookalike")
    index_api_key: str | None = _secret()
    index_user: str | None = _setting(str)
    index_password: str | None = _secret()
    index_ca: Path | None = _setting(Path)
    index_vectors: str = _setting(_index_vectors, "int8_hnsw")
    index_candidates: int = _setting(_whole(100, 10_000), 400)
    index_timeout_s: float = _setting(_seconds, 10.0)
    index_memory_mb: int = _setting(_whole(16, 1_048_576), 1024)
    model_pack: str | None = _setting(str)
    model_threads: int = _setting(_whole(1, 256), 2)
    triton_url: tuple[str, ...] = _setting(_triton_urls, ())
    host: str = _setting(str, "127.0.0.1")
    port: int = _setting(_whole(0, 65535), 8080)
    metrics_host: str = _setting(str, "127.0.0.1")
    metrics_port: int | None = _setting(_whole(1, 65535))
    web_processes: int = field(
        default_factory=_default_web_processes, metadata={"parse": _whole(1, 64)}
    )
    web_threads: int = _setting(_whole(1, 256), 8)
    trusted_proxies: int = _setting(_whole(0, 10), 0)
    worker_processes: int = _setting(_whole(1, 64), 1)
    max_body_mb: int = _setting(_whole(1, 4096), 32)
    max_upload_mb: int = _setting(_whole(1, 65536), 512)
    search_events_days: int = _setting(_whole(0, 3660), 30)
    lease_s: float = _setting(_seconds, 30.0)
    fetch_allow: tuple[str, ...] = _setting(_commas, ())
    fetch_timeout_s: float = _setting(_seconds, 20.0)
    fetch_max_mb: int = _setting(_whole(1, 1024), 20)
    recheck_after_h: float | None = _setting(_hours, None)
    fetch_contact: str = _setting(str, "")
    max_megapixels: int = _setting(_whole(1, 1000), 50)
    log_level: str = _setting(_level, "info")
    log_format: str = _setting(_log_format, "logfmt")

    @property
    def recheck_after(self) -> timedelta | None:
        """How old the last look at a picture may grow; None: it is never looked at again."""
        return None if self.recheck_after_h is None else timedelta(hours=self.recheck_after_h)

    @property
    def index_location(self) -> str:
        """Where the products are: `index_url`, or a file in the data folder."""
        return self.index_url or f"sqlite:///{self.data_dir / 'catalogue.sqlite3'}"

    @property
    def index_file(self) -> Path | None:
        """The file of the embedded index; None where the products are in an engine."""
        scheme, _, path = self.index_location.partition(":///")
        return Path(path) if scheme == "sqlite" else None


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings from the environment; an empty variable counts as absent.

    Raises `Misconfigured` naming the variable that cannot be understood, or that is none of ours.
    """
    environment = os.environ if environment is None else environment
    known = {variable(each.name): each for each in fields(Settings)}
    environment = _with_secrets(environment, [name for name in known if _is_secret(known[name])])
    unknown = sorted(
        name
        for name in environment
        if name.startswith(PREFIX) and not name.startswith(PREFIX + "TEST_") and name not in known
    )
    if unknown:
        raise Misconfigured(
            f"{unknown[0]} is not a setting of this version; docs/settings.md lists them all."
        )
    values: dict[str, Any] = {}
    for name, each in known.items():
        if text := environment.get(name, ""):
            try:
                values[each.name] = each.metadata["parse"](text)
            except ValueError as error:
                raise Misconfigured(
                    f"{name}={shown(text)!r} cannot be used: it {error}."
                ) from error
    return Settings(**values)


FROM_FILE = "_FILE"
"""What a secret's variable ends with where it names the file that holds it."""


def _is_secret(setting: Field[Any]) -> bool:
    return "secret" in setting.metadata


def _with_secrets(environment: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """The environment with what the named files hold in the place of their names, as container
    engines hand secrets over. Raises `Misconfigured`."""
    read = dict(environment)
    for name in secrets:
        if path := read.pop(name + FROM_FILE, ""):
            if read.get(name):
                raise Misconfigured(f"{name} and {name}{FROM_FILE} are both set. Keep one.")
            try:
                secret = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise Misconfigured(
                    f"{name}{FROM_FILE} names {path}, which cannot be read. Put the secret there, "
                    "readable for the user that runs Lookalike."
                ) from error
            if not secret:
                raise Misconfigured(f"{name}{FROM_FILE} names {path}, which is empty.")
            read[name] = secret
    return read
