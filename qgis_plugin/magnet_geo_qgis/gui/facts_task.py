"""What the dialog must know before a run: the model's card, how it reads the scene, how long it takes."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, replace
from typing import Optional

from qgis.core import QgsTask

from ..core.engine import Engine
from ..core.estimate import Workload
from ..core.model_card import ModelCard, SceneFit, read_fit, read_model_card
from ..core.segment_request import SegmentRequest
from ..core.sentences import FailureText
from ..core.text import tr
from ..engine.asking import ask_engine


@dataclass(frozen=True)
class SceneFacts:
    """Answers of the engine; None where it gave none.

    Attributes:
        card: The model.
        fit: How it reads the scene.
        workload: What a full run costs.
        failure: Why an answer is missing.
    """

    card: Optional[ModelCard] = None
    fit: Optional[SceneFit] = None
    workload: Optional[Workload] = None
    failure: str = ""


def ask_facts(engine: Engine, request: SegmentRequest, task: QgsTask, *, has_scene: bool) -> SceneFacts:
    """Asks the engine, question by question; stops at the first that fails. Takes some seconds."""
    described = ask_engine(engine, ["model", "show", request.model, "--json"], is_cancelled=task.isCanceled)
    if isinstance(described, FailureText):
        return SceneFacts(failure=str(described))
    try:
        facts = SceneFacts(card=read_model_card(described))
        return _ask_about_scene(engine, request, task, facts) if has_scene and not task.isCanceled() else facts
    except (KeyError, TypeError, ValueError) as error:
        return SceneFacts(failure=tr("The engine's answer makes no sense here: {error}").format(error=repr(error)))


def _ask_about_scene(engine: Engine, request: SegmentRequest, task: QgsTask, facts: SceneFacts) -> SceneFacts:
    described = ask_engine(engine, request.info_arguments(), is_cancelled=task.isCanceled)
    if isinstance(described, FailureText):
        return replace(facts, failure=str(described))
    facts = replace(facts, fit=read_fit(described))
    if facts.fit is None or facts.fit.problems or task.isCanceled():
        return facts
    output = os.path.join(tempfile.gettempdir(), "magnet-geo-plan.tif")
    whole = replace(request, output=output, refine="full", preview="", confidence="", probabilities="")
    plan = ask_engine(engine, ["segment", "--dry-run", "--json", *whole.arguments()[1:]], is_cancelled=task.isCanceled)
    if isinstance(plan, FailureText):
        return replace(facts, failure=str(plan))
    return replace(facts, workload=Workload(int(plan["windows"]), int(plan["patches"])))
