"""The image, built for real and started with the hosted runner's own `docker run` line."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.formats import Annotation, Step
from tests.e2e.hosted import REPOSITORY, Job, docker

PYTHON = "/opt/vopr-coverage/bin/python"
FORBIDDEN_PROGRAMS = "pip pip3 gcc cc g++ clang make git curl wget"
FORBIDDEN_MODULES = ["pip", "setuptools", "pkg_resources", "wheel", "ensurepip"]
LAYERS_OF_OURS = 3  # the removal, the environment, the entrypoint; what lies below is the base image's
OURS_BYTES_MAX = 45_000_000
KIMBERLITE = {"config": "configs/kimberlite.yml", "scenario": "combined", "reports": "runs/combined.ndjson"}
NIGHTLY = {"profile": "nightly", "reports": "runs/combined.ndjson"}


def inside(image: str, *command: str) -> str:
    """What a command of the image prints."""
    return docker("run", "--rm", "--network", "none", "--entrypoint", command[0], image, *command[1:])


def test_a_run_that_exercised_enough_passes(image: str, job: Job, defaults: dict[str, str]) -> None:
    """The healthy real stream passes under the config that was written for its simulator."""
    step = job.run_container(image, defaults | KIMBERLITE)
    assert step.exit_code == 0
    assert "✅ Coverage validation PASSED" in step.log
    assert step.outputs["passed"] == "true"
    assert step.outputs["verdict"] == "passed"
    assert step.outputs["violations"] == "0"
    assert 0 < float(step.outputs["fault-point-coverage"]) <= 1
    assert "PASSED" in step.summary.upper()
    assert [note for note in step.annotations if note.kind == "error"] == []


def test_a_run_that_missed_a_critical_point_fails(image: str, job: Job, defaults: dict[str, str]) -> None:
    """The same stream under `nightly` fails in the log, the outputs, the summary and the annotations alike."""
    step = job.run_container(image, defaults | NIGHTLY)
    missed = "Critical fault point 'sim.storage.crash' never hit"
    assert step.exit_code == 1
    assert "❌ Coverage validation FAILED" in step.log
    assert missed in step.log
    assert step.outputs["passed"] == "false"
    assert step.outputs["verdict"] == "failed"
    assert int(step.outputs["violations"]) > 0
    assert "FAILED" in step.summary.upper()
    errors = [note for note in step.annotations if note.kind == "error"]
    assert 1 <= len(errors) <= 10
    assert any("Critical fault points never hit: sim.storage.crash" in note.message for note in errors)


def test_fail_false_reports_a_failure_without_failing(image: str, job: Job, defaults: dict[str, str]) -> None:
    """`fail: false` turns the exit code and the errors down, and nothing else."""
    step = job.run_container(image, defaults | NIGHTLY | {"fail": "false"})
    assert step.exit_code == 0
    assert step.outputs["passed"] == "false"
    assert {note.kind for note in step.annotations} == {"warning"}


def test_a_killed_run_is_incomplete(image: str, job: Job, defaults: dict[str, str]) -> None:
    """A stream without its end is no evidence, and the seed that it died at is told."""
    step = job.run_container(image, defaults | KIMBERLITE | {"reports": "runs/combined-killed.ndjson"})
    assert step.exit_code == 1
    assert step.outputs["verdict"] == "incomplete"
    assert "915" in step.log


def test_summary_and_annotations_can_be_turned_off(image: str, job: Job, defaults: dict[str, str]) -> None:
    """Silence changes neither the exit code nor the outputs."""
    step = job.run_container(image, defaults | NIGHTLY | {"summary": "false", "annotations": "false"})
    assert step.exit_code == 1
    assert step.outputs["verdict"] == "failed"
    assert step.summary == ""
    assert step.annotations == []


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, "reports"),  # nothing to judge is never a pass
        ({"reports": "runs/no-such-*.ndjson"}, "no-such-"),
        # a typo gets the nearest known name
        ({"reports": "runs/combined.ndjson", "profile": "nightley"}, "nightly"),
        ({"reports": "runs/combined.ndjson", "fail": "yes"}, "true"),
        ({"reports": "runs/combined.ndjson", "min-iterations": "many"}, "min-iterations"),
        ({"reports": "runs/not-json.txt"}, "not-json.txt"),
    ],
)
def test_input_that_cannot_be_judged_ends_with_2(
    image: str, job: Job, defaults: dict[str, str], inputs: dict[str, str], said: str
) -> None:
    """The step fails, names what is wrong, and nowhere looks like a pass."""
    step = job.run_container(image, defaults | inputs)
    assert step.exit_code == 2
    assert said in step.log
    assert "Traceback" not in step.log
    assert step.outputs.get("passed", "false") == "false"
    assert step.outputs.get("verdict", "error") == "error"


def test_a_path_of_the_host_is_explained(image: str, job: Job, defaults: dict[str, str]) -> None:
    """A file that exists on the runner and not in the container: the error says what the action reads."""
    elsewhere = job.home / "outside.ndjson"
    elsewhere.write_bytes((job.workspace / "runs" / "combined.ndjson").read_bytes())
    step = job.run_container(image, defaults | {"reports": str(elsewhere)})
    assert step.exit_code == 2
    assert str(elsewhere) in step.log
    assert "expected a path inside the workspace or RUNNER_TEMP: this action reads no other files" in step.log


def test_no_network_is_needed(image: str, job: Job, defaults: dict[str, str]) -> None:
    """Judging reaches for nothing: the same verdict without any network."""
    step = job.run_container(image, defaults | KIMBERLITE, network="none")
    assert step.exit_code == 0
    assert step.outputs["verdict"] == "passed"


def test_the_workspace_and_the_jobs_variables_cannot_change_our_code(
    image: str, job: Job, defaults: dict[str, str]
) -> None:
    """A checkout may hold a json.py, and a job may set PYTHONPATH for its own program: neither is ours to import."""
    for module in ("json", "msgspec", "jinja2", "sitecustomize", "vopr_coverage"):
        (job.workspace / f"{module}.py").write_text(f"raise SystemExit('imported {module} of the workspace')\n")
    hostile = {"PYTHONPATH": "/github/workspace", "PYTHONHOME": "/nowhere", "PATH": "/nowhere", "LC_ALL": "C"}
    step = job.run_container(image, defaults | KIMBERLITE, env=hostile)
    assert step.exit_code == 0
    assert "✅ Coverage validation PASSED" in step.log


def test_what_it_writes_belongs_to_the_workspaces_owner(image: str, job: Job, defaults: dict[str, str]) -> None:
    """The container is root, and the runner's account must still be able to delete what it left behind."""
    before = set(job.workspace.rglob("*"))
    step = job.run_container(image, defaults | NIGHTLY)
    written = set(job.workspace.rglob("*")) - before
    owner = job.workspace.stat().st_uid
    assert owner != 0, "a workspace of root's would show nothing"
    assert {job.workspace / step.outputs[name] for name in ("verdict-file", "summary-file")} <= written
    assert {path.stat().st_uid for path in written} == {owner}


