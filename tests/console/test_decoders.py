"""Types that threads use for the first time at once: a process that lives, with every answer right."""

from __future__ import annotations

import subprocess
import sys

PROCESSES = 3
FIRST_USE = """
import sys, threading
from console.sources.kubernetes import kinds
from console.sources.kubernetes.contexts import _File
from console.decoders import converted

sys.setswitchinterval(1e-6)
together, found = threading.Barrier(4), []

def read():
    together.wait()
    converted({"current-context": "x"}, _File)
    for kind in kinds.KINDS:
        (one,) = kinds.read_list(kind, "c", b'{"items":[{"metadata":{"name":"x"}}]}').items
        found.append(one.name)

threads = [threading.Thread(target=read) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(found))
"""
"""Without care in `console.decoders` it ends by a signal, every time."""


def test_clusters_that_answer_at_once_end_no_process() -> None:
    for _ in range(PROCESSES):  # a first time is once in a process
        done = subprocess.run([sys.executable, "-c", FIRST_USE], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "60\n"
