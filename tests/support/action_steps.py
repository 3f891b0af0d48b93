"""The action as a step of a job on a pull request, in this process: the fake GitHub answers, and no wait takes time."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from threading import get_ident
from typing import Any

from tests.e2e.formats import read_outputs
from tests.fake_github.fake import FakeGitHub
from tests.fake_github.state import A_SHA, REPOSITORY
from tests.support.pull_requests import PULL, SECRET, FakeClock
from tests.support.reports import MODEST, a_stream
from vopr_coverage import action

MERGE_SHA = "f" * 40


@dataclass
class Told:
    """What a step left behind."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str
    clock: FakeClock

    def annotations(self, level: str) -> list[str]:
        """The annotations of that level that are not about the run itself."""
        found = [line for line in self.log.splitlines() if line.startswith(f"::{level}")]
        return [line for line in found if not line.startswith(f"::{level} title=Simulation coverage::")]


class ThreadOutput(io.TextIOBase):
    """Standard output and error that keep the texts of threads apart, so that two steps can run at once."""

    def __init__(self) -> None:
        self._texts: dict[int, io.StringIO] = defaultdict(io.StringIO)

    def write(self, text: str) -> int:
        """Add to this thread's text."""
        return self._texts[get_ident()].write(text)

    def reconfigure(self, **_: object) -> None:
        """What a program does to its standard output when it starts."""

    def taken(self) -> str:
        """This thread's text, which is gone from here then."""
        return self._texts.pop(get_ident(), io.StringIO()).getvalue()

    @contextmanager
    def instead(self) -> Iterator[None]:
        """Standard output and error go here, for all threads."""
        with redirect_stdout(self), redirect_stderr(self):
            yield


@dataclass
class Desk:
    """A checkout with a config, a run that meets it and one that doesn't, and the runner's variables around it.

    The process must stand in `workspace`, as a step does.
    """

    folder: Path
    github: FakeGitHub
    run_id: int = 100
    event: str = "pull_request"
    payload: dict[str, Any] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "workspace" / ".github").mkdir(parents=True)
        (self.workspace / ".github" / "vopr-coverage.yml").write_text(json.dumps(MODEST))
        (self.workspace / "good.ndjson").write_bytes(a_stream())
        (self.workspace / "bad.ndjson").write_bytes(a_stream(failing=[1]))
        self.payload = {"pull_request": a_pull()}

    @property
    def workspace(self) -> Path:
        """The checkout."""
        return self.folder / "workspace"

    def step(self, **inputs: str) -> Told:
        """Run the action once, with these inputs (underscores for hyphens) and the token that action.yml gives."""
        output = ThreadOutput()
        with output.instead():
            return self.step_of(self.run_id, output, **inputs)

    def step_of(self, run_id: int, output: ThreadOutput, **inputs: str) -> Told:
        """The same for a run of that number, in a thread of its own perhaps; `output` must be the standard one."""
        files = self.folder / f"run-{run_id}"
        files.mkdir(exist_ok=True)
        for name in ("output", "summary"):
            (files / name).write_text("")
        (files / "event.json").write_text(json.dumps(self.payload))
        clock, given = FakeClock(), {"reports": "good.ndjson", "token": SECRET, **inputs}
        code = action.main(self._variables(run_id, files, given), clock)
        log = output.taken()
        assert "Traceback" not in log
        outputs = read_outputs((files / "output").read_text())
        summary = (files / "summary").read_text()
        assert SECRET not in f"{log}{outputs}{summary}"
        return Told(code, log, outputs, summary, clock)

    def _variables(self, run_id: int, files: Path, inputs: Mapping[str, str]) -> dict[str, str]:
        return {
            "GITHUB_ACTION": f"__run_{run_id}",
            "GITHUB_API_URL": self.github.url,
            "GITHUB_EVENT_NAME": self.event,
            "GITHUB_EVENT_PATH": str(files / "event.json"),
            "GITHUB_OUTPUT": str(files / "output"),
            "GITHUB_REF": f"refs/pull/{PULL}/merge" if self.event == "pull_request" else "refs/heads/main",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_RUN_ID": str(run_id),
            "GITHUB_SHA": MERGE_SHA,
            "GITHUB_STEP_SUMMARY": str(files / "summary"),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.folder),
            **{f"INPUT_{name.upper().replace('_', '-')}": value for name, value in inputs.items()},
            **self.environ,
        }


def a_pull(head_repository: str | None = REPOSITORY) -> dict[str, Any]:
    """A pull request as an event's payload has it."""
    home = {"full_name": head_repository} if head_repository else None
    return {
        "number": PULL,
        "head": {"sha": A_SHA, "ref": "feature", "repo": home},
        "base": {"sha": "c" * 40, "ref": "main", "repo": {"full_name": REPOSITORY}},
    }
