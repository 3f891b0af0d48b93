// SPDX-License-Identifier: Apache-2.0

// A toy simulator: a counter on three replicas, whose messages are lost or come twice.
// `tsc toy.ts && node toy.js --seed N --seeds M`

import { openSync } from "node:fs";
import { parseArgs } from "node:util";
import { Emitter } from "./emitter.js";

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

/** Splitmix64, which is the same in every language: numbers from 0 to `bound - 1`. */
function splitmix64(state: bigint): (bound: number) => number {
  return (bound) => {
    state = u64(state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = u64((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = u64((z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return Number((z ^ (z >> 31n)) % BigInt(bound));
  };
}

/** One seed: forty increments, each sent to all replicas, in a network and on disks that misbehave. */
function simulate(emit: Emitter, scenario: string, broken: boolean): void {
  const below = splitmix64(emit.seed);
  const [values, synced] = [[0, 0, 0], [0, 0, 0]];
  let [events, now, digest] = [0, 0, 0n];
  for (let op = 1; op <= 40; op++) {
    for (let replica = 0; replica < 3; replica++) {
      let value = values[replica]!;
      const copies = [0, 2][below(10)] ?? 1;
      if (copies !== 1) emit.hit(copies > 0 ? "net.duplicate" : "net.drop");
      for (let copy = 0; copy < copies; copy++) {
        events++;
        if (op > value + 1) {
          emit.hit("gap repaired");
          emit.ran(`${scenario}: repaired by one copy`);
          value = op;
        } else if (op === value + 1 || (broken && synced[replica] === 0)) {
          value++; // broken: before its first sync a replica counts an op twice that comes twice
        } else {
          emit.hit("duplicate ignored");
        }
      }
      if (below(30) === 0) {
        emit.hit("replica.crash");
        value = synced[replica]!;
      } else if (below(3) === 0) {
        synced[replica] = value;
      }
      values[replica] = value;
      now += 1000 + below(1000);
      emit.ran("never_ahead");
      if (value > op) emit.fail("never_ahead", `${scenario}: replica ${replica} counts ${value} after op ${op}`);
      digest = u64((digest ^ BigInt(value)) * 0x100000001b3n + BigInt(now));
    }
    emit.hit("op");
  }
  if (new Set(values).size === 1) emit.hit(`${scenario}: all equal`);
  emit.events(events);
  emit.timeNs(now);
  emit.digest(digest.toString(16).padStart(16, "0"));
}

const text = { type: "string" } as const;
const broken = { type: "boolean" } as const;
const options = { seed: text, seeds: text, scenario: text, broken, "hang-at": text, bench: text };
const given = parseArgs({ options }).values;
const scenario = given.scenario ?? "toy";
const emit = new Emitter(given.bench ? openSync("/dev/null", "w") : 1);
emit.declare("fault", "net.drop", "net.duplicate", "replica.crash");
emit.declare("sometimes", "gap repaired", "duplicate ignored");
emit.declare("reachable", `${scenario}: all equal`);
emit.declare("phase", "op");
emit.declare("invariant", "never_ahead");
emit.declare("optional_invariant", `${scenario}: repaired by one copy`);
emit.start(BigInt(given.seed ?? 1), BigInt(given.seeds ?? 100), scenario);
while (emit.nextSeed()) {
  if (given.bench) {
    const [began, calls] = [process.hrtime.bigint(), Number(given.bench)];
    for (let call = 0; call < calls; call++) emit.hit("gap repaired");
    console.log(`${(Number(process.hrtime.bigint() - began) / calls).toFixed(1)} ns a call`);
    process.exit();
  }
  if (given["hang-at"] === String(emit.seed)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600_000);
  simulate(emit, scenario, given.broken ?? false);
}
emit.end();
