"""All of a release that can be done without publishing anything, against a real registry on loopback.

    python -m tools.release.rehearsal [--base REFERENCE] [--hold-times]

Builds image and packages twice and compares them, writes the list of packages, pushes to the registry, names the image by its
digest in a copy of `action.yml`, and lets act run the action from there and from the Dockerfile, each on an engine that has
no image yet. Needs root, dockerd, docker-registry, buildah, skopeo and busybox. Exit code 1: something failed, or
is not as it must be. Times depend on what else the machine does: a missed one is shown, and fails only with --hold-times.
"""  # noqa: E501 (as prose)

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tools.release import commit, dists, image, sbom
from tools.release.index import main as join
from tools.release.push import push
from tools.release.services import engine, registry
from tools.release.source import (
    IMAGE_SOURCES,
    ROOT,
    ReleaseError,
    copy_with_other_times_and_modes,
    epoch_of,
    run,
    version_of,
)
from tools.release.trial import HEALTHY, container, trial, workspace

PULLED_TO_BUILT_MAX = 0.3
IMAGE_TO_BASE_MAX = 1.25
START_S_MAX = 0.5  # of `docker run` on a small report
OURS = "org/vopr-coverage-action@v1"
BUILT_BY_ACT = (
    "act-org-vopr-coverage-action-v1-dockeraction:latest"  # what act calls what it builds from our Dockerfile
)
WORKFLOW = f"""name: Gate
on: push
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: {OURS}
        with:
          reports: combined=combined.ndjson
          config: kimberlite.yml
          comment: "off"
"""
STARTS = 5


class Released(NamedTuple):
    """What the steps before left: the registry, the base there, and our image with its digest."""

    place: str
    base: str
    image: str
    digest: str


def say(what: str) -> None:
    """One line of the rehearsal, at once."""
    print(what, flush=True)


def timed(what: str, step: Callable[[], object]) -> float:
    """Do a step, and say how long it took; returns the seconds."""
    start_s = time.monotonic()
    step()
    took_s = time.monotonic() - start_s
    say(f"{took_s:6.1f} s  {what}")
    return took_s


def fetch_base(place: str, base: str, home: Path) -> str:
    """Copy the base image into the registry; return its reference there, by digest."""
    host = os.environ.get("DOCKER_HOST", "")
    source = ["--src-daemon-host", host] if base.startswith("docker-daemon:") and host else []
    file = home / "base.digest"
    copy = ["skopeo", "--insecure-policy", "copy", "--quiet", *source, "--dest-tls-verify=false"]
    run([*copy, "--digestfile", str(file), base, f"docker://{place}/base:rehearsal"])
    return f"{place}/base@{file.read_text('utf-8').strip()}"


def build_twice(base: str, home: Path) -> str:
    """Build the image from this checkout and from a copy with other times and modes; return the one digest.

    Raises:
        ReleaseError: they differ, with the files that do.
    """
    epoch = epoch_of(ROOT, IMAGE_SOURCES)
    copy = home / "copy"
    copy_with_other_times_and_modes(ROOT, copy, IMAGE_SOURCES)
    temporary = home / "_temp"  # as GitHub's runners call theirs
    temporary.mkdir()
    os.environ["RUNNER_TEMP"] = str(temporary)
    outs = {root: home / f"image-of-{root.name}" for root in (ROOT, copy)}

    def build(root: Path) -> str:
        return image.build(root, f"docker://{base}", outs[root], epoch=epoch, plain_http=True)

    with ThreadPoolExecutor() as both:
        first_digest, second_digest = both.map(build, outs)
    first, second = outs.values()
    if first_digest != second_digest:
        differ = image.differences(first, second)
        raise ReleaseError(f"two builds of the same source differ in {', '.join(differ[:20]) or 'no file of ours'}")
    shutil.copytree(first, home / "image")
    return first_digest


