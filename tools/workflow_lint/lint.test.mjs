// The linter itself: what it must report, it reports, with the place; and what is right passes.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const LINT = fileURLToPath(new URL("../../build/workflow-lint.cjs", import.meta.url));
const CALLED = `
on:
  workflow_call:
    inputs:
      minutes: { type: number, default: 5 }
      canaries: { type: boolean, default: true }
      build: { type: string, required: true }
    secrets:
      key: { required: false }
    outputs:
      verdict: { value: "\${{ jobs.judge.outputs.verdict }}" }
permissions: {}
jobs:
  judge:
    runs-on: ubuntu-latest
    permissions: { contents: read, actions: read }
    outputs: { verdict: "\${{ steps.judge.outputs.verdict }}" }
    steps:
      - id: judge
        run: echo "\${{ job.workflow_sha }} \${{ inputs.minutes }}"
`;
const CALLER = `
on: workflow_dispatch
permissions: {}
jobs:
  night:
    permissions: { contents: read, actions: read }
    uses: org/vopr-coverage-action/.github/workflows/called.yml@v1
    with:
      build: make
      minutes: 60
      canaries: \${{ github.ref == 'refs/heads/main' }}
  tell:
    needs: night
    runs-on: ubuntu-latest
    permissions: {}
    steps:
      - run: echo \${{ needs.night.outputs.verdict }}
      - uses: org/vopr-coverage-action@v1
        with: { reports: night.json }
      - uses: somebody/else@v1
        with: { anything: goes }
`;
const ACTION = `
name: An action
description: It judges.
inputs:
  reports: { description: the runs, required: true }
runs:
  using: composite
  steps:
    - run: echo
      shell: bash
`;
const FILES = { ".github/workflows/called.yml": CALLED, "workflows/caller.yml": CALLER, "action.yml": ACTION };

/** Lint these files, of which one is changed, in a repository of their own. */
function lint(changed = "", from = "", to = "", names = Object.keys(FILES)) {
  const root = mkdtempSync(join(tmpdir(), "workflow-lint-"));
  try {
    for (const [name, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      assert.ok(name !== changed || text.includes(from), from);
      writeFileSync(join(root, name), name === changed ? text.replace(from, to) : text);
    }
    const { status, stdout, stderr } = spawnSync(process.execPath, [LINT, ...names], { cwd: root, encoding: "utf8" });
    return { status, told: stdout + stderr };
  } finally {
    rmSync(root, { recursive: true });
  }
}

test("what is right passes without a word", () => {
  assert.deepEqual(lint(), { status: 0, told: "" });
});

const CALLED_YML = ".github/workflows/called.yml";
const CALLER_YML = "workflows/caller.yml";
const RIGHTS = "permissions: { contents: read, actions: read }";
const HEAD = "permissions: {}\njobs:\n  judge:\n    runs-on: ubuntu-latest\n    " + RIGHTS;

// What is wrong; the file, what stands there, and what then does; what is told of it.
const BROKEN = [
  ["a context's unknown key", CALLED_YML, "workflow_sha", "workflow_shaX",
    "called.yml:20:20: Context access might be invalid: workflow_shaX"],
  ["an input that isn't declared", CALLED_YML, "inputs.minutes", "inputs.minuets", "might be invalid: minuets"],
  ["a job that isn't there", CALLER_YML, "needs: night", "needs: nihgt", "nihgt"],
  ["a key that nobody knows", CALLER_YML, "runs-on: ubuntu", "run-on: ubuntu", "run-on"],
  ["a wrong type in a workflow", CALLER_YML, "needs: night", "needs: night\n    timeout-minutes: long",
    "caller.yml:14:22"],
  ["text that isn't YAML", CALLER_YML, "with:", "with: {", "caller.yml:"],
  ["an unknown input of a call", CALLER_YML, "minutes: 60", "minuets: 60",
    "caller.yml:10:16: Invalid input, minuets is not defined"],
  ["a required input of a call", CALLER_YML, "      build: make\n", "", "caller.yml:7:11: Input build is required"],
  ["a call's number that is text", CALLER_YML, "minutes: 60", 'minutes: "60"',
    'caller.yml:10:16: Input minutes is a number, found "60"'],
  ["a call's boolean that is a number", CALLER_YML, "canaries: ${{ github.ref == 'refs/heads/main' }}", "canaries: 1",
    "caller.yml:11:17: Input canaries is a boolean, found 1"],
  ["a secret that isn't declared", CALLER_YML, "    with:\n", "    secrets: { kez: x }\n    with:\n",
    "kez is not defined"],
  ["an output of a call that isn't there", CALLER_YML, "outputs.verdict", "outputs.verdcit",
    "caller.yml:17:19: Context access might be invalid: verdcit"],
  ["a right too few", CALLER_YML, ", actions: read }", " }",
    "caller.yml:7:11: The called job judge asks for actions: read, granted is none"],
  ["a right too weak", CALLED_YML, "actions: read", "actions: write", "asks for actions: write, granted is read"],
  ["a right of all jobs", CALLED_YML, HEAD, HEAD.replace("{}", "{ issues: read }").replace(RIGHTS, ""),
    "asks for issues: read, granted is none"],
  ["all rights at once", CALLED_YML, RIGHTS, "permissions: write-all", "asks for all: write, granted is none"],
  ["another version of ours", CALLER_YML, "called.yml@v1", "called.yml@v2", "Unable to find reusable workflow"],
  ["an unknown input of our action", CALLER_YML, "reports:", "reprots:", "Invalid action input 'reprots'"],
  ["a commit that is cut short", CALLER_YML, "else@v1", "else@3d3c42e", "caller.yml:20:15"],
  ["an action's step without a shell", "action.yml", "      shell: bash\n", "", "action.yml:"],
];
for (const [name, file, from, to, told] of BROKEN) {
  test(`${name} is reported`, () => {
    const ended = lint(file, from, to);
    assert.equal(ended.status, 1, ended.told);
    assert.ok(ended.told.includes(told), ended.told);
  });
}

test("rights that a job gives up, or has by name, are enough", () => {
  assert.equal(lint(CALLED_YML, "permissions: {}", "permissions: { issues: write }").status, 0);
  assert.equal(lint(CALLER_YML, RIGHTS, "permissions: read-all").status, 0);
});

test("a file that isn't there, an empty one, and none at all are failures", () => {
  assert.equal(lint("", "", "", ["none.yml"]).status, 1);
  assert.equal(lint(CALLER_YML, CALLER, "").status, 1);
  assert.equal(lint("", "", "", []).status, 1);
});
