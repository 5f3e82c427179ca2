"""Short questions to the engine: its version, its models, how it would read a scene."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Union

from ..core.engine import Call, Engine
from ..core.outcome import Outcome, Status
from ..core.sentences import FailureText, no_result_text
from .runner import run_call

LIMIT_S = 60.0


def ask_engine(
    engine: Engine, arguments: Sequence[str], *, is_cancelled: Callable[[], bool] = lambda: False
) -> Union[dict[str, Any], FailureText]:
    """Gives the JSON object that a command writes, or why it did not.

    Args:
        engine: Whom to ask.
        arguments: A command that answers with one JSON object on stdout.
        is_cancelled: Stops the question.
    """
    outcome = run_call(
        Call(engine, tuple(arguments), speaks_protocol=False), is_cancelled=is_cancelled, limit_s=LIMIT_S
    )
    return _answer(outcome)


def _answer(outcome: Outcome) -> Union[dict[str, Any], FailureText]:
    if outcome.status is Status.FAILED:
        return outcome.text
    return outcome.results[0] if outcome.results else no_result_text()
