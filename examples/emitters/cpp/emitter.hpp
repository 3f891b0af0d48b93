// SPDX-License-Identifier: Apache-2.0
// From vopr-coverage-action, examples/emitters. Made to be copied into your project: one file, no dependencies, C++17.
// Writes what a simulation did as a simulation stream, which `vopr-coverage check` judges.
//
// One line a seed, flushed. Don't call `end` in a destructor: a crash is noticed by the missing end. For one thread
// only. Misuse throws std::logic_error; a full disk or a closed pipe std::runtime_error.
#pragma once
#include <cstdint>
#include <cstdio>
#include <map>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>

class Emitter {
public:
    explicit Emitter(std::ostream& out) : out_(out) {}

    // Says what there is. Kinds: fault, sometimes, reachable, phase, invariant, optional_invariant.
    void declare(std::string_view kind, std::string_view name) {
        must_be("declaring", "declare");
        const std::string known = " fault sometimes reachable phase invariant optional_invariant ", word(kind);
        if (known.find(" " + word + " ") == known.npos) throw std::logic_error("emitter: no kind '" + word + "'");
        declared_[word] += (declared_[word].empty() ? "" : ",") + quoted(name);
    }
    // Announces the seeds first_seed to first_seed + seeds - 1; after 2^64-1 comes 0. The commit may be empty.
    void start(std::uint64_t first_seed, std::uint64_t seeds, std::string_view scenario, std::string_view commit = {}) {
        must_be("declaring", "start");
        state_ = "idle", first_ = first_seed, announced_ = seeds;
        std::string points, invariants;
        for (const char* kind : {"fault", "sometimes", "reachable", "phase"})
            points += (points.empty() ? "" : ",") + quoted(kind) + ":[" + declared_[kind] + "]";
        for (const std::string kind : {"invariant", "optional_invariant"})
            invariants += "," + quoted(kind + "s") + ":[" + declared_[kind] + "]";
        write("{\"type\":\"start\",\"format\":\"simulation/1\",\"first_seed\":" + std::to_string(first_seed) +
              ",\"seeds\":" + std::to_string(seeds) + ",\"scenario\":" + quoted(scenario) + ",\"commit\":" +
              (commit.empty() ? "null" : quoted(commit)) + ",\"points\":{" + points + "}" + invariants + "}");
    }
    // Writes the seed before, and begins the next one; false after the last one.
    bool next_seed() {
        write_seed();
        must_be("idle", "next_seed");
        if (done_ < announced_) state_ = "seed";
        return state_ == "seed";
    }
    std::uint64_t seed() const { return first_ + done_; }  // the one that was begun
    // A point was reached, in this seed.
    void hit(std::string_view point) { must_be("seed", "hit"), ++hits_[std::string(point)]; }
    // An invariant was checked, whether it held or not.
    void ran(std::string_view invariant) { must_be("seed", "ran"), ++ran_[std::string(invariant)]; }
    // This seed failed. The first failure of a seed is kept.
    void fail(std::string_view invariant, std::string_view message = {}) {
        must_be("seed", "fail");
        facts_.emplace("failure", "{\"invariant\":" + quoted(invariant) + ",\"message\":" + quoted(message) + "}");
    }
    // A hash of what this seed did: the same seed must give the same, another seed another.
    void digest(std::string_view text) { must_be("seed", "digest"), facts_["digest"] = quoted(text); }
    // How many steps this seed took.
    void events(std::uint64_t count) { must_be("seed", "events"), facts_["events"] = std::to_string(count); }
    // How much simulated time passed, in nanoseconds.
    void time_ns(std::uint64_t simulated) { must_be("seed", "time_ns"), facts_["time_ns"] = std::to_string(simulated); }
    // Writes the last seed and the end record.
    void end() {
        write_seed();
        must_be("idle", "end");
        state_ = "ended";
        write("{\"type\":\"end\",\"seeds\":" + std::to_string(done_) + ",\"failed\":" + std::to_string(failed_) + "}");
    }

private:
    std::ostream& out_;
    std::string state_ = "declaring"; // then "idle" between seeds, "seed" in a seed, "ended"
    std::uint64_t first_ = 0, announced_ = 0, done_ = 0, failed_ = 0;
    std::map<std::string, std::string> declared_;      // names by kind, as JSON
    std::map<std::string, std::uint64_t> hits_, ran_;  // of this seed
    std::map<std::string, std::string> facts_;         // of this seed, as JSON: digest, events, time_ns, failure
    void must_be(const std::string& state, const std::string& call) const {
        if (state_ == state) return;
        throw std::logic_error("emitter: " + call + "() belongs to state '" + state + "', this is '" + state_ + "'");
    }
    void write_seed() {
        if (state_ != "seed") return;
        const bool fails = facts_.count("failure") > 0;
        std::string line = "{\"type\":\"seed\",\"seed\":" + std::to_string(seed());
        line += ",\"status\":" + quoted(fails ? "failed" : "ok");
        for (const auto& [key, json] : facts_) line += "," + quoted(key) + ":" + json;
        write(line + ",\"hits\":" + taken(hits_) + ",\"ran\":" + taken(ran_) + "}");
        facts_.clear(), state_ = "idle", ++done_, failed_ += fails;
    }
    static std::string taken(std::map<std::string, std::uint64_t>& counts) {
        std::string json;
        for (const auto& [name, n] : counts) json += (json.empty() ? "" : ",") + quoted(name) + ":" + std::to_string(n);
        counts.clear();
        return "{" + json + "}";
    }
    void write(const std::string& line) {
        if (!(out_ << line + "\n" << std::flush)) throw std::runtime_error("emitter: can't write");
    }
    static std::string quoted(std::string_view text) {  // as JSON; what is no UTF-8 becomes U+FFFD
        std::string json = "\"";
        char escaped[8];
        for (std::size_t size = 0; !text.empty(); text.remove_prefix(size)) {
            size = length_of_first(text);
            if (size == 0) json += "\xEF\xBF\xBD", size = 1;
            else if (text[0] == '"' || text[0] == '\\') (json += '\\') += text[0];
            else if (size == 1 && text[0] < ' ') std::snprintf(escaped, 8, "\\u%04x", text[0] & 31u), json += escaped;
            else json += text.substr(0, size);
        }
        return json + "\"";
    }
    static std::size_t length_of_first(std::string_view text) {  // in bytes, of one character; 0 if it is no UTF-8
        const unsigned first = static_cast<unsigned char>(text[0]), least[] = {0, 0, 0x80, 0x800, 0x10000};
        const size_t size = first < 128 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
        unsigned code = size < 2 ? first : first & (0x7F >> size);
        for (std::size_t at = 1; at < size; code = code << 6 | (text[at++] & 0x3F))
            if (at >= text.size() || (text[at] & 0xC0) != 0x80) return 0;
        return code < least[size] || code > 0x10FFFF || code >> 11 == 0x1B ? 0 : size;
    }
};
