// SPDX-License-Identifier: Apache-2.0

//! A toy simulator: a counter on three replicas, whose messages are lost or come twice. `./toy --seed N --seeds M`

mod emitter;
use emitter::Emitter;
use std::{collections::HashSet, io, thread::sleep, time};

struct Random(u64);

impl Random {
    /// Splitmix64, which is the same in every language: numbers from 0 to `bound - 1`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E3779B97F4A7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D049BB133111EB);
        (z ^ (z >> 31)) % bound
    }
}

/// One seed: forty increments, each sent to all replicas, in a network and on disks that misbehave.
fn simulate<W: io::Write>(emit: &mut Emitter<W>, seed: u64, scenario: &str, broken: bool) {
    let mut random = Random(seed);
    let (mut values, mut synced) = ([0u64; 3], [0u64; 3]);
    let (mut events, mut now, mut digest) = (0u64, 0u64, 0u64);
    for op in 1..=40 {
        for replica in 0..3 {
            let copies = [0, 2, 1, 1, 1, 1, 1, 1, 1, 1][random.below(10) as usize];
            if copies != 1 {
                emit.hit(if copies > 0 { "net.duplicate" } else { "net.drop" });
            }
            for _ in 0..copies {
                events += 1;
                if op > values[replica] + 1 {
                    emit.hit("gap repaired");
                    emit.ran(&format!("{scenario}: repaired by one copy"));
                    values[replica] = op;
                } else if op == values[replica] + 1 || (broken && synced[replica] == 0) {
                    values[replica] += 1; // broken: before its first sync a replica counts an op twice that comes twice
                } else {
                    emit.hit("duplicate ignored");
                }
            }
            if random.below(30) == 0 {
                emit.hit("replica.crash");
                values[replica] = synced[replica];
            } else if random.below(3) == 0 {
                synced[replica] = values[replica];
            }
            now += 1000 + random.below(1000);
            emit.ran("never_ahead");
            if values[replica] > op {
                let message = format!("{scenario}: replica {replica} counts {} after op {op}", values[replica]);
                emit.fail("never_ahead", &message);
            }
            digest = (digest ^ values[replica]).wrapping_mul(0x100000001B3).wrapping_add(now);
        }
        emit.hit("op");
    }
    if HashSet::from(values).len() == 1 {
        emit.hit(&format!("{scenario}: all equal"));
    }
    emit.events(events);
    emit.time_ns(now);
    emit.digest(&format!("{digest:016x}"));
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args_os().map(|text| text.to_string_lossy().into_owned()).collect();
    let given = |name: &str| arguments.iter().position(|text| text == name).map(|at| arguments[at + 1].as_str());
    let number = |name: &str| given(name).map(|text| text.parse::<u64>().expect("an integer from 0 to 2^64-1"));
    let scenario = given("--scenario").unwrap_or("toy");
    let broken = arguments.contains(&"--broken".to_string());
    let bench = number("--bench");
    let mut emit: Emitter<Box<dyn io::Write>> =
        Emitter::new(if bench.is_some() { Box::new(io::sink()) } else { Box::new(io::stdout()) });
    for (kind, name) in [
        ("fault", "net.drop"), ("fault", "net.duplicate"), ("fault", "replica.crash"),
        ("sometimes", "gap repaired"), ("sometimes", "duplicate ignored"), ("phase", "op"),
        ("reachable", &format!("{scenario}: all equal")), ("invariant", "never_ahead"),
        ("optional_invariant", &format!("{scenario}: repaired by one copy")),
    ] {
        emit.declare(kind, name);
    }
    emit.start(number("--seed").unwrap_or(1), number("--seeds").unwrap_or(100), scenario, None)?;
    while let Some(seed) = emit.next_seed()? {
        if let Some(calls) = bench {
            let began = time::Instant::now();
            (0..calls).for_each(|_| emit.hit("gap repaired"));
            println!("{:.1} ns a call", began.elapsed().as_nanos() as f64 / calls as f64);
            return Ok(());
        }
        if number("--hang-at") == Some(seed) {
            sleep(time::Duration::from_secs(600));
        }
        simulate(&mut emit, seed, scenario, broken);
    }
    emit.end()
}
