"""How the process uses cores: patches side by side, each with its share of torch's threads."""

from magnet_geo.compute.patch_executor import PatchExecutor, set_threads, threads_per_patch

__all__ = ["PatchExecutor", "set_threads", "threads_per_patch"]
