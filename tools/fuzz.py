"""Fuzzes the readers of all formats: small valid files, changed at random, read and judged.

    python tools/fuzz.py --minutes 1 --seed 1

Whatever a file is, reading and judging it end within two seconds, in 300 MB, with a verdict or an error of ours. And a
file of which a point was cut out never passes a gate that asks for this point, whatever else was changed in it.
A finding is written to a file, and its seed plays it again.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.support.samples import Sample, samples
from vopr_coverage.check.flow import Rules, check
from vopr_coverage.check.request import CheckRequest
from vopr_coverage.errors import UserError
from vopr_coverage.model.verdict import Verdict

SECONDS_MAX = 2.0
MEGABYTES_MAX = 300
TOKENS = (
    b"null", b"-1", b"1e999", b"18446744073709551616", b"NaN", b"{}", b"[]", b'""', b"true", b"\x00", b"\xff",
    b"\\u0000", b"\\ud800", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"{" * 200, b"[" * 2_000, b"\n", b"\r",
    b"\xef\xbb\xbf", b'"', b"\t", b"#_",
)  # fmt: skip


def _flip(rng: random.Random, data: bytearray) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.randrange(256)


def _insert(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.choice(TOKENS)


def _cut(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data) + 1)
    del data[at : at + rng.choice((1, 3, 20, 300, 1 << 20))]


def _repeat(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data) + 1)
    piece = data[at : at + rng.choice((1, 30, 400))]
    data[at:at] = piece * rng.choice((1, 2, 50))


def _lines(rng: random.Random, data: bytearray) -> None:
    lines = bytes(data).split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    if rng.random() < 0.5:
        lines[one], lines[other] = lines[other], lines[one]
    else:
        lines.insert(one, lines[other])
    data[:] = b"\n".join(lines)


def _number(rng: random.Random, data: bytearray) -> None:
    places = [place for place, byte in enumerate(data) if 48 <= byte <= 57]
    if places:
        at = rng.choice(places)
        data[at : at + 1] = rng.choice((b"0", b"9", b"-1", b"99999999999999999999", b"1.5", b""))


CHANGES: tuple[Callable[[random.Random, bytearray], None], ...] = (_flip, _insert, _cut, _repeat, _lines, _number)


def changed(rng: random.Random, data: bytes) -> bytes:
    """The file after one change, or a few."""
    text = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        rng.choice(CHANGES)(rng, text)
    return bytes(text)


def judged(path: Path, sample: Sample) -> Verdict | None:
    """The verdict, under the sample's config beside the file; None where the file was refused."""
    config = path.with_suffix(".yml")
    config.write_text(sample.config)
    request = CheckRequest(reports=[str(path)], config=str(config), form=sample.form)
    try:
        return check(request, Rules())
    except UserError:
        return None


def problem_of(path: Path, sample: Sample, *, is_cut: bool) -> str:
    """What is wrong with how this file was taken, "" if nothing."""
    begun = time.process_time()
    try:
        verdict = judged(path, sample)
    except Exception:
        return traceback.format_exc()
    took = time.process_time() - begun
    if took > SECONDS_MAX:
        return f"took {took:.1f} s"
    if is_cut and verdict and verdict.passed and sample.point not in reached(verdict):
        return "passed without a point that is asked for"
    return ""


def reached(verdict: Verdict) -> set[str]:
    """The points that were hit and the invariants that ran."""
    reports = [report.report for report in verdict.reports if report.report]
    ran = {name for report in reports for name, count in report.invariant_executions.items() if count}
    return ran.union(*(report.hit_fault_points for report in reports))


def _peak() -> float:
    """The largest resident size so far, in MB; the kernel counts it from the size of whoever started this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    """Fuzz for some time; returns 1 at the first finding."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1, help="of the first input (default: 1)")
    parser.add_argument("--inputs", type=int, help="so many inputs, however long they take")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="the folder for a finding")
    arguments = parser.parse_args()
    all_samples, begun = samples(), _peak()
    until, number, taken = time.monotonic() + 60 * arguments.minutes, arguments.seed, dict.fromkeys(all_samples, 0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "input")
        for name, sample in all_samples.items():  # else the harness would prove nothing
            path.write_bytes(sample.without)
            verdict = judged(path, sample)
            assert verdict is not None, f"{name}: the sample is refused"
            assert not verdict.passed, f"{name}: the sample passes without its point"
        while number - arguments.seed < arguments.inputs if arguments.inputs else time.monotonic() < until:
            rng = random.Random(number)  # noqa: S311 (so that a seed plays its input again)
            name = rng.choice(list(all_samples))
            sample, is_cut = all_samples[name], rng.random() < 0.5
            data = changed(rng, sample.without if is_cut else sample.whole)
            path.write_bytes(data)
            problem = problem_of(path, sample, is_cut=is_cut)
            if problem:
                arguments.keep.mkdir(parents=True, exist_ok=True)
                kept = arguments.keep / f"{name.replace(' ', '-')}-{number}"
                kept.write_bytes(data)
                print(f"{name}, seed {number}, kept as {kept}: {problem}")
                return 1
            taken[name] += 1
            number += 1
    megabytes = _peak()
    told = ", ".join(f"{name} {count:,}" for name, count in taken.items())
    print(f"{number - arguments.seed:,} inputs from seed {arguments.seed} on, no finding, {megabytes:.0f} MB: {told}")
    return 0 if megabytes <= max(MEGABYTES_MAX, begun) else 1


if __name__ == "__main__":
    sys.exit(main())