def joined_and_pushed(place: str, home: Path) -> str:
    """Join, and push as a release does; return the digest that the registry has."""
    if join(["--out", str(home / "joined"), str(home / "image")]):
        raise ReleaseError("the images could not be joined")
    return push(home / "joined", f"{place}/vopr-coverage:{version_of(ROOT)}", plain_http=True)


def checkout_of(home: Path, image_line: str) -> Path:
    """A copy of the action whose `action.yml` has this image."""
    action = home / "action"
    action.mkdir(exist_ok=True)
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    (action / "action.yml").write_text(commit.with_image(text, image_line), encoding="utf-8")
    shutil.copy(ROOT / "Dockerfile", action)
    return action


def run_by_act(home: Path, action: Path, env: dict[str, str]) -> None:
    """A job of somebody's repository that uses the action, played by act. It has to be green.

    Raises:
        ReleaseError: it is not, with its log.
    """
    job = home / "database"
    if not job.exists():
        workspace(job)
        (job / ".github" / "workflows").mkdir(parents=True)
        (job / ".github" / "workflows" / "gate.yml").write_text(WORKFLOW, encoding="utf-8")
    act = str(Path(sys.executable).with_name("act"))
    line = [act, "push", "--directory", str(job), "--workflows", str(job / ".github" / "workflows"), "--bind", "--rm"]
    line += ["--platform", "ubuntu-latest=vopr-runner:rehearsal", "--pull=false", "--rebuild=false"]
    line += ["--action-offline-mode", "--container-daemon-socket", "-", "--local-repository", f"{OURS}={action}"]
    log = run([*line, "--env", "GITHUB_REPOSITORY=somebody/database"], env)
    if "Coverage validation passed" not in log or "Job succeeded" not in log:
        raise ReleaseError(f"the job was not green:\n{log[-3000:]}")


def import_runner(home: Path, env: dict[str, str]) -> None:
    """What the job itself runs in: a shell, and no layer that it shares with the base of our image."""
    root = home / "runner"
    if not root.exists():
        (root / "bin").mkdir(parents=True)
        (root / "tmp").mkdir()
        shutil.copy(shutil.which("busybox") or "/bin/busybox", root / "bin" / "busybox")
        for name in ("sh", "bash", "tail", "cat", "mkdir"):
            (root / "bin" / name).symlink_to("busybox")
        run(["tar", "-C", str(root), "-cf", str(home / "runner.tar"), "."])
    run(["docker", "import", str(home / "runner.tar"), "vopr-runner:rehearsal"], env)


class Pulled(NamedTuple):
    """What the pulled image showed, in seconds: the cold job, and `docker run` with a small report and with nothing."""

    job_s: float
    judged_s: float
    nothing_s: float
    size: str


def cold_pulled(home: Path, released: Released) -> Pulled:
    """A job on an engine without images, whose action is pulled."""
    with engine(home / "engine-pulled") as env:
        import_runner(home, env)
        action = checkout_of(home, f"docker://{released.image}")
        took_s = timed("a job with the pulled image, no image there before", lambda: run_by_act(home, action, env))
        timed("a healthy and a sick run, judged by the image", lambda: trial(home / "image", env))
        return Pulled(took_s, *start_times(home, released, env), size_of(released, env))


def cold_built(home: Path, released: Released) -> float:
    """The same with the Dockerfile. act gives a build no network where the engine has no bridge, so docker builds."""
    base = ["--build-arg", f"BASE_IMAGE={released.base}"]
    base += [word for name in image.PASSED_ON if name in os.environ for word in ("--build-arg", name)]
    with engine(home / "engine-built") as env:
        import_runner(home, env)
        action = checkout_of(home, commit.BUILT_HERE)

        def job() -> None:
            run(["docker", "build", "--quiet", "--network", "host", *base, "--tag", BUILT_BY_ACT, str(ROOT)], env)
            run_by_act(home, action, env)

        return timed("a job that builds the image first, no image there before", job)


