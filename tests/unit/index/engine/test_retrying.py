"""What is counted of an engine's answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY

from lookalike.errors import IndexAway, LookalikeError, Misconfigured
from lookalike.index.engine.protocol import Answer
from lookalike.index.engine.retrying import patiently


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_an_answer_after_a_wait_is_no_error_but_counted() -> None:
    answers: Iterator[Answer] = iter([Answer(429, {}), Answer(200, {"took": 1})])
    asked = count("lookalike_engine_seconds_count")
    busy = count("lookalike_engine_busy_total", status="429")
    errors = count("lookalike_engine_errors_total", reason="away")
    assert patiently(lambda: next(answers)).status == 200
    assert count("lookalike_engine_seconds_count") == asked + 2
    assert count("lookalike_engine_busy_total", status="429") == busy + 1
    assert count("lookalike_engine_errors_total", reason="away") == errors


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        (Answer(500, {"error": "broken"}), IndexAway, "away"),
        (IndexAway("It does not answer."), IndexAway, "away"),
        (Answer(401, {"error": "no"}), Misconfigured, "refused"),
    ],
)
def test_an_error_is_counted_by_its_reason(
    answer: Answer | LookalikeError, error: type[LookalikeError], reason: str
) -> None:
    def send() -> Answer:
        if isinstance(answer, LookalikeError):
            raise answer
        return answer

    before = count("lookalike_engine_errors_total", reason=reason)
    with pytest.raises(error):
        patiently(send)
    assert count("lookalike_engine_errors_total", reason=reason) == before + 1
