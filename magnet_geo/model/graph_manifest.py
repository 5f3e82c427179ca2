"""The manifest of a foreign model as people write it: fields whose technical half follows from the graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from magnet_geo.errors import ModelError
from magnet_geo.model.manifest import GRAPH_BACKBONE, Manifest
from magnet_geo.model.manifest_text import read_manifest_fields

DEFAULT_WINDOW_PX = 512
# Of a window, on each side: what foreign models usually overlap.
_HALO_SHARE = 8


@dataclass(frozen=True, slots=True)
class GraphManifestDraft:
    """A manifest as written, before the graph tells what it takes.

    Attributes:
        source: What an error message calls it, at the start of a sentence.
        fields: Those of a `Manifest`, where ``values`` may say scaling and normalization together and ``window_px`` the
            side of a window; architecture, pyramid and halo may be left out.
    """

    source: str
    fields: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> GraphManifestDraft:
        """Read a file as `read_manifest_fields` does.

        Raises:
            ModelError: It cannot be read, or lacks what only its author knows.
        """
        source = f"The manifest {path}"
        return cls(source, _read(path, source))

    @property
    def channels_last(self) -> bool:
        """Whether images and maps lie as rows, columns, channels."""
        graph = self.fields["graph"]
        return isinstance(graph, Mapping) and graph.get("layout") == "nhwc"

    def complete(self, *, size: tuple[int, int] | None) -> Manifest:
        """Return the whole manifest.

        Args:
            size: Rows and columns that the graph takes; None for any.

        Raises:
            ModelError: A field is wrong.
        """
        try:
            completed = _completed(dict(self.fields), size)
        except (AttributeError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise ModelError(
                f"{self.source} cannot be used ({error}); give lists of bands and classes, and under values low, high, "
                "mean and std as one number or one per band."
            ) from error
        return Manifest.from_values(completed, source=self.source)


def _read(path: Path, source: str) -> dict[str, Any]:
    values = read_manifest_fields(path)
    missing = [field for field in ("name", "title", "licence", "bands", "classes", "graph") if field not in values]
    if missing:
        raise ModelError(f"{source} lacks {', '.join(missing)}; add them.")
    return values


def _completed(values: dict[str, Any], size: tuple[int, int] | None) -> dict[str, Any]:
    bands, window_px = len(values["bands"]), values.pop("window_px", DEFAULT_WINDOW_PX)
    height, width = size or (window_px, window_px)
    classes = [{"value": index, **entry} for index, entry in enumerate(values["classes"])]
    meaning = _values(values.pop("values", {}), bands)
    technical = {
        "version": "1",
        "architecture": {
            "backbone": GRAPH_BACKBONE,
            "refinement": None,
            "num_classes": len(classes),
            "in_channels": bands,
        },
        "pyramid": {
            "levels": [[height, width]],
            "patch": [height, width],
            "network_input": [height, width],
            "manner": "decimation",
        },
        "halo_px": min(height, width) // _HALO_SHARE,
    }
    return technical | meaning | values | {"classes": classes}


def _values(given: Mapping[str, Any], bands: int) -> dict[str, Any]:
    """Scaling and normalization: the network gets (value - mean) / std of values clipped to low and high."""
    low, high = _per_band(given.get("low", 0), bands), _per_band(given.get("high", 255), bands)
    mean, std = _per_band(given.get("mean", 0), bands), _per_band(given.get("std", 1), bands)
    span = [top - bottom for bottom, top in zip(low, high, strict=True)]
    scaling = {"dtype": given.get("dtype", "uint8"), "low": low, "high": high, "unit": given.get("unit", "native")}
    normalization = {
        "mean": [(value - bottom) / width for value, bottom, width in zip(mean, low, span, strict=True)],
        "std": [value / width for value, width in zip(std, span, strict=True)],
    }
    return {"scaling": scaling, "normalization": normalization}


def _per_band(value: Any, bands: int) -> list[float]:
    numbers = [float(number) for number in value] if isinstance(value, list) else [float(value)] * bands
    if len(numbers) != bands:
        raise ValueError(f"{len(numbers)} numbers for {bands} bands")
    return numbers
