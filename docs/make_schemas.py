"""Writes the JSON Schemas of everything the program prints for other programs: python docs/make_schemas.py."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import TypeAdapter

from magnet_geo.cli.output.protocol import Line
from magnet_geo.evaluation.accuracy_estimate import AccuracyEstimate
from magnet_geo.evaluation.dataset_records import DatasetScores
from magnet_geo.evaluation.map_areas import AreasResult
from magnet_geo.evaluation.map_evaluation import EvaluationResult
from magnet_geo.evaluation.sample_design import SampleDesign
from magnet_geo.model import Manifest, ModelDescription
from magnet_geo.records.run_record import RunRecord
from magnet_geo.records.scene_record import SceneRecord
from magnet_geo.records.segment_result import PlanRecord, SegmentResult
from magnet_geo.vector.merging.minimum_mapping_unit import SieveResult
from magnet_geo.vector.polygons_result import PolygonsResult

FOLDER = Path(__file__).parent / "schemas"
RECORDS = {
    "segment-result": SegmentResult,
    "segment-dry-run": PlanRecord,
    "run-record": RunRecord,
    "areas": AreasResult,
    "test": DatasetScores,
    "evaluate": EvaluationResult,
    "accuracy-sample": SampleDesign,
    "accuracy-estimate": AccuracyEstimate,
    "info": SceneRecord,
    "polygonize": PolygonsResult,
    "sieve": SieveResult,
    "model-show": ModelDescription,
    "model-manifest": Manifest,
    "progress-jsonl": Line,
}


def schemas() -> dict[str, str]:
    """Text of each schema file by name."""
    return {
        f"{name}.schema.json": json.dumps(TypeAdapter(record).json_schema(), indent=1) + "\n"
        for name, record in RECORDS.items()
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in schemas().items():
        (FOLDER / name).write_text(text)
