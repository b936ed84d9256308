"""A pytest plugin of the children of a session: a child does not outlive the grader it works for.

A grader that is told to end stops its children itself; one that is killed cannot.
"""

import ctypes
import platform
import signal

_PR_SET_PDEATHSIG = 1
"""Of prctl(2)."""


def pytest_configure() -> None:
    """Ask the kernel, where it is Linux."""
    if platform.system() == "Linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
