// GitHub's own parser as a linter of workflows and actions:
//
//     node build/workflow-lint.cjs FILE…
//
// It is run at the root of the repository: calls of our own workflows and actions, whether by `./` or as other
// repositories write them, lead to the files there, so that inputs, outputs, secrets and rights are checked on both
// sides. Any diagnostic, a warning too, ends it with exit code 1.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { registerLogger, validate } from "@actions/languageservice";
import { parseFileReference } from "@actions/workflow-parser/workflows/file-reference";
import { TextDocument } from "vscode-languageserver-textdocument";
import { parse } from "yaml";
import { problemsOfCalls } from "./calls.mjs";

const OURS = { owner: "org", repository: "vopr-coverage-action", version: "v1" };

/** The file here that a reference leads to; undefined where it leads to somebody else's repository. */
function pathOf(reference) {
  const isOurs = Object.keys(OURS).every((key) => reference[key] === OURS[key]);
  return reference.owner === undefined || isOurs ? reference.path : undefined;
}

function read(path) {
  return readFileSync(path, "utf8");
}

const fileProvider = {
  async getFileContent(reference) {
    const path = pathOf(reference);
    if (path === undefined) throw new Error("not in this repository");
    return { name: path, content: read(path) };
  },
};

const actionsMetadataProvider = {
  async fetchActionMetadata({ owner, name, ref, path }) {
    const folder = pathOf({ owner, repository: name, version: ref, path: path ?? "" });
    return folder === undefined ? {} : parse(read(join(folder, "action.yml"))); // {}: no inputs are known
  },
};

function calledWorkflow(uses) {
  const path = pathOf(parseFileReference(uses));
  return path === undefined ? undefined : parse(read(path));
}

async function problemsOf(path) {
  const text = read(path);
  const document = TextDocument.create(path, "yaml", 1, text);
  const diagnostics = await validate(document, { fileProvider, actionsMetadataProvider });
  const problems = diagnostics.map(({ message, range: { start } }) => ({
    line: start.line + 1,
    column: start.character + 1,
    message,
  }));
  return problems.length ? problems : problemsOfCalls(text, calledWorkflow);
}

async function main(paths) {
  let failed = paths.length === 0;
  if (failed) console.error("usage: workflow-lint FILE…");
  const report = (text) => {
    failed = true;
    console.log(text);
  };
  // The language service only logs what goes wrong in itself.
  registerLogger({ error: report, warn: report, info() {}, log() {} });
  for (const path of paths) {
    try {
      for (const { line, column, message } of await problemsOf(path)) report(`${path}:${line}:${column}: ${message}`);
    } catch (error) {
      report(`${path}: ${error.message}`);
    }
  }
  return failed ? 1 : 0;
}

main(process.argv.slice(2)).then((code) => (process.exitCode = code));
