"""Grading on a Dask cluster that is already running; Dask is an optional extra.

Scheduler and workers need the course and the submissions under the same paths, as on a shared file
system; the workers need bubblewrap.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from grading.errors import GraderError
from grading.solution import ROOT

PATIENCE = 10
"""Seconds for a scheduler to answer."""


class NoCluster(GraderError):
    """There is no cluster to be had; the message says what to do."""


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """An executor whose work a running scheduler hands out: `tcp://host:8786`. Raises NoCluster."""
    try:
        import distributed
    except ImportError as error:
        raise NoCluster("--scheduler needs Dask: pip install '.[cluster]'") from error
    try:
        client = distributed.Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise NoCluster(f"no Dask scheduler answers at {address}: {error}") from error
    root = str(ROOT)

    def find_course() -> None:
        if root not in sys.path:
            sys.path.insert(0, root)

    class OfWorker(distributed.WorkerPlugin):
        """Lets a worker find the course, wherever it was started."""

        def setup(self, worker: Any) -> None:  # noqa: ARG002 - Dask's interface
            find_course()

    class OfScheduler(distributed.SchedulerPlugin):
        """The same for the scheduler, which looks into what it hands out."""

        async def start(self, scheduler: Any) -> None:  # noqa: ARG002 - Dask's interface
            find_course()

    with client:
        for plugin in (OfScheduler(), OfWorker()):
            client.register_plugin(plugin, name=f"course {type(plugin).__name__}")
        with client.get_executor() as executor:
            yield executor
