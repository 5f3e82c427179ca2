"""Where development data lies: a sibling of the checkout, absent in most places."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED_DATA = (Path(__file__).parents[1] / "../shared/data").resolve()
SCENES = SHARED_DATA / "scenes"

needs_scenes = pytest.mark.skipif(not SCENES.is_dir(), reason="shared/data/scenes is absent")