def start_times(home: Path, released: Released, env: dict[str, str]) -> tuple[float, float]:
    """How many seconds `docker run` takes for a small report, and for nothing at all: the median of five."""
    job = home / "database"

    def seconds(*words: str) -> float:
        took = []
        for _ in range(STARTS):
            start_s = time.monotonic()
            run(container(job, HEALTHY, *words), env)
            took.append(time.monotonic() - start_s)
        return statistics.median(took)

    return seconds(released.image), seconds("--entrypoint", "/bin/true", released.image)


def size_of(released: Released, env: dict[str, str]) -> str:
    """How large the image is beside its base.

    Raises:
        ReleaseError: too large.
    """
    run(["docker", "pull", "--quiet", released.base], env)
    sizes = [
        int(run(["docker", "image", "inspect", "--format", "{{.Size}}", name], env))
        for name in (released.image, released.base)
    ]
    ratio = sizes[0] / sizes[1]
    said = f"the image has {sizes[0] / 1e6:.0f} MB, its base {sizes[1] / 1e6:.0f} MB: {ratio:.2f} x"
    if ratio > IMAGE_TO_BASE_MAX:
        raise ReleaseError(f"{said}, and at most {IMAGE_TO_BASE_MAX} x is allowed")
    return f"{said} (at most {IMAGE_TO_BASE_MAX} x)"


def rehearse(base: str, home: Path, *, hold_times: bool) -> None:
    """All steps, in the order of a release.

    Raises:
        ReleaseError: one of them fails, or, if times are held, one of them misses its bar.
    """
    found: dict[str, str] = {}
    timed("wheel and source archive, built twice, equal", lambda: dists.build_twice(ROOT, home / "packages"))
    with registry(home / "registry") as place:
        timed("base into the registry", lambda: found.update(base=fetch_base(place, base, home)))
        timed("image, built twice, equal", lambda: found.update(one=build_twice(found["base"], home)))
        timed("list of packages", lambda: sbom.write(home / "image", home / "sbom.spdx.json", sbom.syft()))
        timed("pushed, and there by digest", lambda: found.update(digest=joined_and_pushed(place, home)))
        reference = f"{place}/vopr-coverage@{found['digest']}"
        released = Released(place, found["base"], reference, found["digest"])
        pulled = cold_pulled(home, released)
        built_s = cold_built(home, released)
    say(pulled.size)
    say(f"digest of this platform: {found['one']}")
    hold(pulled, built_s, hold_times=hold_times)


def hold(pulled: Pulled, built_s: float, *, hold_times: bool) -> None:
    """Say the times, and whether they are within their bars.

    Raises:
        ReleaseError: one isn't, if times are held.
    """
    ratio = pulled.job_s / built_s
    times = {
        f"docker run to exit on a small report: {pulled.judged_s:.2f} s, of which the engine takes "
        f"{pulled.nothing_s:.2f} s (at most {START_S_MAX} s)": pulled.judged_s <= START_S_MAX,
        f"cold start: {pulled.job_s:.1f} s pulled, {built_s:.1f} s built: {ratio:.2f} x "
        f"(at most {PULLED_TO_BUILT_MAX} x)": ratio <= PULLED_TO_BUILT_MAX,
    }
    for line, met in times.items():
        say(f"{line}: {'met' if met else 'missed'}")
    if hold_times and not all(times.values()):
        raise ReleaseError("a time misses its bar")


def main(argv: list[str] | None = None) -> int:
    """Rehearse, and say whether a release would work."""
    parser = argparse.ArgumentParser(description="Rehearses a release against a registry on loopback.")
    parser.add_argument("--base", default="", help="the base image as skopeo names it; empty: the Dockerfile's")
    parser.add_argument("--hold-times", action="store_true", help="fail if a time misses its bar; for a quiet machine")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="vopr-release-", ignore_cleanup_errors=True) as folder:
        try:
            rehearse(options.base or image.default_base(ROOT), Path(folder), hold_times=options.hold_times)
        except ReleaseError as error:
            say(f"no release: {error}")
            return 1
    say("1 passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
