// SPDX-License-Identifier: Apache-2.0

// A toy simulator: a counter on three replicas, whose messages are lost or come twice. `go run . -seed N -seeds M`
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"
	"toy/emitter"
)

type random uint64

// below is splitmix64, which is the same in every language: numbers from 0 to bound-1.
func (r *random) below(bound uint64) uint64 {
	*r += 0x9E3779B97F4A7C15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return (z ^ z>>31) % bound
}

// simulate runs one seed: forty increments, each sent to all replicas, in a network and on disks that misbehave.
func simulate(emit *emitter.Emitter, scenario string, broken bool) {
	r, values, synced := random(emit.Seed()), [3]uint64{}, [3]uint64{}
	var events, now, digest uint64
	for op := uint64(1); op <= 40; op++ {
		for replica := range values {
			copies := []int{0, 2, 1, 1, 1, 1, 1, 1, 1, 1}[r.below(10)]
			if copies != 1 {
				emit.Hit(map[int]string{0: "net.drop", 2: "net.duplicate"}[copies])
			}
			for ; copies > 0; copies-- {
				events++
				if op > values[replica]+1 {
					emit.Hit("gap repaired")
					emit.Ran(scenario + ": repaired by one copy")
					values[replica] = op
				} else if op == values[replica]+1 || (broken && synced[replica] == 0) {
					values[replica]++ // broken: before its first sync a replica counts an op twice that comes twice
				} else {
					emit.Hit("duplicate ignored")
				}
			}
			if r.below(30) == 0 {
				emit.Hit("replica.crash")
				values[replica] = synced[replica]
			} else if r.below(3) == 0 {
				synced[replica] = values[replica]
			}
			now += 1000 + r.below(1000)
			emit.Ran("never_ahead")
			if count := values[replica]; count > op {
				emit.Fail("never_ahead", fmt.Sprintf("%s: replica %d counts %d after op %d", scenario, replica, count, op))
			}
			digest = (digest^values[replica])*0x100000001B3 + now
		}
		emit.Hit("op")
	}
	if values[0] == values[1] && values[1] == values[2] {
		emit.Hit(scenario + ": all equal")
	}
	emit.Events(events)
	emit.TimeNs(now)
	emit.Digest(fmt.Sprintf("%016x", digest))
}

func main() {
	seed, seeds := flag.Uint64("seed", 1, ""), flag.Uint64("seeds", 100, "")
	scenario, broken := flag.String("scenario", "toy", ""), flag.Bool("broken", false, "with a bug")
	hangAt, bench := flag.String("hang-at", "", "a seed"), flag.Int("bench", 0, "time so many calls of Hit")
	flag.Parse()
	emit := emitter.New(map[bool]io.Writer{false: os.Stdout, true: io.Discard}[*bench > 0])
	emit.Declare("fault", "net.drop", "net.duplicate", "replica.crash")
	emit.Declare("sometimes", "gap repaired", "duplicate ignored")
	emit.Declare("phase", "op")
	emit.Declare("reachable", *scenario+": all equal")
	emit.Declare("invariant", "never_ahead")
	emit.Declare("optional_invariant", *scenario+": repaired by one copy")
	emit.Start(*seed, *seeds, *scenario, nil)
	for emit.NextSeed() {
		if began := time.Now(); *bench > 0 {
			for i := 0; i < *bench; i++ {
				emit.Hit("gap repaired")
			}
			fmt.Printf("%.1f ns a call\n", float64(time.Since(began).Nanoseconds())/float64(*bench))
			return
		} else if *hangAt == fmt.Sprint(emit.Seed()) {
			time.Sleep(10 * time.Minute)
		}
		simulate(emit, *scenario, *broken)
	}
	if err := emit.End(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