def test_no_path_of_the_container_leaves_it(image: str, job: Job, defaults: dict[str, str]) -> None:
    """Later steps run outside: `/github/workspace` in an output or a summary leads them nowhere."""
    step = job.run_container(image, defaults | NIGHTLY)
    assert "/github/" not in step.summary
    assert [value for value in step.outputs.values() if "/github/" in value] == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_job_ends_at_once(
    image: str, job: Job, defaults: dict[str, str], tmp_path: Path, sent: signal.Signals
) -> None:
    """The runner signals the docker client, which passes it on to PID 1: it ends within two seconds, as 128 + n."""
    busy = tmp_path / "vopr_coverage"  # stands in for our package: one that is at work for a minute
    busy.mkdir()
    (busy / "__init__.py").touch()
    (busy / "action.py").write_text(
        "import time\ndef main(environ):\n    print('at work', flush=True)\n    time.sleep(60)\n    return 0\n"
    )
    package = inside(image, PYTHON, "-c", "import vopr_coverage as v; print(v.__path__[0])").strip()
    container = job.container(image, defaults, mounts={busy: package})
    pipe = subprocess.PIPE
    with subprocess.Popen(container.line, env=container.env, stdout=pipe, stderr=pipe, text=True) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "at work\n"
        start_s = time.monotonic()
        client.send_signal(sent)
        _, errors = client.communicate(timeout=30)
        took_s = time.monotonic() - start_s
    assert client.returncode == 128 + sent
    assert errors == f"vopr-coverage: stopped by {sent.name} before it was done\n"
    assert took_s < 2


