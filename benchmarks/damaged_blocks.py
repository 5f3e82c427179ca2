"""How much damage inside the compressed pixels of a scene is seen when it is read, codec by codec.

    python benchmarks/damaged_blocks.py [--tries 200]

A part of the example scene is written with each codec; then one block is damaged, each time elsewhere (a file's data
where it has no blocks), and the scene is read as a run reads it. The last column says how many of the pixels of that
block are wrong where nothing was said: the middle one of all tries.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import rasterio
import rasterio.shutil
from numpy.random import Generator
from rasterio.windows import Window

sys.path.insert(0, str(Path(__file__).parents[1]))

from magnet_geo.errors import SceneError
from magnet_geo.grid import PixelRect
from magnet_geo.raster import SceneReader, SceneSource

SCENE = Path(__file__).parents[1] / "examples/village/village_rgb_2m.tif"
SIDE, BLOCK = 512, 256
LOST_BYTES = 64
TIFF = {"driver": "GTiff", "tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "interleave": "pixel"}

CODECS: dict[str, dict[str, object]] = {
    "TIFF, uncompressed": TIFF,
    "TIFF, PackBits": TIFF | {"compress": "packbits"},
    "TIFF, LZW": TIFF | {"compress": "lzw"},
    "TIFF, LZW, predictor": TIFF | {"compress": "lzw", "predictor": 2},
    "TIFF, deflate": TIFF | {"compress": "deflate"},
    "TIFF, deflate, predictor": TIFF | {"compress": "deflate", "predictor": 2},
    "TIFF, ZSTD": TIFF | {"compress": "zstd"},
    "TIFF, ZSTD, predictor": TIFF | {"compress": "zstd", "predictor": 2},
    "TIFF, LZMA": TIFF | {"compress": "lzma"},
    "TIFF, LERC": TIFF | {"compress": "lerc"},
    "TIFF, LERC with ZSTD": TIFF | {"compress": "lerc_zstd"},
    "TIFF, JPEG": TIFF | {"compress": "jpeg", "photometric": "ycbcr"},
    "TIFF, WebP": TIFF | {"compress": "webp", "webp_level": 85},
    "TIFF, WebP lossless": TIFF | {"compress": "webp", "webp_lossless": True},
    "JPEG file": {"driver": "JPEG"},
    "PNG file": {"driver": "PNG"},
    "JPEG 2000 file": {"driver": "JP2OpenJPEG", "quality": 100, "reversible": True},
}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=200, help="Damaged copies of each kind.")
    tries = parser.parse_args().tries
    print(f"rasterio {rasterio.__version__}, GDAL {rasterio.__gdal_version__}, {tries} tries each.\n")
    kinds = {"one bit": flip_bit, "one byte": change_byte, f"{LOST_BYTES} bytes are 0": lose_bytes}
    print(f"| scene | {' seen, % | '.join(kinds)} seen, % | wrong pixels of the block where nothing was said, % |")
    print(f"| --- | {'--- | ' * len(kinds)}--- |")
    for name, profile in CODECS.items():
        with TemporaryDirectory() as folder:
            scene = Path(folder) / "scene"
            write_scene(scene, profile)
            found = [seen(scene, damage, tries) for damage in kinds.values()]
        wrong = [share for _, shares in found for share in shares]
        shares = " | ".join(f"{told:.0%}".rstrip("%") for told, _ in found)
        print(f"| {name} | {shares} | {f'{np.median(wrong):.2%}'.rstrip('%') if wrong else ''} |", flush=True)


def write_scene(path: Path, profile: dict[str, object]) -> None:
    """Writes a part of the example scene."""
    with rasterio.open(SCENE) as dataset:
        window = Window(100, 100, SIDE, SIDE)
        values, transform, crs = dataset.read((1, 2, 3), window=window), dataset.window_transform(window), dataset.crs
    size = {"width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8", "crs": crs, "transform": transform}
    with rasterio.MemoryFile() as memory:
        with memory.open(driver="GTiff", **size) as dataset:
            dataset.write(values)
        rasterio.shutil.copy(memory.name, path, **profile)


def seen(scene: Path, damage: Callable[[bytearray, Generator], None], tries: int) -> tuple[float, list[float]]:
    """Damages a scene many times, and leaves it as it was.

    Returns:
        Share of the tries in which reading failed, and the shares of the block's pixels that were wrong in the others.
    """
    whole, expected, shares = scene.read_bytes(), read(scene), []
    start, stop = data_place(scene)
    for seed in range(tries):
        part = bytearray(whole[start:stop])
        damage(part, np.random.default_rng(seed))
        scene.write_bytes(whole[:start] + part + whole[stop:])
        with suppress(SceneError):
            wrong = (read(scene) != expected).any(axis=0)
            shares.append(wrong.sum() / BLOCK**2)
    scene.write_bytes(whole)
    return 1 - len(shares) / tries, shares


def read(scene: Path) -> np.ndarray:
    """Reads the scene as a run does."""
    with SceneReader(SceneSource(str(scene)), (1, 2, 3)) as reader:
        return reader.read(PixelRect(0, 0, SIDE, SIDE)).values


def data_place(scene: Path) -> tuple[int, int]:
    """First byte of the pixels' data and the byte behind them: of one block, if the file has blocks."""
    with rasterio.open(scene) as dataset:
        if dataset.driver == "GTiff":
            start, size = (int(dataset.get_tag_item(f"BLOCK_{of}_0_1", "TIFF", bidx=1)) for of in ("OFFSET", "SIZE"))
            return start, start + size
    length = scene.stat().st_size
    return length // 10, length - 16


def flip_bit(data: bytearray, generator: Generator) -> None:
    """Changes one bit."""
    data[generator.integers(len(data))] ^= 1 << generator.integers(8)


def change_byte(data: bytearray, generator: Generator) -> None:
    """Changes one byte to any other value."""
    data[generator.integers(len(data))] ^= generator.integers(1, 256)


def lose_bytes(data: bytearray, generator: Generator) -> None:
    """Sets some bytes to 0."""
    at = generator.integers(len(data) - LOST_BYTES)
    data[at : at + LOST_BYTES] = bytes(LOST_BYTES)


if __name__ == "__main__":
    main()
