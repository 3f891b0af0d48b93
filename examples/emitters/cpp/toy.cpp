// SPDX-License-Identifier: Apache-2.0

// A toy simulator: a counter on three replicas, whose messages are lost or come twice.
// `g++ -std=c++17 -O2 toy.cpp -o toy && ./toy --seed N --seeds M`

#include <chrono>
#include <iostream>
#include <sstream>
#include <thread>

#include "emitter.hpp"

using u64 = std::uint64_t;

struct Random {
    u64 state;

    // Splitmix64, which is the same in every language: numbers from 0 to bound - 1.
    u64 below(u64 bound) {
        u64 z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (z ^ (z >> 31)) % bound;
    }
};

// One seed: forty increments, each sent to all replicas, in a network and on disks that misbehave.
void simulate(Emitter& emit, const std::string& scenario, bool broken) {
    Random random{emit.seed()};
    u64 values[3] = {}, synced[3] = {}, events = 0, now = 0, digest = 0;
    for (u64 op = 1; op <= 40; ++op) {
        for (int replica = 0; replica < 3; ++replica) {
            u64& value = values[replica];
            const u64 dice = random.below(10);
            if (dice < 2) emit.hit(dice == 0 ? "net.drop" : "net.duplicate");
            for (u64 copies = dice == 0 ? 0 : dice == 1 ? 2 : 1; copies > 0; --copies) {
                ++events;
                if (op > value + 1) {
                    emit.hit("gap repaired");
                    emit.ran(scenario + ": repaired by one copy");
                    value = op;
                } else if (op == value + 1 || (broken && synced[replica] == 0)) {
                    ++value; // broken: before its first sync a replica counts an op twice that comes twice
                } else {
                    emit.hit("duplicate ignored");
                }
            }
            if (random.below(30) == 0) {
                emit.hit("replica.crash");
                value = synced[replica];
            } else if (random.below(3) == 0) {
                synced[replica] = value;
            }
            now += 1000 + random.below(1000);
            emit.ran("never_ahead");
            if (value > op)
                emit.fail("never_ahead", scenario + ": replica " + std::to_string(replica) + " counts " +
                                             std::to_string(value) + " after op " + std::to_string(op));
            digest = (digest ^ value) * 0x100000001B3 + now;
        }
        emit.hit("op");
    }
    if (values[0] == values[1] && values[1] == values[2]) emit.hit(scenario + ": all equal");
    emit.events(events);
    emit.time_ns(now);
    char hex[17];
    std::snprintf(hex, sizeof hex, "%016llx", (unsigned long long)digest);
    emit.digest(hex);
}

int main(int argc, char** argv) {
    std::map<std::string, std::string> given{{"--seed", "1"}, {"--seeds", "100"}, {"--scenario", "toy"}};
    for (int at = 1; at < argc; ++at)
        if (argv[at] == std::string("--broken")) given["--broken"];
        else if (at + 1 < argc) given[argv[at]] = argv[at + 1], ++at;
    const std::string scenario = given["--scenario"];
    const u64 calls = given.count("--bench") > 0 ? std::stoull(given["--bench"]) : 0;
    std::ostringstream nowhere;
    Emitter emit(calls > 0 ? static_cast<std::ostream&>(nowhere) : std::cout);
    for (auto name : {"net.drop", "net.duplicate", "replica.crash"}) emit.declare("fault", name);
    for (auto name : {"gap repaired", "duplicate ignored"}) emit.declare("sometimes", name);
    emit.declare("reachable", scenario + ": all equal");
    emit.declare("phase", "op");
    emit.declare("invariant", "never_ahead");
    emit.declare("optional_invariant", scenario + ": repaired by one copy");
    emit.start(std::stoull(given["--seed"]), std::stoull(given["--seeds"]), scenario);
    while (emit.next_seed()) {
        if (calls > 0) {
            const auto began = std::chrono::steady_clock::now();
            for (u64 call = 0; call < calls; ++call) emit.hit("gap repaired");
            const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
            return std::printf("%.1f ns a call\n", took.count() / double(calls)) < 0;
        }
        if (given["--hang-at"] == std::to_string(emit.seed())) std::this_thread::sleep_for(std::chrono::minutes(10));
        simulate(emit, scenario, given.count("--broken") > 0);
    }
    emit.end();
}
