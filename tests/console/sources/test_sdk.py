"""Two sources load the docker SDK in two threads: a status must never fail of that."""

from __future__ import annotations

import subprocess
import sys

TOGETHER = """
import sys, threading
sys.setswitchinterval(1e-6)
from console.sources.docker.sdk import load_sdk
failed, start = [], threading.Barrier(2)
def load(module):
    start.wait()
    try:
        load_sdk()
        __import__(module)
    except ImportError as error:
        failed.append(error)
modules = "console.sources.docker.engine_api", "console.sources.logs.engine"
threads = [threading.Thread(target=load, args=(module,)) for module in modules]
[t.start() for t in threads], [t.join() for t in threads]
sys.exit(str(failed) if failed else 0)
"""


def test_the_sdk_is_loaded_by_one_thread_at_a_time() -> None:
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", TOGETHER], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
