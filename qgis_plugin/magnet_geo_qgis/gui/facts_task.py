"""What the dialog must know before a run: the model's card, how it reads the scene, how long it takes."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, replace
from typing import Any, Optional, Union

from qgis.core import QgsCoordinateTransformContext, QgsProcessingException, QgsTask

from ..core.engine import Engine
from ..core.estimate import RunTime
from ..core.model_card import ModelCard, SceneFit, read_fit, read_model_card
from ..core.segment_request import SegmentRequest
from ..core.sentences import FailureText, is_unreadable
from ..core.text import tr
from ..engine.asking import ask_engine
from ..layers.area import AreaPolygons


@dataclass(frozen=True)
class SceneFacts:
    """Answers of the engine; None where it gave none.

    Attributes:
        card: The model.
        fit: How it reads the scene.
        run_time: How long a run takes.
        warnings: What the plan of the run says beyond the fit, such as of stretched values.
        failure: Why an answer is missing.
        unreadable: Whether the engine cannot open the scene, so that QGIS must export it.
    """

    card: Optional[ModelCard] = None
    fit: Optional[SceneFit] = None
    run_time: Optional[RunTime] = None
    warnings: tuple[str, ...] = ()
    failure: str = ""
    unreadable: bool = False


@dataclass(frozen=True)
class SceneQuestion:
    """What is asked about.

    Attributes:
        engine: Who is asked.
        request: The run; its scene is empty where there is none that the engine opens.
        area: Polygons of the area; None for a rectangle or the whole layer.
        context: Of the project.
    """

    engine: Engine
    request: SegmentRequest
    area: Optional[AreaPolygons]
    context: QgsCoordinateTransformContext


def ask_facts(question: SceneQuestion, task: QgsTask) -> SceneFacts:
    """Asks the engine, question by question; stops at the first that fails. Takes some seconds."""
    engine, request = question.engine, question.request
    described = ask_engine(engine, ["model", "show", request.model, "--json"], is_cancelled=task.isCanceled)
    if isinstance(described, FailureText):
        return SceneFacts(failure=str(described))
    try:
        facts = SceneFacts(card=read_model_card(described))
        has_scene = bool(request.scene.path)
        return _ask_about_scene(question, task, facts) if has_scene and not task.isCanceled() else facts
    except (KeyError, TypeError, ValueError) as error:
        return SceneFacts(failure=tr("The engine's answer makes no sense here: {error}").format(error=repr(error)))


def _ask_about_scene(question: SceneQuestion, task: QgsTask, facts: SceneFacts) -> SceneFacts:
    described = ask_engine(question.engine, question.request.info_arguments(), is_cancelled=task.isCanceled)
    if isinstance(described, FailureText):
        unreadable = is_unreadable(described.message)
        return replace(facts, unreadable=unreadable, failure="" if unreadable else str(described))
    facts = replace(facts, fit=read_fit(described))
    if facts.fit is None or facts.fit.problems or task.isCanceled():
        return facts
    with tempfile.TemporaryDirectory(prefix="magnet-geo-") as folder:
        try:
            plan = _ask_for_plan(question, task, folder)
        except QgsProcessingException as error:
            return replace(facts, failure=str(error))
    if isinstance(plan, FailureText):
        return replace(facts, failure=str(plan))
    return replace(facts, run_time=RunTime.of_plan(plan), warnings=tuple(map(str, plan.get("warnings", ()))))


def _ask_for_plan(question: SceneQuestion, task: QgsTask, folder: str) -> Union[dict[str, Any], FailureText]:
    output = os.path.join(folder, "plan.tif")
    whole = replace(question.request, output=output, refine="full", preview="", confidence="", probabilities="")
    if question.area is not None:
        whole = replace(whole, polygons_area=os.path.join(folder, "area.gpkg"))
        question.area.write(whole.polygons_area, question.context)
    arguments = ["segment", "--dry-run", "--json", *whole.arguments()[1:]]
    return ask_engine(question.engine, arguments, is_cancelled=task.isCanceled)