def test_nothing_that_builds_or_installs_is_left_in_the_image(image: str) -> None:
    """No pip, no setuptools, no compiler and no git: neither as a program nor as a module nor as a wheel."""
    names = inside(image, "/bin/sh", "-c", f"for name in {FORBIDDEN_PROGRAMS}; do command -v $name; done; true")
    assert names == ""
    script = f"import importlib.util as u; print([m for m in {FORBIDDEN_MODULES} if u.find_spec(m)])"
    of_the_base = inside(image, "/bin/sh", "-c", "command -v python3").strip()
    assert inside(image, PYTHON, "-I", "-c", script) == "[]\n"
    assert inside(image, of_the_base, "-I", "-c", script) == "[]\n"
    assert inside(image, "find", "/", "-xdev", "(", "-name", "*.whl", "-o", "-name", "pip", ")") == ""


def test_the_package_in_the_image_is_compiled_and_complete(image: str) -> None:
    """Nothing is compiled at the start of a job, and no schema, profile or template was left behind."""
    source = REPOSITORY / "src" / "vopr_coverage"
    files = [path.relative_to(source) for path in source.rglob("*") if path.is_file()]
    wanted = {str(file) for file in files if "__pycache__" not in file.parts}
    script = (
        "import pathlib, vopr_coverage, importlib.util as u\n"
        "from vopr_coverage.render import bytecode, tiers\n"
        "root = pathlib.Path(vopr_coverage.__path__[0])\n"
        "files = [p for p in root.rglob('*') if p.is_file() and '__pycache__' not in p.parts]\n"
        "print(*[p.relative_to(root) for p in files], sep='\\n')\n"
        "print(*[p for p in files if p.suffix == '.py' and not pathlib.Path(u.cache_from_source(p)).exists()])\n"
        "pages, stored = tiers.environment(), bytecode.Compiled()\n"
        "for name in [name for name in pages.list_templates() if name.endswith('.md.j2')]:\n"
        "    text, filename, _ = pages.loader.get_source(pages, name)\n"
        "    assert stored.get_bucket(pages, name, filename, text).code, name\n"
    )
    *found, uncompiled = inside(image, PYTHON, "-I", "-c", script).removesuffix("\n").split("\n")
    assert set(found) == wanted
    assert uncompiled == ""


def test_the_image_is_small_and_is_what_the_runner_needs(image: str) -> None:
    """An exec-form entrypoint by its absolute path, no user and no directory of its own, little on top of the base."""
    [config] = json.loads(docker("image", "inspect", image))
    layers = docker("history", "--format", "{{.Size}}", "--human=false", image).split()
    ours = sum(int(size) for size in layers[:LAYERS_OF_OURS])
    print(f"image: {config['Size'] / 1e6:.0f} MB, of which {ours / 1e6:.0f} MB are ours")
    assert config["Config"]["Entrypoint"][0] == PYTHON
    assert config["Config"]["User"] == ""
    assert config["Config"]["WorkingDir"] == ""
    assert ours < OURS_BYTES_MAX


def test_annotations_are_read_as_the_runner_reads_them() -> None:
    """The reader that these tests rest on: titles, escapes, and nothing out of the middle of a line."""
    log = "::error title=a%2C b,file=x::one%0Atwo 100%25\nsaid ::warning::no\n::notice::three\n"
    expected = [Annotation("error", "a, b", "one\ntwo 100%"), Annotation("notice", "", "three")]
    assert Step(1, log, {}, "").annotations == expected
