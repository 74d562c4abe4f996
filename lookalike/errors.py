"""The error tree. Every error that leaves a subject is one of these, with a stable `code` and a
`detail` in plain words that says what to do; `webapp/problems.py` maps the tree to HTTP, once.

    LookalikeError
    ├── Refused             the caller can mend it
    │   ├── Invalid         a value is wrong; `errors` names the fields
    │   ├── Unauthorized    no key, or a wrong one
    │   ├── Forbidden       the key, or its tenant's tier, does not allow this
    │   │   ├── WrongOrigin     a public key, from a page that it is not for
    │   │   └── ProductLimit    the tier's products are all there
    │   ├── NotFound        unknown, or another tenant's, which is the same
    │   ├── NotReady        right, but too early: try again later
    │   ├── TooMany         right, but too often: `retry_after_s` says when it is right again
    │   │   ├── SearchLimit     the tier's searches of this month are used up
    │   │   └── BurstLimit      too many at once with a public key
    │   └── TooLarge        more than one request may carry
    ├── Away                a server behind is away; nothing is lost, try again
    │   ├── IndexAway
    │   ├── QueueAway
    │   │   └── JobLost         Redis was emptied while a request's job was being made
    │   └── ModelAway
    ├── PictureError        a picture that cannot be had; `detail` is fit for its merchant
    │   ├── PictureUnusable     trying again would change nothing
    │   └── PictureUnreachable  it may be there in a while
    └── Misconfigured       for the operator: one sentence, printed without a traceback
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar


class LookalikeError(Exception):
    """Root of the tree. `code` is stable and documented; `detail` is a sentence for people."""

    code: ClassVar[str] = "internal_error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    @property
    def members(self) -> Mapping[str, Any]:
        """What an answer says besides, by name (RFC 9457's extension members)."""
        return {}


class Refused(LookalikeError):
    """The caller asked for something that cannot be done as asked."""


class Invalid(Refused):
    """A value is wrong. `errors` maps a field's name to what is wrong with it."""

    code = "invalid_value"

    def __init__(self, detail: str, errors: Mapping[str, list[str]] | None = None) -> None:
        super().__init__(detail)
        self.errors = dict(errors or {})


class Unauthorized(Refused):
    """No API key, or one that is unknown, revoked or expired."""

    code = "unauthorized"


class Forbidden(Refused):
    """The key is good, but its scopes do not allow this."""

    code = "forbidden"


class WrongOrigin(Forbidden):
    """A public key, used from a page whose origin is not on its list."""

    code = "wrong_origin"


class ProductLimit(Forbidden):
    """The tenant has as many products as its tier allows. `limit`: how many those are."""

    code = "product_limit"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"Your tier allows {limit:,} products, inactive ones included, and they are all there. "
            "Delete some, or ask for a larger tier."
        )


class NotFound(Refused):
    """No such thing in this tenant."""

    code = "not_found"


class NotReady(Refused):
    """The request is right but comes too early, e.g. a product whose vector is still being made."""

    code = "not_ready"


class TooMany(Refused):
    """More than `limit` allows for now. In `retry_after_s` seconds one more is allowed, in
    `reset_s` as many as at first."""

    def __init__(self, detail: str, *, limit: int, retry_after_s: int, reset_s: int) -> None:
        super().__init__(detail)
        self.limit = limit
        self.retry_after_s = retry_after_s
        self.reset_s = reset_s


class SearchLimit(TooMany):
    """The tier's searches of this calendar month are used up."""

    code = "search_limit"


class BurstLimit(TooMany):
    """One address searched too often with a public key within seconds."""

    code = "burst_limit"


class TooLarge(Refused):
    """More than one request may carry."""

    code = "too_large"


class Away(LookalikeError):
    """A server behind this one does not answer. What was accepted stays accepted."""

    code = "unavailable"


class IndexAway(Away):
    """The engine that holds the products does not answer, or cannot write."""

    code = "index_unavailable"


class QueueAway(Away):
    """Redis does not answer."""

    code = "queue_unavailable"


class JobLost(QueueAway):
    """Redis lost what it held while a job was being made."""

    def __init__(self) -> None:
        super().__init__("Redis lost the job of this request. What was accepted is kept.")


class ModelAway(Away):
    """The model cannot embed at the moment. A fault of ours, never of a product's."""

    code = "model_unavailable"


class PictureReason(StrEnum):
    """Why a picture cannot be had, for those who count."""

    BAD_URL = "bad_url"
    FORBIDDEN_ADDRESS = "forbidden_address"
    REFUSED = "refused"
    """Its server answered 4xx."""
    REDIRECTS = "redirects"
    COMPRESSED = "compressed"
    FILE_TOO_LARGE = "file_too_large"
    NOT_A_PICTURE = "not_a_picture"
    DAMAGED = "damaged"
    TOO_MANY_PIXELS = "too_many_pixels"
    HOST_UNKNOWN = "host_unknown"
    UNTRUSTED = "untrusted"
    PAUSED = "paused"
    """Its server asked for a pause, which is not over."""
    TIMED_OUT = "timed_out"
    BROKEN_OFF = "broken_off"
    SERVER_ERROR = "server_error"
    """Its server answered 5xx, or 429."""


class PictureError(LookalikeError):
    """A picture cannot be had; `detail` says which, what went wrong and what to do."""

    code = "picture_error"

    def __init__(self, detail: str, *, reason: PictureReason) -> None:
        super().__init__(detail)
        self.reason = reason


class PictureUnusable(PictureError):
    """Trying again would change nothing: 404, not a picture, a forbidden address."""

    code = "picture_unusable"


class PictureUnreachable(PictureError):
    """A time-out, a 5xx or a 429. `retry_after` is what the host asked for, in seconds."""

    code = "picture_unreachable"

    def __init__(
        self, detail: str, retry_after: float | None = None, *, reason: PictureReason
    ) -> None:
        super().__init__(detail, reason=reason)
        self.retry_after = retry_after


class Misconfigured(LookalikeError):
    """A setting, a folder or a port is wrong. The command line prints `detail` and exits."""

    code = "misconfigured"
