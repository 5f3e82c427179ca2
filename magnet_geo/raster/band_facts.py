"""`BandFacts`: what an open raster says of its bands, read once.

Each look at such a property of rasterio asks all bands, so that a look per band takes quadratic time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.io import DatasetReader

from magnet_geo.raster.source import SceneSource


@dataclass(frozen=True, slots=True)
class BandFacts:
    """Types, uses and validity of the bands.

    What says that a pixel is data, first of all: the user's nodata value, always; a mask band; the alpha band; the
    file's nodata value, only where there is neither of the two, as in `rasterio`'s ``dataset_mask``.

    Attributes:
        dtypes: Dtype of each band.
        color_interpretations: GDAL's use of each band.
        nodata: Nodata value of each band, the user's or the file's, or None.
        deciding_nodata: The same where it decides what is valid, else None.
        own_masks: Whether each band has a mask that is made neither of the alpha band nor of the nodata value.
        shared_mask: Whether that is one mask for all bands.
    """

    dtypes: tuple[str, ...]
    color_interpretations: tuple[ColorInterp, ...]
    nodata: tuple[float | None, ...]
    deciding_nodata: tuple[float | None, ...]
    own_masks: tuple[bool, ...]
    shared_mask: bool

    @classmethod
    def of(cls, dataset: DatasetReader, source: SceneSource) -> BandFacts:
        """Read the facts.

        Args:
            dataset: An open handle of the scene.
            source: What the user says of it.
        """
        flags = dataset.mask_flag_enums
        own_masks = tuple(map(_is_own, flags))
        uses = tuple(dataset.colorinterp)
        nodata = dataset.nodatavals if source.nodata is None else (source.nodata,) * dataset.count
        overruled = source.nodata is None and ColorInterp.alpha in uses
        return cls(
            dtypes=tuple(dataset.dtypes),
            color_interpretations=uses,
            nodata=nodata,
            deciding_nodata=tuple(
                None if overruled or (own_mask and source.nodata is None) else value
                for value, own_mask in zip(nodata, own_masks, strict=True)
            ),
            own_masks=own_masks,
            shared_mask=any(_is_own(found) and MaskFlags.per_dataset in found for found in flags),
        )

    @property
    def alpha_band(self) -> int | None:
        """Number of the alpha band, or None."""
        uses = self.color_interpretations
        return uses.index(ColorInterp.alpha) + 1 if ColorInterp.alpha in uses else None

    def deciding_alpha(self, bands: tuple[int, ...]) -> int | None:
        """Number of the alpha band where no mask overrules it, or None.

        Args:
            bands: Numbers of the bands that are read.
        """
        return None if any(self.own_masks[band - 1] for band in bands) else self.alpha_band

    def common_dtype(self, bands: tuple[int, ...]) -> np.dtype[np.generic]:
        """Return the smallest dtype that holds the values of some bands."""
        return np.result_type(*(self.dtypes[band - 1] for band in bands))


def _is_own(flags: list[MaskFlags]) -> bool:
    if MaskFlags.alpha in flags or MaskFlags.all_valid in flags:
        return False
    return MaskFlags.per_dataset in flags or MaskFlags.nodata not in flags
