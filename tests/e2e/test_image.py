"""The image, built for real and started with the hosted runner's own `docker run` line."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.hosted import RUNNER_UID, Annotation, Job, docker

PYTHON = "/opt/vopr-coverage/bin/python"
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
    assert any(missed in note.message for note in errors)


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
        ({"reports": "runs/combined.ndjson", "profile": "nightley"}, "nightly"),  # with the nearest known name
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
    """A file that exists on the runner and not in the container: the error says that the container can't see it."""
    elsewhere = job.home / "outside.ndjson"
    elsewhere.write_bytes((job.workspace / "runs" / "combined.ndjson").read_bytes())
    step = job.run_container(image, defaults | {"reports": str(elsewhere)})
    assert step.exit_code == 2
    assert "container" in step.log
    assert str(elsewhere) in step.log


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
        (job.workspace / f"{module}.py").write_text(f"raise SystemExit('{module} of the workspace was imported')\n")
    surroundings = {"PYTHONPATH": "/github/workspace", "PYTHONHOME": "/nowhere", "LC_ALL": "C", "PATH": "/nowhere"}
    step = job.run_container(image, defaults | KIMBERLITE, env=surroundings)
    assert step.exit_code == 0
    assert "✅ Coverage validation PASSED" in step.log


def test_what_it_writes_belongs_to_the_workspaces_owner(image: str, job: Job, defaults: dict[str, str]) -> None:
    """The container is root, and the runner's account must still be able to delete what it left behind."""
    before = set(job.workspace.rglob("*"))
    step = job.run_container(image, defaults | NIGHTLY)
    written = set(job.workspace.rglob("*")) - before
    named = {job.workspace / step.outputs[name] for name in ("verdict-file", "summary-file")}
    assert all(not Path(step.outputs[name]).is_absolute() for name in ("verdict-file", "summary-file"))
    assert named <= written
    owner = job.workspace.stat().st_uid
    assert {path: path.stat().st_uid for path in written} == dict.fromkeys(written, owner)
    assert owner == RUNNER_UID or owner != 0, "the workspace must not be root's, or this shows nothing"


def test_no_path_of_the_container_leaves_it(image: str, job: Job, defaults: dict[str, str]) -> None:
    """Later steps run outside: `/github/workspace` in an output or a summary leads them nowhere."""
    step = job.run_container(image, defaults | NIGHTLY)
    assert "/github/" not in step.summary
    assert [value for value in step.outputs.values() if "/github/" in value] == []


@pytest.mark.parametrize(("sent", "name"), [(signal.SIGINT, "SIGINT"), (signal.SIGTERM, "SIGTERM")])
def test_a_cancelled_job_ends_at_once(
    image: str, job: Job, defaults: dict[str, str], tmp_path: Path, sent: signal.Signals, name: str
) -> None:
    """The runner signals the docker client, which passes it on to PID 1: it ends within two seconds, as 128 + n."""
    busy = tmp_path / "vopr_coverage"  # stands in for our package: one that is at work for a minute
    busy.mkdir()
    (busy / "__init__.py").touch()
    (busy / "action.py").write_text(
        "import time\ndef main(environ):\n    print('at work', flush=True)\n    time.sleep(60)\n    return 0\n"
    )
    package = inside(image, PYTHON, "-c", "import vopr_coverage as v; print(v.__path__[0])").strip()
    line, variables, _ = job.command(image, defaults, env={}, mounts={busy: package})
    with subprocess.Popen(line, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "at work\n"
        client.send_signal(sent)
        signalled_s = time.monotonic()
        rest = client.stdout.read()
        assert client.wait(timeout=30) == 128 + sent
        assert time.monotonic() - signalled_s < 2
    assert rest == f"vopr-coverage: stopped by {name} before it was done\n"


def test_nothing_that_builds_or_installs_is_left_in_the_image(image: str) -> None:
    """No pip, no setuptools, no compiler and no git: neither as a program nor as a module nor as a wheel."""
    programs = ("pip", "pip3", "gcc", "cc", "g++", "clang", "make", "git", "curl", "wget")
    search = "for p in " + " ".join(programs) + "; do command -v $p; done; true"
    assert inside(image, "/bin/sh", "-c", search) == ""
    modules = "import importlib.util as u; print([m for m in {} if u.find_spec(m)])"
    names = ("pip", "setuptools", "wheel", "ensurepip", "pkg_resources")
    for python in (PYTHON, inside(image, "/bin/sh", "-c", "command -v python3").strip()):
        assert inside(image, python, "-I", "-c", modules.format(names)).strip() == "[]"
    wheels = "find / -xdev ( -name *.whl -o -name pip -o -name setuptools ) -not -path /proc/*"
    assert inside(image, *wheels.replace(" /", " /").split()) == ""


def test_the_package_in_the_image_is_compiled_and_complete(image: str) -> None:
    """Nothing is compiled at the start of a job, and no schema, profile or template was left behind."""
    source = Path(__file__).resolve().parents[2] / "src" / "vopr_coverage"
    wanted = {str(p.relative_to(source)) for p in source.rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    script = (
        "import pathlib, vopr_coverage, importlib.util as u\n"
        "root = pathlib.Path(vopr_coverage.__path__[0])\n"
        "files = [p for p in root.rglob('*') if p.is_file() and p.suffix != '.pyc']\n"
        "print(*[p.relative_to(root) for p in files], sep='\\n')\n"
        "print(*[p for p in files if p.suffix == '.py' and not pathlib.Path(u.cache_from_source(p)).exists()])\n"
    )
    *found, uncompiled = inside(image, PYTHON, "-I", "-c", script).removesuffix("\n").split("\n")
    assert set(found) == wanted
    assert uncompiled == ""


def test_the_image_is_small_and_runs_as_the_runner_needs(image: str) -> None:
    """Root and no directory of its own, an absolute exec-form entrypoint, and little on top of the base."""
    form = "{{json .Config.Entrypoint}} user={{json .Config.User}} dir={{json .Config.WorkingDir}} {{.Size}}"
    said = docker("image", "inspect", "--format", form, image).split()
    layers = [int(size) for size in docker("history", "--format", "{{.Size}}", "--human=false", image).split()]
    print(f"image {int(said[-1]) / 1e6:.0f} MB, of which ours {sum(layers[:3]) / 1e6:.0f} MB")
    assert said[0].startswith(f'["{PYTHON}",')
    assert said[-3:-1] == ['user=""', 'dir=""']
    assert sum(layers[:3]) < 30e6  # the entrypoint, the environment, the removal; the rest is the base


def test_annotations_are_read_as_the_runner_reads_them(job: Job) -> None:
    """The reader that the tests above rest on: titles, escapes, and nothing out of a line's middle."""
    log = "::error title=a%2C b,file=x::one%0Atwo 100%25\nsaid ::warning::no\n::notice::three\n"
    step = job.finish(1, log, job.new_file_commands())
    assert step.annotations == [Annotation("error", "a, b", "one\ntwo 100%"), Annotation("notice", "", "three")]
