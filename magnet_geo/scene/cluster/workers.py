"""`Workers`: a Dask cluster that segments scenes, on this machine or elsewhere."""

from __future__ import annotations

import queue
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError as LostError
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from magnet_geo.compute.device import available_cores
from magnet_geo.errors import CancelledError, ClusterError, MagnetGeoError, OptionError
from magnet_geo.progress import CancelToken
from magnet_geo.scene.cluster.shard import PassTask, Shard, join_shard, run_shard
from magnet_geo.scene.options import WorkerPlace

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

# The terminal sends Ctrl-C to all processes; this one stops the workers.
_IGNORE_CTRL_C = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
_HERE = "127.0.0.1"
_DASHBOARD, _ANY_PORT = f"{_HERE}:8787", f"{_HERE}:0"
_SECONDS_BETWEEN_LOOKS = 0.2
_SECONDS_TO_STOP = 10
_SECONDS_TO_CONNECT = 15


class Workers:
    """A cluster within a ``with`` block; several scenes may use it at once, each from a thread of its own."""

    def __init__(self, where: str | WorkerPlace, *, threads: int | None = None, dashboard: bool = True) -> None:
        """Name the workers.

        Args:
            where: ``local:N`` for N processes of this machine, or the address of a scheduler.
            threads: CPU threads of each worker; None to share the cores of this machine, or for PyTorch's choice
                elsewhere.
            dashboard: Whether workers of this machine come with Dask's page of what they do, on 127.0.0.1 alone.

        Raises:
            OptionError: It names no workers.
        """
        self._with_dashboard = dashboard
        self._place = WorkerPlace.parse(where) if isinstance(where, str) else where
        self.threads = threads or (max(1, available_cores() // self._place.local) if self._place.local else None)
        self._opened = ExitStack()
        self._client: Client | None = None

    def __enter__(self) -> Workers:
        try:
            from distributed import Client, LocalCluster
        except ImportError as error:
            raise OptionError(
                "Workers need the package 'distributed', which is not installed; install it with pip install "
                "'magnet-geo[dask]'."
            ) from error
        with ExitStack() as opened:
            if self._place.local:
                where: Any = opened.enter_context(self._local_cluster(LocalCluster))
            else:
                where = self._place.address
            try:
                self._client = opened.enter_context(Client(where, set_as_default=False, timeout=_SECONDS_TO_CONNECT))
            except (OSError, TimeoutError) as error:
                raise ClusterError(
                    f"No Dask scheduler answers at '{where}'; start one with 'dask scheduler', or check the address."
                ) from error
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client = None
        self._opened.__exit__(kind, error, trace)

    def _local_cluster(self, cluster: type[LocalCluster]) -> LocalCluster:
        """Processes of this machine of which nothing listens beyond it.

        By itself Dask (distributed 2026.8) serves its dashboard on all interfaces: anybody in the network reads it.
        """
        wanted = _DASHBOARD if self._with_dashboard else _ANY_PORT
        with warnings.catch_warnings():
            # Another cluster has the port: Dask takes the next one.
            warnings.filterwarnings("ignore", message="Port .* is already in use")
            return cluster(
                n_workers=self._place.local,
                threads_per_worker=1,
                # A worker's memory is planned by the run itself; the nanny would kill what torch has taken.
                memory_limit=0,
                preload=[_IGNORE_CTRL_C],
                host=_HERE,
                dashboard_address=wanted,
                worker_dashboard_address=_ANY_PORT,
                scheduler_kwargs={"dashboard": self._with_dashboard, "dashboard_address": wanted},
            )

    @property
    def dashboard(self) -> str | None:
        """Address of the page that shows what the workers of this machine do; None elsewhere, or without one."""
        client = self._open_client
        if not self._place.local or not self._with_dashboard or client.cluster is None:
            return None
        return f"http://{_HERE}:{client.cluster.scheduler_info['services']['dashboard']}/status"

    @property
    def count(self) -> int:
        """How many workers there are now, at least 1: some may still be on their way."""
        return max(1, self._place.local, len(self._open_client.nthreads()))

    def run(
        self,
        task: PassTask,
        shards: Sequence[Shard],
        *,
        cancel: CancelToken,
        on_windows: Callable[[int], None],
    ) -> list[dict[str, str]]:
        """Run a pass.

        Args:
            task: What all shards share.
            shards: The rows.
            cancel: Stops all workers.
            on_windows: Told, in this thread, how many windows more are finished.

        Returns:
            What may change the last digits of the numbers, for each shard.

        Raises:
            MagnetGeoError: A shard failed.
            CancelledError: The token was raised.
        """
        client, finished = self._open_client, queue.SimpleQueue[int]()
        topic, scene, unique = f"magnet-geo-{task.token}", _key_part(task.plan.description.name), uuid4().hex[:6]
        client.subscribe_topic(topic, lambda event: finished.put(event[1]["windows"]))
        futures: list[Future] = []
        try:
            for shard in shards:
                key = f"{scene}-{_VERBS[task.name]}-rows-{shard.number}-{unique}"
                futures.append(client.submit(_on_worker, task, shard, topic, key=key, pure=False))
            segmented = list(futures)
            for above, own, shard in zip([None, *segmented], segmented, shards, strict=False):
                key = f"{scene}-join-rows-{shard.number}-{unique}"
                futures.append(client.submit(_join_on_worker, task, shard, above, own, key=key, pure=False))
            _follow(futures, finished, cancel, on_windows)
            return [future.result() for future in segmented]
        except BaseException:
            task.owner.unlink(missing_ok=True)
            _drain(client, futures)
            raise
        finally:
            client.unsubscribe_topic(topic)

    @property
    def _open_client(self) -> Client:
        if self._client is None:
            raise RuntimeError("Workers are used within a with block.")
        return self._client


_VERBS = {"map": "segment", "coarse": "coarse"}


def _on_worker(task: PassTask, shard: Shard, topic: str) -> dict[str, str] | MagnetGeoError:
    """Errors with a sentence are handed back: raised, each worker would log where they come from."""
    from distributed import get_worker

    worker = get_worker()
    try:
        return run_shard(task, shard, lambda windows: worker.log_event(topic, {"windows": windows}))
    except MagnetGeoError as error:
        return error


def _join_on_worker(task: PassTask, shard: Shard, above: object, own: object) -> MagnetGeoError | None:
    """Runs once both shards are finished, for it waits for their results; the first one has none above."""
    if isinstance(above, MagnetGeoError) or isinstance(own, MagnetGeoError):
        return None
    try:
        join_shard(task, shard)
    except MagnetGeoError as error:
        return error
    return None


def _follow(
    futures: Sequence[Future],
    finished: queue.SimpleQueue[int],
    cancel: CancelToken,
    on_windows: Callable[[int], None],
) -> None:
    from distributed import KilledWorker

    waiting = list(futures)
    while waiting:
        with suppress(queue.Empty):
            on_windows(finished.get(timeout=_SECONDS_BETWEEN_LOOKS))
        cancel.raise_if_cancelled()
        for future in [future for future in waiting if future.done()]:
            waiting.remove(future)
            try:
                outcome = future.result()
            except KilledWorker as error:
                raise ClusterError(
                    "Several workers died, one after the other, on the same rows of the scene; they may lack memory: "
                    "take fewer workers, or set `max_memory`."
                ) from error
            except LostError as error:
                raise ClusterError("The Dask scheduler is gone; start it again.") from error
            if isinstance(outcome, CancelledError):
                raise ClusterError("Another run took over the output; wait for its end.")
            if isinstance(outcome, MagnetGeoError):
                raise outcome


def _drain(client: Client, futures: Sequence[Future]) -> None:
    """Let running shards notice that the run has ended, so that none works on behind its back."""
    until = time.monotonic() + _SECONDS_TO_STOP
    while client.status == "running" and time.monotonic() < until and not all(future.done() for future in futures):
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    for future in futures:
        future.release()


def _key_part(name: str) -> str:
    """A scene's name as the dashboard's first word: letters and digits, for it splits names at dashes."""
    return "".join(letter if letter.isalnum() else "_" for letter in name.rsplit(".", 1)[0]) or "scene"
