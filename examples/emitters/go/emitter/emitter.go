// SPDX-License-Identifier: Apache-2.0
// From vopr-coverage-action, examples/emitters. Made to be copied into your project: one file, no dependencies.

// Package emitter writes what a simulation did as a simulation stream, which `vopr-coverage check` judges.
//
// One line a seed, flushed. Don't call End from a defer: a crash is noticed by the missing end. For one goroutine only.
// Misuse panics. After a full disk or a closed pipe NextSeed is false, and End returns the error.
package emitter

import (
	"encoding/json"
	"fmt"
	"io"
)

// Emitter is one run of a simulator.
type Emitter struct {
	out                            *json.Encoder // writes a line at once
	err                            error
	state                          string // "declaring", then "idle" between seeds, "seed" in a seed, "ended"
	first, announced, done, failed uint64
	declared                       map[string][]string // names by kind
	hits, ran                      map[string]uint64   // of this seed
	record                         map[string]any      // of this seed
}

// New makes an emitter that writes to out, which must not be buffered.
func New(out io.Writer) *Emitter {
	none := map[string][]string{"fault": {}, "sometimes": {}, "reachable": {}, "phase": {}}
	none["invariant"], none["optional_invariant"] = []string{}, []string{}
	return &Emitter{out: json.NewEncoder(out), state: "declaring", declared: none}
}

// Declare says what there is. Kinds: fault, sometimes, reachable, phase, invariant, optional_invariant.
func (e *Emitter) Declare(kind string, names ...string) {
	e.mustBe("declaring", "Declare")
	if e.declared[kind] == nil {
		panic(fmt.Sprintf("emitter: there is no kind %q", kind))
	}
	e.declared[kind] = append(e.declared[kind], names...)
}

// Start announces the seeds firstSeed to firstSeed+seeds-1; after 2^64-1 comes 0. The commit may be nil.
func (e *Emitter) Start(firstSeed, seeds uint64, scenario string, commit *string) {
	e.mustBe("declaring", "Start")
	e.state, e.first, e.announced = "idle", firstSeed, seeds
	points := map[string][]string{}
	for _, kind := range []string{"fault", "sometimes", "reachable", "phase"} {
		points[kind] = e.declared[kind]
	}
	e.err = e.out.Encode(map[string]any{
		"type": "start", "format": "simulation/1", "first_seed": firstSeed, "seeds": seeds,
		"scenario": scenario, "commit": commit, "points": points,
		"invariants": e.declared["invariant"], "optional_invariants": e.declared["optional_invariant"],
	})
}

// NextSeed writes the seed before, and begins the next one; false after the last one.
func (e *Emitter) NextSeed() bool {
	e.writeSeed()
	e.mustBe("idle", "NextSeed")
	if e.done == e.announced || e.err != nil {
		return false
	}
	e.state, e.hits, e.ran = "seed", map[string]uint64{}, map[string]uint64{}
	e.record = map[string]any{"type": "seed", "seed": e.Seed(), "status": "ok", "hits": e.hits, "ran": e.ran}
	return true
}

// Seed is the seed that was begun.
func (e *Emitter) Seed() uint64 { return e.first + e.done }

// Hit says that a point was reached, in this seed.
func (e *Emitter) Hit(point string) { e.mustBe("seed", "Hit"); e.hits[point]++ }

// Ran says that an invariant was checked, whether it held or not.
func (e *Emitter) Ran(invariant string) { e.mustBe("seed", "Ran"); e.ran[invariant]++ }

// Fail says that this seed failed. The first failure of a seed is kept.
func (e *Emitter) Fail(invariant, message string) {
	e.mustBe("seed", "Fail")
	if e.record["status"] == "ok" {
		e.failed++
		e.record["status"] = "failed"
		e.record["failure"] = map[string]string{"invariant": invariant, "message": message}
	}
}

// Digest is a hash of what this seed did: the same seed must give the same, another seed another.
func (e *Emitter) Digest(text string) { e.mustBe("seed", "Digest"); e.record["digest"] = text }

// Events is how many steps this seed took.
func (e *Emitter) Events(count uint64) { e.mustBe("seed", "Events"); e.record["events"] = count }

// TimeNs is how much simulated time passed, in nanoseconds.
func (e *Emitter) TimeNs(time uint64) { e.mustBe("seed", "TimeNs"); e.record["time_ns"] = time }

// End writes the last seed and the end record.
func (e *Emitter) End() error {
	e.writeSeed()
	e.mustBe("idle", "End")
	e.state = "ended"
	e.err = e.out.Encode(map[string]any{"type": "end", "seeds": e.done, "failed": e.failed})
	return e.err
}

func (e *Emitter) mustBe(state, call string) {
	if e.state != state {
		panic(fmt.Sprintf("emitter: %s() belongs to state '%s', this is '%s'", call, state, e.state))
	}
}

func (e *Emitter) writeSeed() {
	if e.state == "seed" {
		e.err = e.out.Encode(e.record)
		e.state, e.done = "idle", e.done+1
	}
}
