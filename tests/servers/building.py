"""Builds real servers that the tests measure against from their Go modules: `make servers`.

    python3 tests/servers/building.py prometheus ferretdb kubernetes

The version is the one go.mod names in the server's directory. Programs are kept in the user's cache,
outside of the checkout, so that they are built once; whoever comes while another builds waits for it.
Needs Go and nothing of ours.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LINKING = "-ldflags=-s -w"
FLAGS = (
    "-trimpath",
    "-gcflags=all=-N -l -dwarf=false",  # unoptimised: built sooner, and fast enough for tests
    LINKING,
    "-buildvcs=false",
)


@dataclass(frozen=True)
class Building:
    """One server built from a module: its package, and the commands of it that are its programs."""

    name: str
    package: str
    programs: tuple[str, ...]
    tags: tuple[str, ...] = ()
    stamp: str = ""
    """A file of its source that must hold its version; it is built within a copy of its source then."""
    variable: str = ""
    """A variable of its source that the linker gives its version."""
    others: tuple[str, ...] = ()
    """Packages of commands of other modules that go.mod pins: built along, since they share most."""
    kept: tuple[str, str] = ("", "")
    """A module and a directory of its source that is kept beside the programs."""
    assets: str = ""
    """The environment variable that may name a directory with these programs: those in it are not built."""

    @property
    def module(self) -> Path:
        """Where its go.mod is."""
        return Path(__file__).parent / self.name

    @property
    def version(self) -> str:
        """The version that go.mod pins."""
        pinned = (self.module / "go.mod").read_text()
        found = re.search(rf"^\s*(?:require )?{re.escape(self.package)} v(\S+)", pinned, re.M)
        assert found is not None, "go.mod names no version"
        return found[1]

    @property
    def directory(self) -> Path:
        """Where the programs of that version are kept."""
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return Path(cache) / "opsconsole" / f"{self.name}-{self.version}"

    @property
    def commands(self) -> dict[str, str]:
        """The package of each program."""
        own = (f"{self.package}/cmd/{program}" for program in self.programs)
        return {package.rpartition("/")[2]: package for package in (*own, *self.others)}

    def path(self, program: str) -> Path:
        """Where a program is, or will be once it is built."""
        given = os.environ.get(self.assets)
        if given and os.access(Path(given, program), os.X_OK):
            return Path(given, program)
        return self.directory / program

    @property
    def missing(self) -> list[str]:
        """The programs that are to be built."""
        return [program for program in self.commands if not self.path(program).exists()]

    @property
    def beside(self) -> Path:
        """Where the directory of a source is that it keeps; its own where it keeps none."""
        return self.directory / Path(self.kept[1]).name

    @property
    def built(self) -> bool:
        """Whether all is there."""
        return not self.missing and self.beside.exists()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else builds it meanwhile; waits for whoever does."""
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        with self.directory.with_name(f"{self.directory.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def build(self) -> None:
        """Build it, alone; CalledProcessError where Go fails."""
        target = self.directory
        missing = self.missing
        packages = [self.commands[program] for program in missing]
        flags = [*FLAGS, f"-tags={','.join(self.tags)}"]
        if self.variable:
            flags.append(f"{LINKING} -X {self.variable}=v{self.version}")  # the last of a kind counts
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=target.name) as work:
            if packages:
                subprocess.run(
                    ["go", "build", *flags, "-o", f"{work}/", *packages],
                    cwd=self._stamped(Path(work)) if self.stamp else self.module,
                    env={**os.environ, "CGO_ENABLED": "0"},
                    check=True,
                )
            target.mkdir(exist_ok=True)
            for program in missing:
                os.replace(f"{work}/{program}", target / program)
            if not self.beside.exists():
                _copy(self._source(self.kept[0]) / self.kept[1], Path(work, "kept"))
                os.replace(f"{work}/kept", self.beside)

    def _stamped(self, work: Path) -> Path:
        """A copy of its source, as the checksum beside go.mod has it, with the version written down in it."""
        source = work / "source"
        _copy(self._source(self.package), source)
        (source / self.stamp).write_text(f"v{self.version}\n")
        return source

    def _source(self, module: str) -> Path:
        """Where Go keeps the source of a module that go.mod pins."""
        answer = subprocess.run(
            ["go", "mod", "download", "-json", module], cwd=self.module, stdout=subprocess.PIPE, check=True
        )
        return Path(json.loads(answer.stdout)["Dir"])


def _copy(source: Path, target: Path) -> None:
    """Copy a directory from the module cache: it is read-only, and neither modes nor times matter here."""
    shutil.copytree(source, target, copy_function=shutil.copyfile)
    for directory, _, _ in os.walk(target):
        os.chmod(directory, 0o755)


PROMETHEUS = Building(
    "prometheus",
    "github.com/prometheus/prometheus",
    ("prometheus", "promtool"),
    ("remove_all_sd",),  # without service discoveries: a third of the packages
)
FERRETDB = Building(
    "ferretdb",
    "github.com/FerretDB/FerretDB",
    ("ferretdb",),
    ("ferretdb_no_postgresql",),  # SQLite is its store here
    "build/version/version.txt",
)
KUBERNETES = Building(
    "kubernetes",
    "k8s.io/kubernetes",
    ("kube-apiserver", "kubectl"),
    variable="k8s.io/component-base/version.gitVersion",
    others=("sigs.k8s.io/kwok/cmd/kwok",),
    kept=("sigs.k8s.io/kwok", "kustomize/stage"),  # what kwok does with pods and nodes
    assets="KUBEBUILDER_ASSETS",
)


def main(names: list[str]) -> int:
    """Build these, one after the other; the exit code."""
    wanted = [one for one in (PROMETHEUS, FERRETDB, KUBERNETES) if one.name in names]
    locks = {one.name: contextlib.ExitStack() for one in wanted}
    with contextlib.ExitStack() as all_of_them:
        for one in wanted:  # from the start: whoever needs a later one waits for it
            all_of_them.enter_context(locks[one.name])
            locks[one.name].enter_context(one.alone())
        status = 0
        for one in wanted:
            with locks[one.name]:
                status |= _make(one)
    return status


def _make(one: Building) -> int:
    if one.built:
        print(f"{one.name} {one.version} is in {one.directory}")
        return 0
    if shutil.which("go") is None:
        print(f"no Go on this machine: {one.name} is not built, and what is measured against it is skipped")
        return 1
    begun = time.monotonic()
    try:
        one.build()
    except subprocess.CalledProcessError as error:
        print(f"{one.name} could not be built: go ended with {error.returncode}")
        return 1
    print(f"{one.name} {one.version} built in {time.monotonic() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
