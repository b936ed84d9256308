"""The sandbox: a Python in bubblewrap, without network, repository, home, or a way to its parent.

What a worker sees: the interpreter, `lesson/`, the part of `grading/` that it runs, the files that
were taken in from a submission, all read-only, and an empty, small /tmp. It runs as an ordinary
user: as root, which no limit on processes binds, an outer bubblewrap makes the same files visible
to an unused user id, and everything else happens as that user.
"""

import os
import platform
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

from grading.errors import GraderError
from grading.isolation.wire import Channel
from grading.solution import ROOT

COURSE = Path("/course")
SUBMISSION = Path("/submission/exercises")
"""Where a worker finds the course's own code, and the `exercises/` of the submission."""

GIVEN = (
    "lesson",
    "grading/__init__.py",
    "grading/cases.py",
    "grading/environments.py",
    "grading/errors.py",
    "grading/optimizers.py",
    "grading/outcome.py",
    "grading/probes",
    "grading/solution.py",
    "grading/text.py",
    "grading/isolation/__init__.py",
    "grading/isolation/canary.py",
    "grading/isolation/codec.py",
    "grading/isolation/plays.py",
    "grading/isolation/proxy.py",
    "grading/isolation/wire.py",
    "grading/isolation/worker.py",
)
"""All of the repository that a worker is given: nothing that knows a right answer."""

TMP_BYTES = 64 * 2**20
SHM_BYTES = 2**20
KEPT_OUTPUT = 8_192
"""Bytes of a worker's output that are kept: its end."""
FIRST_USER, USERS = 60_100, 800
"""User ids to run as when started by root: below systemd's, above people's."""

INSTALL = "install it (Debian, Ubuntu: sudo apt-get install bubblewrap)"
SWITCH_ON = (
    "unprivileged user namespaces are blocked here; on Ubuntu 24.04: "
    "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
)


class NoSandbox(GraderError):
    """There is no sandbox to be had here; the message says what to install or switch on."""


@cache
def require_sandbox() -> str:
    """The path of a bubblewrap that works. Raises NoSandbox."""
    if platform.system() != "Linux":
        raise NoSandbox(
            f"isolation needs Linux and bubblewrap, and this is {platform.system()}: grade on a "
            "Linux machine, or in WSL 2 or a virtual machine"
        )
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise NoSandbox(f"isolation needs bubblewrap, and there is no bwrap here: {INSTALL}")
    tried = subprocess.run(  # noqa: S603 - our own arguments
        _command(bwrap, (), [sys.executable, "-I", "-S", "-c", ""]),
        env={},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if tried.returncode != 0:
        said = tried.stderr.decode("utf-8", "replace").strip()
        raise NoSandbox(f"bubblewrap cannot make a sandbox here ({said}): {SWITCH_ON}")
    return bwrap


class Sandboxed:
    """A Python in a sandbox, and the channel to it."""

    def __init__(
        self, binds: Sequence[tuple[Path, Path]], arguments: Sequence[str], *, gpu: bool = False
    ) -> None:
        """Start `python ARGUMENTS` with further (source, destination) read-only binds.

        It is given two file descriptors as its last arguments: to read from, and to write to.
        With `gpu`, it sees NVIDIA's devices.
        """
        bwrap = require_sandbox()
        to_read, ours_out = os.pipe()
        ours_in, to_write = os.pipe()
        ends = (to_read, to_write)
        python = [sys.executable, "-I", "-B", *arguments, *map(str, ends)]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own arguments
                _command(bwrap, binds, python, gpu=gpu),
                env={},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=ends,
                start_new_session=True,
            )
        finally:
            for end in ends:
                os.close(end)
        self.channel = Channel(ours_in, ours_out)
        self._stopped = False
        self._output: deque[bytes] = deque(maxlen=1)
        assert self._process.stdout is not None
        self._drained = threading.Thread(
            target=_drain, args=(self._process.stdout, self._output), daemon=True
        )
        self._drained.start()

    def output(self) -> str:
        """The end of what it printed."""
        return b"".join(self._output).decode("utf-8", "replace")

    def exit_code(self, patience: float) -> int | None:
        """How it ended; None if it is still there after so many seconds."""
        try:
            return self._process.wait(patience)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> bool:
        """Kill everything in the sandbox; whether all of it has gone. Once is enough.

        Whatever runs in there holds the output's pipe, so its end is the end of them all.
        """
        if self._stopped:
            return True
        self._stopped = True
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._drained.join(timeout=10)
        gone = not self._drained.is_alive()
        if gone and self._process.stdout is not None:
            self._process.stdout.close()
        self.channel.close()
        return gone


