"""How many threads a call works on where nobody says it."""

from __future__ import annotations

import os
import threading


def for_reading() -> int:
    """All processors in a program's main thread; one in others and in the processes of pools, which are as many as they are to be."""
    import multiprocessing

    is_part = threading.current_thread() is not threading.main_thread() or multiprocessing.parent_process() is not None
    return 1 if is_part else allowed()


def allowed() -> int:
    """The processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
