"""The starters of nights: inputs that exist, an odd minute, and jobs that follow every night, green or red."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.workflow_files import CALL, FINAL, STARTERS
from vopr_coverage.github.trends_artifact import TRENDS_ARTIFACT
from vopr_coverage.trends.store import BRANCH_DEFAULT, Address, address_of


@pytest.mark.parametrize("name", STARTERS)
def test_a_starter_gives_inputs_that_exist(name: str) -> None:
    """GitHub refuses others when the night begins, in the night."""
    given = STARTERS[name]["jobs"]["night"]["with"]
    assert set(given) <= set(CALL)
    words = {"string": str, "number": int, "boolean": bool}
    assert all(type(value) is words[CALL[key]["type"]] for key, value in given.items())


@pytest.mark.parametrize("name", STARTERS)
def test_a_starters_issue_hears_of_every_night(name: str) -> None:
    """Of a red one and of one without a verdict, too; the verdict is fetched where it was left."""
    job = STARTERS[name]["jobs"]["tracking-issue"]
    assert job["needs"] == "night"
    assert job["if"] == "${{ !cancelled() }}"
    download, issue = job["steps"]
    assert download["with"] == {"name": "vopr-nightly-verdict", "path": "vopr-nightly-verdict"}
    assert issue["with"] == {"command": "tracking-issue", "reports": "vopr-nightly-verdict/night.json"}


@pytest.mark.parametrize("name", STARTERS)
def test_a_starters_history_is_stored_and_handed_on(name: str) -> None:
    """Of every night of one branch. The artifact then has the nights of the store, too: the next night restores it."""
    job = STARTERS[name]["jobs"]["trends"]
    assert job["needs"] == "night"
    assert job["if"] == "${{ !cancelled() && github.ref == 'refs/heads/main' }}"
    assert address_of(job["env"]["TRENDS_STORE"]) == Address("branch", BRANCH_DEFAULT)
    (days, (file,)) = FINAL[TRENDS_ARTIFACT]
    _, download, store, upload = job["steps"]
    assert download["with"] == {"name": TRENDS_ARTIFACT, "path": Path(file).parent.as_posix()}
    assert store["run"] == f'vopr-coverage trends {file} --store "$TRENDS_STORE"'
    kept = {"if-no-files-found": "error", "overwrite": True, "retention-days": days}
    assert upload["with"] == {"name": TRENDS_ARTIFACT, "path": file, **kept}


@pytest.mark.parametrize("name", STARTERS)
def test_a_starter_has_an_odd_minute(name: str) -> None:
    """At the full hour GitHub's schedule is late, or leaves a night out."""
    (schedule,) = STARTERS[name]["on"]["schedule"]
    assert int(schedule["cron"].split()[0]) % 15 != 0
    assert "workflow_dispatch" in STARTERS[name]["on"]
