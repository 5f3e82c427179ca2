"""Small archives laid out as the published sets are."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from magnet_geo.model.preset_classes import DEEPGLOBE_CLASSES

SIDE = 8


def write_archive(path: Path, members: Mapping[str, bytes]) -> Path:
    """Writes a ZIP of members by path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def encoded(pixels: NDArray[np.uint8], ending: str = ".png") -> bytes:
    """Gives (H, W) values or (H, W, 3) red, green and blue as the bytes of a picture."""
    done, content = cv2.imencode(ending, pixels[..., ::-1] if pixels.ndim == 3 else pixels)
    assert done
    return content.tobytes()


def photo(seed: int, *, side: int = SIDE) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(1, 256, (side, side, 3)).astype(np.uint8)


def cityscapes_archives(folder: Path, *, label_value: int = 7, label_side: int = SIDE) -> tuple[Path, Path]:
    """Writes both archives: two images to train on, one for validation, one test image whose label is a placeholder."""
    images, labels = {"license.txt": b"terms"}, {"README": b"about"}
    for split, city, number in (("train", "a", 0), ("train", "b", 1), ("val", "c", 2), ("test", "d", 3)):
        name = f"{split}/{city}/{city}_{number}"
        images[f"leftImg8bit/{name}_leftImg8bit.png"] = encoded(photo(number))
        values = np.full((label_side, label_side), 0 if split == "test" else label_value, np.uint8)
        labels[f"gtFine/{name}_gtFine_labelIds.png"] = encoded(values)
        labels[f"gtFine/{name}_gtFine_instanceIds.png"] = b"not wanted"
    return (
        write_archive(folder / "leftImg8bit_trainvaltest.zip", images),
        write_archive(folder / "gtFine_trainvaltest.zip", labels),
    )


def deepglobe_archive(folder: Path, *, images: int = 10) -> Path:
    """Writes the kit: images whose left half is water and right half forest, and one image without a mask."""
    colors = {entry.name: entry.color for entry in DEEPGLOBE_CLASSES}
    mask = np.zeros((SIDE, SIDE, 3), np.uint8)
    for half, name in ((slice(0, SIDE // 2), "water"), (slice(SIDE // 2, SIDE), "forest")):
        mask[:, half] = tuple(bytes.fromhex(colors[name][1:]))
    members = {f"kit/valid/{images}_sat.jpg": encoded(photo(images), ".jpg"), "kit/class_dict.csv": b"name,r,g,b\n"}
    for number in range(images):
        members[f"kit/train/{number}_sat.jpg"] = encoded(photo(number), ".jpg")
        members[f"kit/train/{number}_mask.png"] = encoded(mask)
    return write_archive(folder / "land-train.zip", members)
