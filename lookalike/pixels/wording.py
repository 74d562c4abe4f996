"""What goes wrong with a fetch, in sentences that a merchant understands: which URL, what happened,
what to do. None of them tells an address that a name resolved to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpcore2

from lookalike.errors import PictureError, PictureUnreachable, PictureUnusable
from lookalike.errors import PictureReason as Reason
from lookalike.pixels.connecting import AddressForbidden, HostUnknown, Untrusted
from lookalike.pixels.politeness import Paused
from lookalike.pixels.urls import BadUrl, shown

_TRY_LATER = {408, 425, 429}


def named(url: str, at: str) -> str:
    """How a sentence names the picture of `url` once redirects have led to `at`."""
    return shown(url) if url == at else f"{shown(url)} (redirected to {shown(at)})"


def refusal(where: str, status: int, pause_s: float | None) -> PictureError:
    """What an answer other than the picture means."""
    if status >= 500 or status in _TRY_LATER:
        return PictureUnreachable(
            f"{where} answered {status}: its server is overloaded or out of order. Try again "
            "later, or ask those who run it.",
            pause_s,
            reason=Reason.SERVER_ERROR,
        )
    return PictureUnusable(
        f"{where} answered {status}. Check that the URL is right and that the picture is there for "
        "everyone.",
        reason=Reason.REFUSED,
    )


@contextmanager
def in_words(where: str) -> Iterator[None]:
    """Turns what goes wrong below into a sentence about this URL."""
    try:
        yield
    except BadUrl as error:
        raise PictureUnusable(f"{where} {error}", reason=Reason.BAD_URL) from error
    except AddressForbidden as error:
        raise PictureUnusable(
            f"{where} is at an address from which pictures are not fetched. Put the picture on a "
            "public server, or ask the operator of this service to allow that one.",
            reason=Reason.FORBIDDEN_ADDRESS,
        ) from error
    except HostUnknown as error:
        raise PictureUnreachable(
            f"The host of {where} cannot be found. Check that its name is right.",
            reason=Reason.HOST_UNKNOWN,
        ) from error
    except Untrusted as error:
        raise PictureUnreachable(
            f"{where} has no valid certificate ({error}). Have it renewed or corrected.",
            reason=Reason.UNTRUSTED,
        ) from error
    except Paused as error:
        raise PictureUnreachable(
            f"The host of {where} asked for a pause, which is not over yet. Try again later.",
            error.seconds,
            reason=Reason.PAUSED,
        ) from error
    except (TimeoutError, httpcore2.TimeoutException) as error:
        raise PictureUnreachable(
            f"{where} took too long to answer. Check that its server is up and quick enough.",
            reason=Reason.TIMED_OUT,
        ) from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, ValueError) as error:
        # h11 lets a ValueError through, for a length of more digits than Python reads.
        raise PictureUnreachable(
            f"{where} could not be fetched: its server refused the connection, broke it off or did "
            "not speak HTTP. Check that it is up.",
            reason=Reason.BROKEN_OFF,
        ) from error
