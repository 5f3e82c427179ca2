"""Patches come one by one, few at once; what can wait, waits; and nothing goes on behind anybody's back."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time

import pytest
import torch

from magnet_geo.compute.patch_executor import PatchExecutor, threads_per_patch


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("max_workers", [1, 2, 3])
def test_every_item_is_done_once_and_no_more_of_them_at_a_time_than_asked(
    threads: int, max_workers: int, ordered: bool
) -> None:
    running, most, done = 0, 0, list[int]()
    lock = threading.Lock()

    def work(item: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        # The first of three is the last to be done.
        time.sleep(0.006 if item % 3 == 0 else 0.001)
        with lock:
            running -= 1
            done.append(item)
        return 10 * item

    executor = PatchExecutor(max_workers)
    found = list((executor.imap if ordered else executor.imap_unordered)(work, range(12)))
    assert (found if ordered else sorted(found)) == [10 * item for item in range(12)]
    assert sorted(done) == list(range(12))
    assert most <= min(max_workers, threads)


@pytest.mark.parametrize("max_workers", [1, 2])
def test_results_in_order_do_not_pile_up(max_workers: int) -> None:
    taken, ahead = 0, list[int]()

    def work(item: int) -> None:
        ahead.append(item - taken)

    for _ in PatchExecutor(max_workers).imap(work, range(12)):
        time.sleep(0.002)
        taken += 1
    assert len(ahead) == 12
    assert max(ahead) <= max_workers


def test_each_patch_has_its_share_of_the_threads_and_no_gradients(threads: int) -> None:
    seen: set[tuple[int, int, bool]] = set()

    def note(item: int) -> None:
        seen.add((torch.get_num_threads(), threads_per_patch(2), torch.is_inference_mode_enabled()))

    expected = max(1, threads // 2)
    assert threads_per_patch(2) == expected
    list(PatchExecutor(2).imap_unordered(note, range(8)))
    assert seen == {(expected, expected, True)}
    assert torch.get_num_threads() == threads


def test_what_a_patch_does_to_the_threads_of_torch_is_not_for_threads_to_come(threads: int) -> None:
    def lay_out(item: int) -> None:
        before = torch.get_num_threads()
        torch.set_num_threads(before + 2)
        torch.set_num_threads(before)

    list(PatchExecutor(2).imap_unordered(lay_out, range(4)))
    found = list[int]()
    later = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert found == [threads]


def test_an_executor_matches_until_the_number_of_threads_changes(threads: int) -> None:
    executor = PatchExecutor(2)
    assert executor.matches(2)
    assert not executor.matches(1)
    torch.set_num_threads(threads + 1)
    assert not executor.matches(2)


def test_what_can_wait_comes_after_what_cannot() -> None:
    executor, order, begun, go_on = PatchExecutor(1), list[int](), threading.Event(), threading.Event()

    def work(item: int) -> None:
        begun.set()
        assert go_on.wait(5)
        order.append(item)

    calls = [
        threading.Thread(
            target=lambda items=items, priority=priority: list(executor.imap_unordered(work, items, priority=priority))
        )
        for items, priority in (([0], 0), ([6, 7], 2), ([4, 5], 1), ([1, 2, 3], 0))
    ]
    for call in calls:
        call.start()
        # The first is being done when the others come, which are told apart by their priority alone.
        assert begun.wait(5)
    for _ in range(5000):
        if executor._jobs.qsize() == 7:
            break
        time.sleep(0.001)
    go_on.set()
    for call in calls:
        call.join()
    assert order == list(range(8))


@pytest.mark.parametrize("ordered", [True, False])
def test_an_error_is_raised_and_the_rest_is_dropped(ordered: bool) -> None:
    done: list[int] = []

    def work(item: int) -> None:
        if item == 2:
            raise RuntimeError("broken patch")
        done.append(item)
        time.sleep(0.005)

    executor = PatchExecutor(1)
    with pytest.raises(RuntimeError, match="broken patch"):
        list((executor.imap if ordered else executor.imap_unordered)(work, range(100)))
    count = len(done)
    assert count < 100
    assert list(executor.imap_unordered(done.append, [100])) == [None]
    assert len(done) == count + 1


@pytest.mark.parametrize("ordered", [True, False])
def test_nothing_goes_on_once_nobody_asks_any_more(ordered: bool) -> None:
    done: list[int] = []

    def work(item: int) -> None:
        time.sleep(0.002)
        done.append(item)

    executor = PatchExecutor(2)
    results = (executor.imap if ordered else executor.imap_unordered)(work, range(50))
    next(results)
    results.close()
    count = len(done)
    time.sleep(0.02)
    assert len(done) == count < 50


def test_threads_end_with_their_executor() -> None:
    def alive() -> int:
        return sum(thread.name == "patch" and thread.is_alive() for thread in threading.enumerate())

    gc.collect()
    before = alive()
    executor = PatchExecutor(2)
    assert alive() > before
    del executor
    for _ in range(200):
        if alive() <= before:
            break
        time.sleep(0.005)
    assert alive() <= before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_an_executor_goes_on_in_a_process_forked_from_its_own(threads: int) -> None:
    executor = PatchExecutor(2)
    assert list(executor.imap(lambda item: item + 1, range(3))) == [1, 2, 3]
    child = os.fork()
    if child == 0:
        # Whatever goes wrong: no second run of pytest.
        try:
            works = not executor.matches(2) and list(executor.imap(lambda item: item + 1, range(9))) == [*range(1, 10)]
            works = works and sorted(executor.imap_unordered(lambda item: -item, range(3))) == [-2, -1, 0]
            works = works and executor.matches(2)
            del executor
            gc.collect()
            os._exit(0 if works else 1)
        finally:
            os._exit(2)
    deadline = time.monotonic() + 20
    while (ended := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    if ended[0] == 0:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        pytest.fail("the forked process hangs")
    assert os.waitstatus_to_exitcode(ended[1]) == 0
    assert list(executor.imap(lambda item: item + 1, range(3))) == [1, 2, 3]
