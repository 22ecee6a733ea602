"""Credential plugins of a kubeconfig: run without a terminal, within a time, and ended with the console."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from console.decoders import decoder
from console.errors import Refused
from console.text import clean, decode

PLUGIN_LIMIT = 20.0
"""Seconds a plugin may take: it may have to ask a cloud."""
OUTPUT_LIMIT = 1 << 20
"""Bytes of a credential; one who prints more is ended."""
COMPLAINT = 4000
"""Bytes kept of what it says last on its error output."""


class Credential(msgspec.Struct, rename="camel"):
    """What a plugin gives: a token, or a certificate and its key."""

    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""
    expiration_timestamp: datetime | None = None


class _Given(msgspec.Struct, rename="camel"):
    api_version: str = ""
    status: Credential | None = None


class Plugin:
    """One context's `exec`; blocks, and `stop` from another thread ends what is running."""

    def __init__(self, said: Mapping[str, Any], cluster: Mapping[str, Any]) -> None:
        self._said = said
        self._cluster = cluster
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    @property
    def program(self) -> str:
        """Its name for people; the arguments may hold secrets."""
        return clean(os.path.basename(str(self._said.get("command") or "")), 80)

    def run(self) -> Credential:
        """Ask it once. Raises Refused, which never repeats what it printed on its output."""
        program = self.program
        if self._said.get("interactiveMode") == "Always":
            raise Refused(
                f"credential plugin {program} wants a terminal", "log in by it in a shell, then retry"
            )
        try:
            self._process = process = subprocess.Popen(  # noqa: S603 the user's own kubeconfig names it
                [str(self._said.get("command")), *map(str, self._said.get("args") or ())],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # no controlling terminal: it must not prompt across the screen
            )
        except (AttributeError, TypeError) as error:
            reason = f"credential plugin {program} cannot be started as exec says: {type(error).__name__}"
            raise Refused(reason, "args and env under exec in the kubeconfig are lists: mend them") from None
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            hint = clean(str(self._said.get("installHint") or ""), 200)
            raise Refused(
                f"credential plugin {program}: {why}", hint or "install it, or correct its path"
            ) from None
        try:
            if self._stopped:
                self.stop()
            out, err = _said_by(process)
        except subprocess.TimeoutExpired:
            self.stop()
            process.wait()
            reason = f"credential plugin {program} took more than {PLUGIN_LIMIT:g} s"
            raise Refused(reason, "log in by it in a shell, then retry") from None
        except OverflowError:
            self.stop()
            process.wait()
            reason = f"credential plugin {program} printed more than {OUTPUT_LIMIT >> 20} MB"
            raise Refused(reason, "run it in a shell to see what it prints") from None
        finally:
            self._process = None
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
        if process.returncode:
            last = decode(err[-2000:].strip().rpartition(b"\n")[2], 200)
            reason = f"credential plugin {program} ended with status {process.returncode}"
            raise Refused(
                f"{reason}: {last}" if last else reason, "run kubectl get pods in a shell to see why"
            )
        return self._given(out)

    def stop(self) -> None:
        """End it and what it has started, if it runs."""
        self._stopped = True
        process = self._process
        if process is not None:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except (OSError, ProcessLookupError):
                pass  # it has ended meanwhile

    def _given(self, out: bytes) -> Credential:
        fix = "run it in a shell to see what it prints"
        try:
            given = decoder(_Given).decode(out)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Refused(f"credential plugin {self.program} printed no ExecCredential", fix) from None
        wanted = self._said.get("apiVersion")
        if given.api_version != wanted:
            reason = f"credential plugin {self.program} speaks {given.api_version}, not {wanted}"
            raise Refused(reason, "mend apiVersion under exec in the kubeconfig")
        status = given.status
        if status is None or not (
            status.token or (status.client_certificate_data and status.client_key_data)
        ):
            raise Refused(f"credential plugin {self.program} gave no credential", fix)
        return status

    def _environment(self) -> dict[str, str]:
        spec: dict[str, Any] = {"interactive": False}
        if self._said.get("provideClusterInfo"):
            keys = (
                "server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data",
                "proxy-url",
            )  # fmt: skip
            spec["cluster"] = {key: self._cluster[key] for key in keys if key in self._cluster}
            for one in self._cluster.get("extensions") or ():
                if isinstance(one, dict) and one.get("name") == "client.authentication.k8s.io/exec":
                    spec["cluster"]["config"] = one.get("extension")
        info = {"apiVersion": self._said.get("apiVersion"), "kind": "ExecCredential", "spec": spec}
        told = {str(one.get("name")): str(one.get("value")) for one in self._said.get("env") or ()}
        return {**os.environ, **told, "KUBERNETES_EXEC_INFO": json.dumps(info, default=str)}


def _said_by(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """What it prints until its end: all of its output, the end of its errors.

    Raises TimeoutExpired, and OverflowError where it prints more than a credential has: it must not fill
    the memory of the host.
    """
    assert process.stdout is not None
    assert process.stderr is not None
    end = time.monotonic() + PLUGIN_LIMIT
    out, err = bytearray(), bytearray()
    with selectors.DefaultSelector() as both:
        both.register(process.stdout, selectors.EVENT_READ, out)
        both.register(process.stderr, selectors.EVENT_READ, err)
        while both.get_map():
            if (left := end - time.monotonic()) <= 0:
                raise subprocess.TimeoutExpired(process.args, PLUGIN_LIMIT)
            for key, _ in both.select(left):
                if chunk := os.read(key.fd, 1 << 16):
                    key.data.extend(chunk)
                else:
                    both.unregister(key.fileobj)
            if len(out) > OUTPUT_LIMIT:
                raise OverflowError
            del err[:-COMPLAINT]
    process.wait(max(0.1, end - time.monotonic()))
    return bytes(out), bytes(err)
