// SPDX-License-Identifier: Apache-2.0
// From vopr-coverage-action, examples/emitters. Made to be copied into your project: one file, nothing but Node.
//
// Writes what a simulation did as a simulation stream, which `vopr-coverage check` judges.
//
// One line a seed, written at once. Don't call `end` in a `finally`: a crash is noticed by the missing end.
// Misuse throws, and so does a full disk or a closed pipe.

import { writeSync } from "node:fs";

const POINTS = ["fault", "sometimes", "reachable", "phase"] as const;
const INVARIANTS = ["invariant", "optional_invariant"] as const;
export type Kind = (typeof POINTS)[number] | (typeof INVARIANTS)[number];

/** One run of a simulator. */
export class Emitter {
  private state = "declaring"; // then "idle" between seeds, "seed" in a seed, "ended"
  private first = 0n;
  private announced = 0n;
  private done = 0n;
  private failed = 0n;
  private readonly declared = new Map<Kind, string[]>(); // names by kind
  private hits = new Map<string, number>(); // of this seed
  private checks = new Map<string, number>();
  private facts = new Map<string, string>(); // as JSON: digest, events, time_ns, failure
  private readonly file: number; // a descriptor; 1 is standard output

  constructor(file = 1) {
    this.file = file;
  }
  /** Say what there is. */
  declare(kind: Kind, ...names: string[]): void {
    this.mustBe("declaring", "declare");
    if (![...POINTS, ...INVARIANTS].includes(kind)) throw new Error(`emitter: there is no kind '${kind}'`);
    this.declared.set(kind, [...(this.declared.get(kind) ?? []), ...names]);
  }
  /** Announce seeds `firstSeed` to `firstSeed + seeds - 1`; after 2^64-1 comes 0. */
  start(firstSeed: bigint, seeds: bigint, scenario: string | null = null, commit: string | null = null): void {
    this.mustBe("declaring", "start");
    [this.state, this.first, this.announced] = ["idle", firstSeed, seeds];
    const names = (kind: Kind) => `[${(this.declared.get(kind) ?? []).map(quoted).join()}]`;
    const points = POINTS.map((kind) => `"${kind}":${names(kind)}`).join();
    const invariants = INVARIANTS.map((kind) => `,"${kind}s":${names(kind)}`).join("");
    const about = `"scenario":${quoted(scenario)},"commit":${quoted(commit)},"points":{${points}}${invariants}`;
    this.write(`{"type":"start","format":"simulation/1","first_seed":${firstSeed},"seeds":${seeds},${about}}`);
  }
  /** Write the seed before, and begin the next one; false after the last one. */
  nextSeed(): boolean {
    this.writeSeed();
    this.mustBe("idle", "nextSeed");
    if (this.done < this.announced) this.state = "seed";
    return this.state === "seed";
  }
  /** The seed that was begun. */
  get seed(): bigint {
    return BigInt.asUintN(64, this.first + this.done);
  }
  /** A point was reached, in this seed. */
  hit(point: string): void {
    this.mustBe("seed", "hit");
    this.hits.set(point, (this.hits.get(point) ?? 0) + 1);
  }
  /** An invariant was checked, whether it held or not. */
  ran(invariant: string): void {
    this.mustBe("seed", "ran");
    this.checks.set(invariant, (this.checks.get(invariant) ?? 0) + 1);
  }
  /** This seed failed. The first failure of a seed is kept. */
  fail(invariant: string, message = ""): void {
    const failure = `{"invariant":${quoted(invariant)},"message":${quoted(message)}}`;
    this.fact("failure", this.facts.get("failure") ?? failure);
  }

  /** A hash of what this seed did: the same seed must give the same, another seed another. */
  digest = (text: string): void => this.fact("digest", quoted(text));
  /** How many steps this seed took. */
  events = (count: bigint | number): void => this.fact("events", String(count));
  /** How much simulated time passed, in nanoseconds. */
  timeNs = (simulated: bigint | number): void => this.fact("time_ns", String(simulated));
  /** Write the last seed and the end record. */
  end(): void {
    this.writeSeed();
    this.mustBe("idle", "end");
    this.state = "ended";
    this.write(`{"type":"end","seeds":${this.done},"failed":${this.failed}}`);
  }
  private fact(key: string, json: string): void {
    this.mustBe("seed", key);
    this.facts.set(key, json);
  }
  private mustBe(state: string, call: string): void {
    if (this.state === state) return;
    throw new Error(`emitter: ${call}() belongs to state '${state}', this is '${this.state}'`);
  }
  private writeSeed(): void {
    if (this.state !== "seed") return;
    const status = this.facts.has("failure") ? "failed" : "ok";
    const facts = [...this.facts].map(([key, json]) => `,"${key}":${json}`).join("");
    const counts = `"hits":${countsOf(this.hits)},"ran":${countsOf(this.checks)}`;
    this.write(`{"type":"seed","seed":${this.seed},"status":"${status}"${facts},${counts}}`);
    [this.state, this.done, this.failed] = ["idle", this.done + 1n, this.failed + (status === "ok" ? 0n : 1n)];
    for (const map of [this.hits, this.checks, this.facts]) map.clear();
  }
  private write(line: string): void {
    let bytes = new TextEncoder().encode(`${line}\n`);
    while (bytes.length > 0) {
      try {
        bytes = bytes.subarray(writeSync(this.file, bytes));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error; // a pipe is full: wait for its reader
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      }
    }
  }
}

// As JSON; half a surrogate pair, which is no text, becomes U+FFFD.
const quoted = (text: string | null) => JSON.stringify(text?.replace(/\p{Surrogate}/gu, "\ufffd") ?? null);
const countsOf = (counts: Map<string, number>) => `{${[...counts].map(([name, n]) => `${quoted(name)}:${n}`).join()}}`;