def _drain(output: IO[bytes], kept: deque[bytes]) -> None:
    last = b""
    while chunk := os.read(output.fileno(), 65_536):
        last = (last + chunk)[-KEPT_OUTPUT:]
        kept.append(last)


def _command(
    bwrap: str, binds: Sequence[tuple[Path, Path]], python: Sequence[str], *, gpu: bool = False
) -> list[str]:
    """The command line that runs `python` in the sandbox."""
    seen = [*((path, path) for path in _interpreter()), *binds]
    seen += [(ROOT / given, COURSE / given) for given in GIVEN]
    inner = [
        bwrap,
        "--unshare-all",
        "--unshare-user",
        *(["--disable-userns"] if _knows(bwrap, "--disable-userns") else []),
        "--die-with-parent",
        "--new-session",
        *("--cap-drop", "ALL"),
        "--clearenv",
        *("--setenv", "HOME", "/tmp"),  # noqa: S108 - the sandbox's own
        *("--setenv", "OMP_NUM_THREADS", "1", "--setenv", "OPENBLAS_NUM_THREADS", "1"),
        *_tmpfs("/tmp", TMP_BYTES),  # noqa: S108 - the sandbox's own
    ]
    devices = ["--dev", "/dev", *_tmpfs("/dev/shm", SHM_BYTES)]  # noqa: S108 - the sandbox's own
    for device in sorted(map(str, Path("/dev").glob("nvidia*"))) if gpu else ():
        devices += ["--dev-bind", device, device]
    last = ["--proc", "/proc", *devices]
    last += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", "--", *python]  # noqa: S108
    if os.getuid() != 0:
        return [*inner, *_visible(seen), *last]
    user = str(FIRST_USER + secrets.randbelow(USERS))
    setpriv, unshare = shutil.which("setpriv"), shutil.which("unshare")
    if setpriv is None or unshare is None:
        raise NoSandbox("to grade as root, setpriv and unshare are needed: install util-linux")
    tools = [(Path(tool), Path(tool)) for tool in (bwrap, setpriv)]
    # What was bound once already lies where it has to be.
    again = [(there, there) for _, there in seen]
    # No signal of a parent's death reaches another user's process, but a pid namespace ends with
    # its first process, whoever the others belong to.
    outer = [setpriv, "--pdeathsig=KILL", unshare, "--pid", "--fork", "--kill-child"]
    outer += ["--mount-proc", bwrap, *_tmpfs("/tmp", TMP_BYTES), *_visible([*seen, *tools])]  # noqa: S108
    outer += ["--bind", "/proc", "/proc", *devices, "--", setpriv]
    outer += [f"--reuid={user}", f"--regid={user}", "--clear-groups", "--inh-caps=-all"]
    outer += ["--bounding-set=-all", "--no-new-privs", "--"]
    return [*outer, *inner, *_visible(again), *last]


def _tmpfs(path: str, size: int) -> list[str]:
    return ["--size", str(size), "--perms", "0755", "--tmpfs", path]


def _visible(binds: Iterable[tuple[Path, Path]]) -> list[str]:
    """Options that bind read-only, in folders that every user may pass through."""
    options: list[str] = []
    made = {Path("/"), Path("/tmp")}  # noqa: S108 - the sandbox's own
    for source, there in binds:
        for parent in reversed(there.parents):
            if parent not in made:
                made.add(parent)
                options += ["--perms", "0755", "--dir", str(parent)]
        made.add(there)
        options += ["--ro-bind", str(source), str(there)]
    return options


@cache
def _interpreter() -> tuple[Path, ...]:
    """What Python needs to run: its prefixes (an environment's python is a link), and libraries."""
    system = [Path("/usr/lib"), Path("/usr/lib64"), Path("/lib"), Path("/lib64")]
    system.append(Path("/etc/ld.so.cache"))
    prefixes = [Path(prefix) for prefix in dict.fromkeys((sys.base_prefix, sys.prefix))]
    wanted = [path for path in (*system, *prefixes) if path.exists()]
    return tuple(
        path
        for path in wanted
        if not any(other in path.parents for other in wanted if other != path)
    )


@cache
def _knows(bwrap: str, option: str) -> bool:
    """Whether this version of bubblewrap has an option."""
    done = subprocess.run([bwrap, "--help"], capture_output=True, text=True, check=False)  # noqa: S603
    return option in done.stdout + done.stderr
