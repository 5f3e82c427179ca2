"""Which precision a processor computes: decided by what oneDNN may use of it, not by its name.

`ONEDNN_MAX_CPU_ISA` holds oneDNN to older processors' instructions (its developer guide, "CPU dispatcher control"), so
that any x86-64 machine can stand for one without AVX-512.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from magnet_geo.compute import device as devices
from magnet_geo.compute.device import choose_dtype, slow_precision
from magnet_geo.scene import SegmentOptions
from magnet_geo.scene.plan import plan_run
from tests.scene.stub_model import stub_model, texture, write_scene

CPU = torch.device("cpu")
_SAID = """
import json, torch
from torch import nn
from magnet_geo.networks import prepare_for_inference
from magnet_geo.compute.device import choose_dtype, slow_precision

torch.manual_seed(0)
network, images = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()).eval(), torch.randn(1, 3, 9, 9)
runs = [prepare_for_inference(network, device="cpu", dtype=dtype) for dtype in (torch.float32, torch.bfloat16)]
with torch.inference_mode():
    maps = [run(images.to(dtype)).float() for run, dtype in zip(runs, (torch.float32, torch.bfloat16))]
cpu = torch.device("cpu")
print(json.dumps({
    "auto": str(choose_dtype("auto", cpu)),
    "warned of": [name for name in ("fp32", "bf16") if slow_precision(choose_dtype(name, cpu), cpu)],
    "kinds": [type(next(run.children())).__name__ for run in runs],
    "differs by": float((maps[0] - maps[1]).abs().max() / maps[0].abs().max()),
}))
"""

needs_x86 = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="needs an x86-64 processor")


@needs_x86
def test_a_processor_without_avx512_runs_in_float32_and_computes_bf16_unfused_when_asked() -> None:
    held = os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
    done = subprocess.run([sys.executable, "-c", _SAID], capture_output=True, text=True, check=True, env=held)
    found = json.loads(done.stdout)
    assert found.pop("differs by") < 0.02
    assert found == {"auto": "torch.float32", "warned of": ["bf16"], "kinds": ["FusedConvolution", "Conv2d"]}


@needs_x86
def test_bf16_is_chosen_only_where_it_is_fast() -> None:
    chosen = choose_dtype("auto", CPU)
    assert slow_precision(chosen, CPU) is None
    assert slow_precision(torch.float32, CPU) is None


@pytest.mark.parametrize(("dtype", "count"), [(torch.float32, 0), (torch.bfloat16, 1)])
def test_the_plan_warns_of_bf16_on_a_processor_that_is_slow_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype, count: int
) -> None:
    monkeypatch.setattr(devices, "_onednn_computes_bf16", lambda: False)
    model = stub_model()
    model.predictor.dtype = dtype
    plan = plan_run(write_scene(tmp_path / "scene.tif", texture(3, 64, 64)), model, SegmentOptions())
    assert len([warning for warning in plan.warnings if "no fast way to compute bf16" in warning]) == count
