"""A registry and an engine of our own on loopback, empty when they start and gone when they end."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tools.release.source import ReleaseError, run

START_S_MAX = 60


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextlib.contextmanager
def registry(home: Path) -> Iterator[str]:
    """Run Debian's registry; gives its host and port.

    Raises:
        ReleaseError: it does not start.
    """
    place = f"127.0.0.1:{free_port()}"
    home.mkdir()
    settings = {
        "version": "0.1",
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(home / "images")}},
        "http": {"addr": place},
    }
    (home / "config.yml").write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
    with _started(["docker-registry", "serve", str(home / "config.yml")], home / "log") as process:
        _wait_for(lambda: _answers(f"http://{place}/v2/"), process, home / "log")
        yield place


@contextlib.contextmanager
def engine(home: Path) -> Iterator[dict[str, str]]:
    """Run a Docker engine without any image; gives the environment by which a client finds it.

    It has neither a bridge nor firewall rules, so that it cannot collide with another one on the machine.

    Raises:
        ReleaseError: it does not start.
    """
    home.mkdir()
    name = f"vopr-{os.getpid()}-{home.name}"
    host = f"unix://{home}/docker.sock"
    line = ["dockerd", "--host", host, "--data-root", f"{home}/data", "--exec-root", f"{home}/exec"]
    line += ["--pidfile", f"{home}/pid", "--bridge=none", "--iptables=false"]
    line += ["--containerd-namespace", name, "--containerd-plugins-namespace", f"{name}-plugins"]
    known = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
    env = known | {"DOCKER_HOST": host, "DOCKER_CONFIG": f"{home}/client", "DOCKER_BUILDKIT": "0", "HOME": str(home)}
    try:
        with _started(line, home / "log") as process:
            _wait_for(lambda: _succeeds(["docker", "version"], env), process, home / "log")
            yield env
    finally:
        _unmount_below(home)
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def _started(line: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    program = shutil.which(line[0], path=path)
    if program is None:
        raise ReleaseError(f"{line[0]} is not installed, and the rehearsal needs it")
    with log.open("wb") as out:
        env = os.environ | {"PATH": path}
        process = subprocess.Popen([program, *line[1:]], stdout=out, stderr=out, env=env)  # noqa: S603
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(ready: object, process: subprocess.Popen[bytes], log: Path) -> None:
    assert callable(ready)
    end_s = time.monotonic() + START_S_MAX
    while not ready():
        if process.poll() is not None or time.monotonic() > end_s:
            raise ReleaseError(f"{Path(str(log)).parent.name} did not start: {log.read_text('utf-8')[-1500:]}")
        time.sleep(0.2)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 # loopback, by a port of ours
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _succeeds(line: list[str], env: dict[str, str]) -> bool:
    try:
        run(line, env)
    except ReleaseError:
        return False
    return True


def _unmount_below(home: Path) -> None:
    """An engine that was interrupted leaves mounts behind, through which a removal would reach."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    for at in sorted((at for at in mounts if at.startswith(f"{home}/")), reverse=True):
        with contextlib.suppress(ReleaseError):
            run(["umount", at])
