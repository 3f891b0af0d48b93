"""A nightly workflow in small: a fresh runner each night, the fake GitHub in between, and no job's real work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.state import REPOSITORY, Artifact, Run
from tests.support.archives import zipped
from tests.support.histories import a_night, night_at, work
from tests.support.pull_requests import SECRET, FakeClock
from vopr_coverage import cli
from vopr_coverage.commands import trends
from vopr_coverage.commands.parser import parse
from vopr_coverage.nightly.verdict import TrendLine
from vopr_coverage.runner.environment import runner_of
from vopr_coverage.trends.file import read_history, record_night

ARTIFACT = "vopr-coverage-trends"


@dataclass
class Told:
    """How `trends` ended."""

    code: int
    out: str
    err: str

    @property
    def warnings(self) -> list[str]:
        """What GitHub would show."""
        return [line for line in self.err.splitlines() if line.startswith("::warning title=Simulation trends::")]


@dataclass
class Nightly:
    """A workflow whose nights run one after the other, each on a runner of its own."""

    folder: Path
    github: FakeGitHub
    read: Callable[[], Any]
    environ: dict[str, str] = field(default_factory=dict)
    nights: int = 0
    run: Run | None = None

    @property
    def file(self) -> Path:
        """The history on the runner of the night that is on."""
        return self.folder / f"runner-{self.nights}" / "trends.ndjson"

    def begin(self, **run: Any) -> Run:
        """A new run on a new runner."""
        self.nights += 1
        self.run = self.github.world.add_run(**{"event": "schedule", "conclusion": None, **run})
        return self.run

    def variables(self) -> dict[str, str]:
        """The runner's."""
        assert self.run is not None
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.github.url,
            "GITHUB_EVENT_NAME": "schedule",
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_RUN_ID": str(self.run.id),
            "GITHUB_TOKEN": SECRET,
            **self.environ,
        }

    def trends(self, *flags: str, clock: FakeClock | None = None) -> Told:
        """`vopr-coverage trends FILE` on that runner; with a clock no wait takes time."""
        words = ["trends", str(self.file), *flags]
        if clock:
            code = int(trends.run(parse(words)[1], runner_of(self.variables()), clock))
        else:
            with pytest.MonkeyPatch.context() as patch:
                for name, value in self.variables().items():
                    patch.setenv(name, value)
                code = cli.main(words)
        found = self.read()
        assert SECRET not in found.out + found.err
        return Told(code, found.out, found.err)

    def record(self, conclusion: str = "success", **figures: Any) -> tuple[TrendLine, ...]:
        """What `summary` does at the end of a night; the run has ended then."""
        assert self.run is not None
        status = "passed" if conclusion == "success" else "failed"
        night = a_night(self.nights, work(**figures), status=status)
        night = replace(night, place=replace(night.place, run_id=str(self.run.id)))
        lines, warnings, _ = record_night(self.file, night, night_at(self.nights))
        assert warnings == ()
        self.run.conclusion = conclusion
        return lines

    def upload(self, content: bytes | None = None, **artifact: Any) -> Artifact:
        """The night's artifact: its history, or something else."""
        content = zipped({"trends.ndjson": self.file.read_bytes()}) if content is None else content
        return self.github.world.add_artifact(ARTIFACT, content, self.run, **artifact)

    def night(self, conclusion: str = "success", run: Mapping[str, Any] | None = None, **figures: Any) -> Told:
        """A whole night."""
        self.begin(**(run or {}))
        told = self.trends("--restore")
        self.record(conclusion, **figures)
        self.upload()
        return told

    def ran(self) -> list[int | None]:
        """The iterations of every night that the file knows."""
        return [record.ran for record in read_history(self.file).records]
