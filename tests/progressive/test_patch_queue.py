"""Patches come one by one, few at once; what can wait, waits; and nothing goes on behind anybody's back."""

from __future__ import annotations

import threading
import time

import pytest
import torch

from magnet_geo.progressive import PatchQueue
from magnet_geo.progressive.patch_queue import threads_of_a_patch


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_every_item_is_done_once_and_no_more_of_them_at_a_time_than_asked(threads: int, at_once: int) -> None:
    running, most, done = 0, 0, list[int]()
    lock = threading.Lock()

    def work(item: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.002)
        with lock:
            running -= 1
            done.append(item)

    told = list(PatchQueue(at_once).each(work, range(12)))
    assert sorted(done) == sorted(told) == list(range(12))
    assert most <= min(at_once, threads)


def test_each_patch_has_its_share_of_the_threads_and_no_gradients(threads: int) -> None:
    seen: set[tuple[int, int, bool]] = set()

    def note(item: int) -> None:
        seen.add((torch.get_num_threads(), threads_of_a_patch(2), torch.is_inference_mode_enabled()))

    expected = max(1, threads // 2)
    assert threads_of_a_patch(2) == expected
    list(PatchQueue(2).each(note, range(8)))
    assert seen == {(expected, expected, True)}
    assert torch.get_num_threads() == threads


def test_what_a_patch_does_to_the_threads_of_torch_is_not_for_threads_to_come(threads: int) -> None:
    def lay_out(item: int) -> None:
        before = torch.get_num_threads()
        torch.set_num_threads(before + 2)
        torch.set_num_threads(before)

    list(PatchQueue(2).each(lay_out, range(4)))
    found = list[int]()
    later = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert found == [threads]


def test_a_queue_fits_until_the_number_of_threads_changes(threads: int) -> None:
    queue = PatchQueue(2)
    assert queue.fits(2)
    assert not queue.fits(1)
    torch.set_num_threads(threads + 1)
    assert not queue.fits(2)


def test_what_can_wait_comes_after_what_cannot() -> None:
    queue, order, begun, go_on = PatchQueue(1), list[int](), threading.Event(), threading.Event()

    def work(item: int) -> None:
        begun.set()
        assert go_on.wait(5)
        order.append(item)

    calls = [
        threading.Thread(target=lambda items=items, after=after: list(queue.each(work, items, after=after)))
        for items, after in (([0], 0), ([6, 7], 2), ([4, 5], 1), ([1, 2, 3], 0))
    ]
    for call in calls:
        call.start()
        # The first is being done when the others come, which are told apart by what they come after alone.
        assert begun.wait(5)
    for _ in range(5000):
        if queue._jobs.qsize() == 7:
            break
        time.sleep(0.001)
    go_on.set()
    for call in calls:
        call.join()
    assert order == list(range(8))


def test_an_error_is_raised_and_the_rest_is_dropped() -> None:
    done: list[int] = []

    def work(item: int) -> None:
        if item == 2:
            raise RuntimeError("broken patch")
        done.append(item)
        time.sleep(0.005)

    queue = PatchQueue(1)
    with pytest.raises(RuntimeError, match="broken patch"):
        list(queue.each(work, range(100)))
    count = len(done)
    assert count < 100
    assert list(queue.each(done.append, [100])) == [100]
    assert len(done) == count + 1


def test_nothing_goes_on_once_nobody_asks_any_more() -> None:
    done: list[int] = []

    def work(item: int) -> None:
        time.sleep(0.002)
        done.append(item)

    items = PatchQueue(2).each(work, range(50))
    next(items)
    items.close()
    count = len(done)
    time.sleep(0.02)
    assert len(done) == count < 50


def test_threads_end_with_their_queue() -> None:
    def alive() -> int:
        return sum(thread.name == "patch" and thread.is_alive() for thread in threading.enumerate())

    before = alive()
    queue = PatchQueue(2)
    assert alive() > before
    del queue
    for _ in range(200):
        if alive() <= before:
            break
        time.sleep(0.005)
    assert alive() <= before
