"""The canary: tries to get out of the sandbox before any code of a submission is in it.

A sandbox that starts is not yet one that holds. Each attempt here must fail; the trusted side
prepares what there is to reach, and asks afterwards whether a process was left behind.
"""

import os
import resource
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

MOST_PROCESSES = 8
"""That a sandbox has before it does anything: bubblewrap's, the worker, the canary's own."""


@dataclass(frozen=True)
class Bait:
    """What there is to reach outside."""

    file: str
    """A file that any user may read, in a folder in which any user may write."""
    port: int
    """A TCP port of the loopback interface."""
    process: int
    """The id of the trusted process."""


@contextmanager
def laid_out() -> Iterator[Bait]:
    """Bait that really is there; the trusted side's part."""
    with TemporaryDirectory(prefix="canary-") as folder, socket.socket() as listener:
        Path(folder).chmod(0o777)
        file = Path(folder) / "secret"
        file.write_text("a canary")
        file.chmod(0o666)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield Bait(str(file), listener.getsockname()[1], os.getpid())


def escapes(bait: Bait) -> list[str]:
    """What could be done that must not be possible, in words; the sandbox's part."""
    attempts: dict[str, Callable[[], object]] = {
        "read a file outside": lambda: Path(bait.file).read_bytes(),
        "write outside": lambda: Path(bait.file).with_name("written").touch(),
        "write into its own root": lambda: _write_and_remove(Path("/written-by-a-canary")),
        "write into the given code": lambda: _write_and_remove(Path(__file__).with_name("written")),
        "connect to a port outside": lambda: socket.create_connection(
            ("127.0.0.1", bait.port), timeout=1
        ),
        "read the memory of its parent": lambda: Path(f"/proc/{bait.process}/environ").read_bytes(),
        "signal its parent": lambda: _signal(bait.process),
        "see other processes": _see_others,
        "be root": _be_root,
        "raise its limits": _raise_limits,
    }
    done = []
    for what, attempt in attempts.items():
        with suppress(OSError, ValueError, _NotPossible):
            attempt()
            done.append(what)
    return done


def leave_a_process_behind(keep: tuple[int, ...]) -> None:
    """Start a process that outlives its parent, with only the output and nothing of `keep` open."""
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    for end in keep:
        os.close(end)
    while True:
        time.sleep(3600)


class _NotPossible(Exception):
    """As it should be."""


def _own(process: int) -> bool:
    """Whether a process id is one of the sandbox's own: ids begin anew in there."""
    return Path(f"/proc/{process}").exists()


def _signal(process: int) -> None:
    if _own(process):
        raise _NotPossible
    os.kill(process, 0)  # no signal; only whether one could be sent


def _write_and_remove(path: Path) -> None:
    path.touch()
    path.unlink()


def _see_others() -> None:
    if sum(path.name.isdigit() for path in Path("/proc").iterdir()) <= MOST_PROCESSES:
        raise _NotPossible


def _be_root() -> None:
    status = Path("/proc/self/status").read_text()
    capabilities = next(line for line in status.splitlines() if line.startswith("CapEff"))
    if os.geteuid() != 0 and int(capabilities.split()[1], 16) == 0:
        raise _NotPossible


def _raise_limits() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    resource.setrlimit(resource.RLIMIT_NPROC, (hard + 1, hard + 1))
