"""Who follows a page by hand: what this reader brings along, runs in place of a command, and gets as exit codes."""

from __future__ import annotations

from tests.docs.exceptions import NOT_RUN
from tests.docs.inputs import (
    CANARIES_CONFIG,
    SIMULATOR,
    TWO_CANARIES_CONFIG,
    WORKFLOW,
    a_file,
    a_run,
    first,
    first_points,
    history,
    points_after_a_night,
    recorded,
)
from tests.docs.pages import BLOCKS
from tests.support.followed import Reader, saved_as
from tests.support.markdown_blocks import Block

SHELL = ("console", "sh", "bash")
_VOPR = "-- ./vopr --scenario {scenario} --seed {seed} --iterations {iterations} --json"
_OURS = f"-- {SIMULATOR} --json"
_REGRESSIONS = (
    "mkdir -p .github; printf 'combined 4711\\ncombined 29\\nswizzle 7\\n' > .github/vopr-regressions.txt\n"
    "cat > vopr <<'END'\n#!/bin/sh\n"
    'case "$4" in 7) bug="--panic-at 7";; 29) bug="--features canary-commit-quorum";; esac\n'
    'exec python3 examples/simulator "$@" $bug\nEND\nchmod +x vopr'
)
_PER_SEED = (
    "mkdir -p target/debug/deps; printf '#!/bin/sh\\n[ \"$MADSIM_TEST_SEED\" != 7 ] || exit 101\\n'"
    " > target/debug/deps/simulation-0f2a; chmod +x target/debug/deps/simulation-0f2a"
)
_SDK = (
    "mkdir -p build; printf '#!/bin/sh\\ngunzip -c tests/data/antithesis/go-healthy-seed-2.jsonl.gz"
    ' > "$ANTITHESIS_SDK_LOCAL_OUTPUT"\\n\' > build/simulation; chmod +x build/simulation'
)
# A few seeds do not reach all that a profile asks for.
_LENIENT = (
    "mkdir -p .github; printf 'profile: general\\nfault_point_coverage_min: 0.7\\ninvariant_coverage_min: 0.9\\n'"
    " > .github/vopr-coverage.yml"
)
SESSIONS: dict[str, Reader] = {
    "README.md": Reader(
        prepare={
            "vopr-coverage init": first(
                "cp $REAL/combined.ndjson combined-1.ndjson; cp $REAL/swizzle-a.ndjson swizzle-1.ndjson\n"
                "cp $REAL/swizzle-b.ndjson swizzle-2.ndjson"
            )
        }
    ),
    "docs/adding.md": Reader(exits={"vopr-coverage check combined=off": 1}),
    "docs/invariants.md": Reader(),
    "docs/adopting.md": Reader(config="build/adopt/vopr-coverage.yml"),
    "docs/canaries.md": Reader(
        prepare={
            "vopr-coverage canary --control control": first(
                f"{CANARIES_CONFIG}cp $REAL/combined.ndjson control.ndjson; cp $REAL/combined.ndjson hash.ndjson\n"
                "cp $REAL/canary-drop-disabled.ndjson drop.ndjson"
            ),
            "vopr-coverage canary --control night": first(
                TWO_CANARIES_CONFIG
                + recorded("night/control", "combined", 1, 60)
                + recorded("night/canary-a", "combined", 1, 60, "--json --features canary-wrong-hash")
                + a_run("gray.ndjson", "swizzle", 1, 60)
                + a_run("b.ndjson", "swizzle", 1, 60, "--json --features canary-wrong-hash")
            ),
            "vopr-coverage canary --names": first(CANARIES_CONFIG),
            "vopr-coverage canary --runs": first(
                recorded("night/canary/control", "combined", 1, 60)
                + recorded("night/canary/canary-wrong-hash", "combined", 1, 60, "--json --features canary-wrong-hash")
                + recorded(
                    "night/canary/sim-canary-drop-disabled", "combined", 1, 60, "--json --features drop-disabled"
                )
            ),
        }
    ),
    "docs/determinism.md": Reader(
        prepare={
            "vopr-coverage determinism linux": first(
                a_run("linux.ndjson", "combined", 1, 60) + a_run("macos.ndjson", "combined", 1, 60)
            ),
            "vopr-coverage determinism recordings": first(
                recorded("recordings/combined-4711", "combined", 4711, 60, "--json --check-determinism")
            ),
        }
    ),
    "docs/doctor.md": Reader(
        prepare={
            "vopr-coverage init": first("cp $REAL/combined.ndjson $REAL/baseline.ndjson ."),
            "vopr-coverage doctor --workflow": a_file(".github/workflows/simulation.yml", WORKFLOW),
        }
    ),
    "docs/planning.md": Reader(
        prepare={"vopr-coverage plan": first("for seed in {1..17}; do echo combined $seed; done > seeds.txt")},
        instead={_VOPR: _OURS},
    ),
    "docs/points.md": Reader(
        prepare={"vopr-coverage points lock": first_points, "vopr-coverage points show": points_after_a_night}
    ),
    "docs/recording.md": Reader(
        prepare={
            "vopr-coverage replay": first(_REGRESSIONS),
            "vopr-coverage record --scenario combined --seed 1 ": first(_PER_SEED),
            "vopr-coverage record --scenario suite": first(_SDK),
            "vopr-coverage check recordings/*": first(
                "mkdir -p .github; cp examples/configs/simulator.yml .github/vopr-coverage.yml"
            ),
            "vopr-coverage check recordings/suite": first(_LENIENT),
        },
        instead={
            "--iterations 1000000 --out": "--iterations 200 --out",
            "--iterations 10000 --out": "--iterations 20 --out",
            "--iterations 1000 --out": "--iterations 20 --out",
            f"recordings/combined-4711 \\\n    {_VOPR}": f"recordings/combined-4711 \\\n    {_OURS}",
        },
        exits={"vopr-coverage check --health-only": 1, "vopr-coverage record --scenario combined --seed 1 ": 0},
    ),
    "docs/red-verdict.md": Reader(exits={"build/red/simulator --scenario combined --seed 42": 1}),
    "docs/seeds.md": Reader(
        prepare={
            "vopr-coverage seeds": first(
                recorded("night/coverage/combined", "combined", 1, 200, "--simulation -")
                + recorded("night/coverage/swizzle", "swizzle", 1, 200, "--simulation -")
            ),
            "vopr-coverage check --merge": first(_LENIENT),
        },
        instead={f"-- {SIMULATOR.replace('python3 examples', '.')}": f"-- {SIMULATOR} --simulation -"},
    ),
    "docs/trends.md": Reader(prepare={"vopr-coverage trends": history}),
    "docs/verdict.md": Reader(
        prepare={
            "vopr-coverage check run": first(
                "mkdir -p runs; cp $REAL/combined.ndjson run.ndjson\n"
                "cp $REAL/combined.ndjson $REAL/baseline.ndjson runs\n"
                "printf 'profile: none\\ncritical_fault_points: [network.delay]\\n' > night.yml"
            )
        }
    ),
    "examples/emitters/README.md": Reader(),
    "examples/simulator/README.md": Reader(exits={"build/canary-skip-fsync": 1}),  # the planted bug fails seeds
}


def followed(page: str) -> list[Block]:
    """The blocks of a page that its session runs, saves, or puts into the config."""
    return [block for block in BLOCKS if block.page == page and is_followed(block)]


def is_followed(block: Block) -> bool:
    """Whether the session of a block's page uses it."""
    if block.page not in SESSIONS or any(row.matches(block) for row in NOT_RUN):
        return False
    if block.language == "yaml":
        return SESSIONS[block.page].config != Reader().config
    return block.language in SHELL or bool(saved_as(block))
