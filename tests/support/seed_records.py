"""Records of one seed for tests, as each format has them."""

from __future__ import annotations

from vopr_coverage.model.crash import crash_of
from vopr_coverage.reading.records import CompactData, CrashedData, FailedData, PlainOkData
from vopr_coverage.reading.simulation_records import Failed, SeedLine

STORED, KERNEL = "5" * 64, "8" * 64


def passed(events: int = 100, time_ms: float = 10.0, storage: str = STORED, kernel: str = KERNEL) -> PlainOkData:
    """A seed that passed, as a stream has it."""
    return PlainOkData(
        events=events, kernel_state_hash=kernel, seed=1, simulated_time_ms=time_ms, status="ok", storage_hash=storage
    )


def compact(events: int = 100, time_ms: float = 10.0, storage: str = STORED, kernel: str = KERNEL) -> CompactData:
    """The same as a recording has it, with as many digits of its hashes as it keeps."""
    return CompactData(
        seed=1, events=events, simulated_time_ms=time_ms, storage_hash=storage[:16], kernel_state_hash=kernel[:16]
    )


def failed(events: int = 7, invariant: str = "hash_chain", message: str = "broken") -> FailedData:
    """A seed that failed."""
    return FailedData(events=events, invariant=invariant, message=message, seed=1)


def simulated(digest: str | dict[str, str] | None = None, failure: Failed | None = None, **figures: object) -> SeedLine:
    """A seed of a simulation stream."""
    status = "failed" if failure else "ok"
    return SeedLine(type="seed", seed=1, status=status, digest=digest, failure=failure, **figures)  # type: ignore[arg-type]


def died(message: str = "abort") -> CrashedData:
    """A seed that the simulator died at."""
    return CrashedData(events=0, invariant="crash", message=message, seed=1, crash=crash_of(134, None, ()))
