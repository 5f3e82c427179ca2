"""The next image is got ready beside the networks of the present one, and used only when it is ready."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import cast

import numpy as np
import pytest
import torch

from magnet_geo.grid import MagnificationPyramid, PyramidManner, Size
from magnet_geo.normalization import Normalization
from magnet_geo.progressive import SideStream, build_image_pyramid


class Made:
    """Notes by which streams it is used."""

    def __init__(self) -> None:
        self.users = list[object]()

    def used_by(self, stream: object) -> None:
        self.users.append(stream)


def test_on_a_cpu_work_just_happens() -> None:
    made = Made()
    use = SideStream(torch.device("cpu")).make(lambda: made)
    assert use() is made
    assert made.users == []


def test_the_stream_that_uses_an_image_waits_for_it_and_keeps_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    log = list[str]()

    class Stream:
        def __init__(self, name: str = "side") -> None:
            self.name = name

        def record_event(self) -> str:
            log.append(f"event on {self.name}")
            return f"event of {self.name}"

        def wait_event(self, event: str) -> None:
            log.append(f"{self.name} waits for {event}")

    @contextmanager
    def inside(stream: Stream) -> Iterator[None]:
        log.append(f"into {stream.name}")
        yield
        log.append(f"out of {stream.name}")

    networks = Stream("networks")
    monkeypatch.setattr(torch.cuda, "Stream", lambda device: Stream())
    monkeypatch.setattr(torch.cuda, "stream", inside)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: networks)
    made = Made()

    def make() -> Made:
        log.append("made")
        return made

    use = SideStream(torch.device("cuda:0")).make(make)
    assert log == ["into side", "made", "event on side", "out of side"]
    assert use() is made
    assert log[4:] == ["networks waits for event of side"]
    assert made.users == [networks]


@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize("hole", [False, True])
def test_every_tensor_of_an_image_is_kept_for_the_stream_that_uses_it(
    monkeypatch: pytest.MonkeyPatch, published: bool, hole: bool
) -> None:
    pyramid = (
        MagnificationPyramid((Size(64, 64), Size(128, 128)), Size(64, 64), Size(32, 32), PyramidManner.PUBLISHED)
        if published
        else MagnificationPyramid.from_decimations(32, (4, 2, 1))
    )
    valid = np.ones((pyramid.window.height, pyramid.window.width), np.bool_)
    valid[3, 5] = not hole
    image = build_image_pyramid(
        np.zeros((3, *valid.shape), np.uint8),
        valid,
        pyramid=pyramid,
        normalization=Normalization((0.0,) * 3, (1.0,) * 3),
        device=torch.device("cpu"),
    )
    kept = list[int]()
    monkeypatch.setattr(torch.Tensor, "record_stream", lambda tensor, stream: kept.append(tensor.data_ptr()))
    image.used_by(cast(torch.cuda.Stream, None))
    holders = (image, vars(image)["_affine"])
    held = [part for holder in holders for part in vars(holder).values() if isinstance(part, torch.Tensor)]
    assert sorted(kept) == sorted(part.data_ptr() for part in held)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_images_made_beside_busy_kernels_are_whole() -> None:
    device = torch.device("cuda")
    side, generator = SideStream(device), np.random.default_rng(0)
    pyramid = MagnificationPyramid.from_decimations(256, (4, 2, 1))
    normalization = Normalization((0.0,) * 3, (1.0,) * 3)
    busy = torch.randn(4096, 4096, device=device)
    with ThreadPoolExecutor(1) as thread:
        for _ in range(20):
            values = generator.integers(0, 256, (3, 1024, 1024), dtype=np.uint8)
            for _ in range(10):
                busy = busy @ busy / 4096
            make = partial(
                build_image_pyramid, values, None, pyramid=pyramid, normalization=normalization, device=device
            )
            image = thread.submit(side.make, make).result()()
            patch = pyramid.patches(2)[5]
            found = image.inputs(2, [patch])[0].cpu().numpy() * 255
            np.testing.assert_allclose(found, values[(slice(None), *patch.slices)], atol=1e-2)
