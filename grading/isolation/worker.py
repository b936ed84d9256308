"""The worker: plays cases with a submission, in the sandbox.

    python grading/isolation/worker.py EXERCISES DEVICE IN OUT

It is as hostile as the code that it runs, and nobody believes what it says of itself.
"""

import os
import resource
import sys
from pathlib import Path

COURSE = Path(__file__).resolve().parents[2]

ADDRESS_SPACE = 3 * 2**30
FILE_BYTES = 64 * 2**20
PROCESSES = 8
"""Threads count too; bubblewrap's own, the canary's and the worker are three."""
CPU_SECONDS = 900
NICENESS = 10


def main(arguments: list[str]) -> None:
    """Set limits, try to escape, then answer requests until the wire is closed."""
    from grading.isolation.canary import Bait, escapes, leave_a_process_behind
    from grading.isolation.codec import from_plain
    from grading.isolation.wire import Channel

    exercises, device = Path(arguments[0]), arguments[1]
    incoming, outgoing = map(int, arguments[2:])
    _limit(device)
    channel = Channel(incoming, outgoing)
    bait = from_plain(Bait, channel.receive())
    leave_a_process_behind((incoming, outgoing))
    channel.send(escapes(bait))

    from grading.isolation.plays import serve  # imports torch: seconds

    channel.send("ready")
    serve(channel, exercises, device)


def _limit(device: str) -> None:
    """What a process may use at most; nothing that runs in it can raise these again."""
    limits = {
        resource.RLIMIT_NPROC: PROCESSES,
        resource.RLIMIT_FSIZE: FILE_BYTES,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_CORE: 0,
    }
    if device == "cpu":  # CUDA reserves address space far beyond what it uses
        limits[resource.RLIMIT_AS] = ADDRESS_SPACE
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
    # Whoever burns processors or memory shall not hold up those who decide.
    os.nice(NICENESS)
    Path("/proc/self/oom_score_adj").write_text("1000")


if __name__ == "__main__":
    sys.path.insert(0, str(COURSE))  # an isolated Python finds only what is installed
    main(sys.argv[1:])
