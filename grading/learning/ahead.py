"""An iterator that is worked off in a process of its own, so that both cores are used."""

import gc
import os
import sys
import time
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from typing import TypeVar

import torch

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds that nothing may come for ..."""
MORE_PATIENCE = 3.0
"""... or so many times as long as it has taken so far."""


def core_to_spare() -> bool:
    """Whether a second process is cheap to start here, and has a core that nobody waits for.

    Only on Linux a process is forked safely beside torch; a process of a pool has no core to spare.
    """
    return sys.platform == "linux" and parent_process() is None and len(os.sched_getaffinity(0)) > 1


@contextmanager
def ahead(make: Callable[[], Generator[T, None, None]]) -> Iterator[Iterator[T]]:
    """The items of `make()`, from another process, which ends with the context.

    If that process dies, raises or stands still, the items that are missing are made here, so that
    what happened there happens here, where it can be seen. `make()` has to give the same each time.
    """
    context = get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, make), daemon=True)
    with warnings.catch_warnings():
        # Python warns of threads: numpy's and torch's, which wait, as they do where data is loaded.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    theirs.close()
    try:
        with closing(_items(ours, make)) as items:
            yield items
    finally:
        process.kill()
        process.join()
        ours.close()


def _work(pipe: Connection, make: Callable[[], Iterator[object]]) -> None:
    torch.set_num_threads(1)  # threads are not there after a fork
    gc.freeze()  # what was there before is not looked through, and so not copied
    try:
        for item in make():
            pipe.send((item,))
        pipe.send(())
    except BaseException:  # noqa: BLE001 - it is made again where it can be seen
        os._exit(1)


def _items(
    pipe: Connection, make: Callable[[], Generator[T, None, None]]
) -> Generator[T, None, None]:
    begun = time.monotonic()
    received = 0
    while pipe.poll(max(PATIENCE, MORE_PATIENCE * (time.monotonic() - begun))):
        try:
            message = pipe.recv()
        except EOFError:
            break
        if not message:
            return
        yield message[0]
        received += 1
    with closing(make()) as again:
        yield from islice(again, received, None)
