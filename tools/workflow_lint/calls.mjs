// What GitHub's packages leave out of a call of a reusable workflow: whether an input's value has its type, and whether
// the caller grants what the called jobs ask for. With too little the run never starts.
import { LineCounter, parseDocument } from "yaml";

const LEVELS = { none: 0, read: 1, write: 2 };

/** The problems of all calls in a workflow; `called` reads the workflow that a `uses` names, or returns undefined. */
export function problemsOfCalls(text, called) {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: false });
  const caller = document.toJS() ?? {};
  const problems = [];
  for (const [id, job] of Object.entries(caller.jobs ?? {})) {
    const workflow = typeof job?.uses === "string" ? called(job.uses) : undefined;
    if (workflow === undefined) continue;
    const report = (message, ...path) => {
      const [start] = document.getIn(["jobs", id, ...path], true)?.range ?? [0];
      const { line, col } = lines.linePos(start);
      problems.push({ line, column: col, message });
    };
    for (const [name, problem] of wrongTypes(job, workflow)) report(problem, "with", name);
    for (const problem of missingRights(job.permissions ?? caller.permissions, workflow)) report(problem, "uses");
  }
  return problems;
}

function* wrongTypes(job, workflow) {
  const inputs = workflow.on?.workflow_call?.inputs ?? {};
  for (const [name, value] of Object.entries(job.with ?? {})) {
    const type = inputs[name]?.type;
    const isExpression = typeof value === "string" && value.includes("${{");
    if ((type === "number" || type === "boolean") && typeof value !== type && !isExpression) {
      yield [name, `Input ${name} is a ${type}, found ${JSON.stringify(value)}`];
    }
  }
}

/** Without any `permissions` the repository's settings decide, which a linter can't know. */
function* missingRights(granted, workflow) {
  if (granted === undefined) return;
  for (const [id, job] of Object.entries(workflow.jobs ?? {})) {
    const asked = job?.permissions ?? workflow.permissions ?? {};
    const scopes = typeof asked === "string" ? ["all"] : Object.keys(asked);
    for (const scope of scopes) {
      const [needed, given] = [asked, granted].map((permissions) => level(permissions, scope));
      if (given < needed) yield `The called job ${id} asks for ${scope}: ${word(needed)}, granted is ${word(given)}`;
    }
  }
}

function level(permissions, scope) {
  if (typeof permissions === "string") return LEVELS[permissions.replace(/-all$/, "")] ?? 0;
  return LEVELS[permissions?.[scope]] ?? 0;
}

function word(level) {
  return Object.keys(LEVELS)[level];
}
