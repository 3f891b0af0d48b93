// SPDX-License-Identifier: Apache-2.0
// From vopr-coverage-action, examples/emitters. Made to be copied into your project: one file, no dependencies.

//! Writes what a simulation did as a simulation stream, which `vopr-coverage check` judges.
//!
//! One line a seed, flushed. Don't call `end` on the way out of a panic: a crash is noticed by the missing end.
//! For one thread only. Misuse panics; a full disk or a closed pipe is an error of `start`, `next_seed` and `end`.

use std::collections::BTreeMap;
use std::io::{self, Write};

const POINTS: [&str; 4] = ["fault", "sometimes", "reachable", "phase"];
const INVARIANTS: [&str; 2] = ["invariant", "optional_invariant"];

/// One run of a simulator.
pub struct Emitter<W: Write> {
    out: W,
    state: &'static str, // "declaring", then "idle" between seeds, "seed" in a seed, "ended"
    seeds: (u64, u64, u64, u64), // the first one; how many are announced, done, failed
    declared: Vec<(String, String)>, // a kind, and a name as JSON
    counts: [BTreeMap<String, u64>; 2], // of this seed: hits, ran
    facts: BTreeMap<&'static str, String>, // of this seed, as JSON: digest, events, time_ns, failure
}

#[allow(dead_code)] // not every simulator has events, or simulated time
impl<W: Write> Emitter<W> {
    pub fn new(out: W) -> Self {
        let (declared, counts, facts) = Default::default();
        Emitter { out, state: "declaring", seeds: (0, 0, 0, 0), declared, counts, facts }
    }

    /// Say what there is. `kind`: fault, sometimes, reachable, phase, invariant or optional_invariant.
    pub fn declare(&mut self, kind: &str, name: &str) {
        self.must_be("declaring", "declare");
        assert!(POINTS.contains(&kind) || INVARIANTS.contains(&kind), "emitter: there is no kind {kind:?}");
        self.declared.push((kind.to_string(), quoted(name)));
    }

    /// Announce seeds `first_seed` to `first_seed + seeds - 1`; after 2^64-1 comes 0.
    pub fn start(&mut self, first_seed: u64, seeds: u64, scenario: &str, commit: Option<&str>) -> io::Result<()> {
        self.must_be("declaring", "start");
        (self.state, self.seeds) = ("idle", (first_seed, seeds, 0, 0));
        let list = |kind: &str| {
            let names = self.declared.iter().filter(|(of, _)| of == kind).map(|(_, name)| name.as_str());
            names.collect::<Vec<_>>().join(",")
        };
        let points = POINTS.map(|kind| format!("\"{kind}\":[{}]", list(kind))).join(",");
        let invariants = INVARIANTS.map(|kind| format!(",\"{kind}s\":[{}]", list(kind))).concat();
        let (scenario, commit) = (quoted(scenario), commit.map_or("null".to_string(), quoted));
        let seeds = format!("\"first_seed\":{first_seed},\"seeds\":{seeds}");
        let about = format!("\"scenario\":{scenario},\"commit\":{commit},\"points\":{{{points}}}");
        self.write(format!("{{\"type\":\"start\",\"format\":\"simulation/1\",{seeds},{about}{invariants}}}\n"))
    }

    /// Write the seed before, and begin the next one, which is returned; None after the last one.
    pub fn next_seed(&mut self) -> io::Result<Option<u64>> {
        self.write_seed()?;
        self.must_be("idle", "next_seed");
        let (first, announced, done, _) = self.seeds;
        self.state = if done < announced { "seed" } else { "idle" };
        Ok((done < announced).then(|| first.wrapping_add(done)))
    }

    /// A point was reached, in this seed.
    pub fn hit(&mut self, point: &str) { self.count(0, point, "hit"); }
    /// An invariant was checked, whether it held or not.
    pub fn ran(&mut self, invariant: &str) { self.count(1, invariant, "ran"); }
    /// This seed failed. The first failure of a seed is kept.
    pub fn fail(&mut self, invariant: &str, message: &str) {
        self.must_be("seed", "fail");
        let failure = format!("{{\"invariant\":{},\"message\":{}}}", quoted(invariant), quoted(message));
        self.facts.entry("failure").or_insert(failure);
    }
    /// A hash of what this seed did: the same seed must give the same, another seed another.
    pub fn digest(&mut self, text: &str) { self.fact("digest", quoted(text)); }
    /// How many steps this seed took.
    pub fn events(&mut self, count: u64) { self.fact("events", count.to_string()); }
    /// How much simulated time passed, in nanoseconds.
    pub fn time_ns(&mut self, simulated: u64) { self.fact("time_ns", simulated.to_string()); }
    /// Write the last seed and the end record.
    pub fn end(&mut self) -> io::Result<()> {
        self.write_seed()?;
        self.must_be("idle", "end");
        self.state = "ended";
        self.write(format!("{{\"type\":\"end\",\"seeds\":{},\"failed\":{}}}\n", self.seeds.2, self.seeds.3))
    }

    fn must_be(&self, state: &str, call: &str) {
        assert!(self.state == state, "emitter: {call}() belongs to state '{state}', this is '{}'", self.state);
    }
    fn fact(&mut self, key: &'static str, json: String) { self.must_be("seed", key); self.facts.insert(key, json); }
    fn count(&mut self, of: usize, name: &str, call: &str) {
        self.must_be("seed", call);
        if let Some(count) = self.counts[of].get_mut(name) { *count += 1; return; }
        self.counts[of].insert(name.to_string(), 1);
    }
    fn write_seed(&mut self) -> io::Result<()> {
        if self.state != "seed" { return Ok(()); }
        let (first, announced, done, failed) = self.seeds;
        let (fails, seed) = (self.facts.contains_key("failure"), first.wrapping_add(done));
        (self.state, self.seeds) = ("idle", (first, announced, done + 1, failed + fails as u64));
        let facts = std::mem::take(&mut self.facts);
        let facts = facts.iter().map(|(key, json)| format!(",\"{key}\":{json}")).collect::<String>();
        let [hits, ran] = std::mem::take(&mut self.counts).map(|counts| {
            counts.iter().map(|(name, n)| format!("{}:{n}", quoted(name))).collect::<Vec<_>>().join(",")
        });
        let begin = format!("\"type\":\"seed\",\"seed\":{seed},\"status\":\"{}\"", if fails { "failed" } else { "ok" });
        self.write(format!("{{{begin}{facts},\"hits\":{{{hits}}},\"ran\":{{{ran}}}}}\n"))
    }
    fn write(&mut self, line: String) -> io::Result<()> { self.out.write_all(line.as_bytes())?; self.out.flush() }
}

fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        _ if c < ' ' => format!("\\u{:04x}", c as u32),
        _ => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}
