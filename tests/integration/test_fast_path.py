"""The typed decoder and the JSON Schema give the same answers, line by line and block by block.

A healthy night goes through the decoder alone; `schemas/stream.json` is the contract. So every
line that the decoder takes, the schema must take with the same values, and the other way round.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from io import BufferedReader, BytesIO
from typing import Any

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.reports import SEED_COUNT, Record, a_record, a_stream, ending, failed, line, ndjson, ok, start
from vopr_coverage.errors import UserError
from vopr_coverage.formats import schema as contract
from vopr_coverage.formats.strict_json import JsonError, JsonSyntaxError, strict_loads
from vopr_coverage.formats.text import UTF8_MARK
from vopr_coverage.reading import records, source
from vopr_coverage.reading.records import FailedData, decode_ok_block, read_record
from vopr_coverage.reading.records import Record as Read
from vopr_coverage.reading.stream import read_stream
from vopr_coverage.reading.tally import Tally

thorough = examples(600)
steady = examples(150)

NOISE, REFUSED, DUPLICATE = "noise", "refused", "a duplicate key"
Answer = str | tuple[Any, ...]


# ---- the ways of asking about one line


def by_schema(text: bytes) -> Answer:
    """What the contract says: strict JSON, then the schema. A mark is skipped before the first line alone."""
    if text.startswith(UTF8_MARK):
        return NOISE
    try:
        document = strict_loads(text)
    except JsonSyntaxError:
        return NOISE
    except JsonError as error:
        return DUPLICATE if error.expected == "every key once" else REFUSED
    if contract.problems("stream", document):
        return REFUSED
    return values_of(document["data"]) if document["type"] == "iteration" else REFUSED


def values_of(data: Any) -> Answer:
    """The figures of an iteration, by whichever way they were read."""
    figures = data if isinstance(data, dict) else {key: getattr(data, key) for key in data.__struct_fields__}
    if isinstance(data, FailedData) or figures.get("status") == "failed":
        return ("failed", figures["seed"], figures["events"], figures["invariant"], figures["message"])
    time, hashes = float(figures["simulated_time_ms"]), (figures["storage_hash"], figures["kernel_state_hash"])
    return ("ok", figures["seed"], figures["events"], time, *hashes)


def by_reader(text: bytes) -> Answer:
    """What the reader says, which asks the decoder first."""
    read = read_record(text, "s", 1)
    if isinstance(read, Read) and read.type == "iteration":
        return values_of(read.data)
    return NOISE if read is None else REFUSED


def by_decoder(text: bytes) -> Answer:
    """What the typed decoder of single lines says by itself."""
    try:
        data = records._decode_iteration(text).data
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return REFUSED
    return values_of(data) if records.within_bounds(data) else REFUSED


def by_block(text: bytes) -> Answer:
    """What the block decoder of healthy lines says, with the line as a block of its own."""
    try:
        lines = decode_ok_block(text + b"\n")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return REFUSED
    if len(lines) != 1:
        return REFUSED
    tally = Tally()
    tally.starting_seed = lines[0].data.seed % SEED_COUNT  # a start record has no other
    if not tally.add_ok_block(lines):
        return REFUSED
    answer = values_of(lines[0].data)
    assert (tally.ok, tally.events, tally.time_ns) == (1, answer[2], round(float(answer[3]) * 1e6))
    return answer


def agree_on(text: bytes) -> None:
    """All four give one answer; the decoders may leave what is noise or has unknown keys to the schema."""
    contracted = by_schema(text)
    if contracted == DUPLICATE:
        return  # these need not be seen in iteration lines, and the decoder doesn't
    taken = not isinstance(contracted, str)
    assert by_reader(text) in ((contracted,) if taken else (REFUSED, NOISE))
    bare = taken and not has_other_keys(text)
    assert by_decoder(text) == (contracted if bare else REFUSED)
    assert by_block(text) == (contracted if bare and contracted[0] == "ok" else REFUSED)


def has_other_keys(text: bytes) -> bool:
    """Whether an accepted line holds keys beyond the contract's."""
    document = json.loads(text)
    known = ok(0) if document["data"]["status"] == "ok" else failed(0)
    return (set(document), set(document["data"])) != (set(known), set(known["data"]))


# ---- lines that were changed as values, and then as text

MEMBERS = ["seed", "status", "events", "simulated_time_ms", "storage_hash", "kernel_state_hash", "invariant", "message"]
ENVELOPE = ["data", "timestamp", "type"]
EDGES = [0, -1, 1, 2**53 + 1, 2**63, 2**64 - 1, 2**64, 2**65, 10**30, 18446744073709, 18446744073710]

scalars = st.one_of(
    st.sampled_from(EDGES),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 5.0, 0.1, 1e-320, 18446744073709.0, 18446744073709.004, 1.7e308]),
    st.text(max_size=8),
    st.sampled_from(["ok", "failed", "OK", "", "iteration", "start", "é🎲", "\x00", "\x7f", '"', "\\", "\u2028", "5"]),
    st.booleans(),
    st.none(),
)
anything = st.one_of(scalars, st.lists(scalars, max_size=2), st.dictionaries(st.text(max_size=4), scalars, max_size=2))


@st.composite
def changed_lines(draw: st.DrawFn) -> bytes:
    """A valid line in which up to three members were replaced, dropped or added, and the layout changed."""
    record: Record = draw(st.sampled_from([ok(5), failed(5), ok(2**64 - 1, simulated_time_ms=40756.446298)]))
    record = json.loads(line(record))
    for _ in range(draw(st.integers(0, 3))):
        inside = isinstance(record.get("data"), dict) and draw(st.booleans() | st.just(True))
        part: Record = record["data"] if inside else record
        key = draw(st.sampled_from(MEMBERS if inside else ENVELOPE) | st.sampled_from(["", "extra", "Seed", "data"]))
        if draw(st.booleans()):
            part[key] = draw(anything)
        else:
            part.pop(key, None)
    if draw(st.booleans()):
        record = {key: shuffled(record[key], draw) for key in draw(st.permutations(list(record)))}
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " :\r"), ("\r,", "  :")]))
    text = json.dumps(record, separators=separators, ensure_ascii=draw(st.booleans()))
    return text.encode("utf-8", "surrogatepass") + draw(st.sampled_from([b"", b" ", b"\r", b"\t "]))


def shuffled(value: Any, draw: st.DrawFn) -> Any:
    """An object with its keys in another order; anything else as it is."""
    return {key: value[key] for key in draw(st.permutations(list(value)))} if isinstance(value, dict) else value


@thorough
@given(changed_lines())
def test_lines_changed_as_values_are_taken_or_refused_by_both(text: bytes) -> None:
    """Types, bounds, missing and unknown keys, order and layout: the decoder decides as the schema does."""
    agree_on(text)


TOKENS = [
    "5.0", "1e3", "1E+2", "1e-2", "-0", "-0.0", "-1", "+1", "01", "00", ".5", "1.", "0x10", "1_000", "1e400", "-1e400",
    "1e-400", "NaN", "Infinity", "-Infinity", "nan", "true", "null", "TRUE", "'ok'", '""', '"ok"', '"\\ud800"',
    '"\\udc00\\ud800"', '"\\ud83c\\udfb2"', '"\\u0000"', '"\\/"', '"\\x"', '"\\u12"', '"a\tb"', '"\x00"', '"a\rb"', '"',
    "[]", "{}", "[1", "18446744073709551615", "18446744073709551616", "18446744073709551615.0", "9" * 400, "9" * 5000,
    "18446744073709", "18446744073709.0", "18446744073709.1", "18446744073710", "1." + "9" * 400, "0." + "0" * 400,
    "[" * 10_000 + "]" * 10_000, '{"a":' * 10_000 + "1" + "}" * 10_000, '"\\u006f\\u006b"', "", " ", "5 5", "5,",
    '"5"', '"x","extra":1',
]  # fmt: skip


@pytest.mark.parametrize("base", [ok(5), failed(5)], ids=["ok", "failed"])
def test_every_odd_token_in_every_place_is_taken_or_refused_by_both(base: Record) -> None:
    """Numbers, strings and literals as no serialiser would write them, in place of each value of a line."""
    for part, key in [*((base["data"], key) for key in base["data"]), *((base, key) for key in ENVELOPE)]:
        kept, part[key] = part[key], "@"
        template = line(base).rstrip()
        part[key] = kept
        for token in TOKENS:
            text = template.replace(b'"@"', token.encode())
            agree_on(text)


BYTES = [
    b"", b"\x00", b"\x01", b"\t", b"\r", b"\x0b", b"\x0c", b"\x1f", b"\x7f", b" ", b'"', b"\\", b"{", b"}", b"[", b"]",
    b",", b":", b"0", b"9", b"-", b".", b"e", b"\x80", b"\xc3", b"\xc3\xa9", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
    b"\xc0\x80", b"\xff", b"\xef\xbb\xbf", b"\xc2\xa0", b"\xe2\x80\xa8", b"\\ud800", b"\\u0000", b"//", b"#",
]  # fmt: skip


@thorough
@given(changed_lines(), st.lists(st.tuples(st.floats(0, 1), st.sampled_from(BYTES), st.integers(0, 2)), max_size=2))
@example(line(ok(5)).rstrip(), [(0.0, b"\xef\xbb\xbf", 0)])
@example(line(ok(5)).rstrip(), [(1.0, b"\x00", 0)])
def test_lines_changed_as_bytes_are_taken_or_refused_by_both(
    text: bytes, edits: Sequence[tuple[float, bytes, int]]
) -> None:
    """Broken UTF-8, control characters, stray punctuation and lost bytes, anywhere in a line."""
    for place, inserted, dropped in edits:
        at = round(place * len(text))
        text = text[:at] + inserted + text[at + dropped :]
    agree_on(text)


def test_every_byte_of_a_line_may_be_lost() -> None:
    """A line cut at any offset, and a line without any one byte, is judged alike by both."""
    for text in (line(ok(5)).rstrip(), line(failed(5)).rstrip()):
        for at in range(len(text)):
            agree_on(text[:at])
            agree_on(text[:at] + text[at + 1 :])


def test_a_key_that_stands_twice_is_at_least_no_way_out() -> None:
    """The decoder doesn't look for duplicate keys; the value that counts still has to be in bounds."""
    twice = line(ok(5)).replace(b'"events":100', b'"events":100,"events":-3').rstrip()
    assert (by_decoder(twice), by_block(twice), by_reader(twice)) == (REFUSED, REFUSED, REFUSED)


# ---- the same stream in other pieces


def told(blocks: Iterable[bytes]) -> object:
    """What a stream in these blocks comes to, refusals included."""
    try:
        return read_stream(blocks, "s")
    except UserError as error:
        return str(error)


def in_pieces(stream: bytes, sizes: Sequence[int]) -> list[bytes]:
    """The stream in blocks of so many lines each, again and again."""
    lines = BytesIO(stream).readlines()  # at line feeds only, where splitlines() splits at a CR too
    blocks: list[bytes] = []
    while lines:
        size = sizes[len(blocks) % len(sizes)]
        blocks.append(b"".join(lines[:size]))
        del lines[:size]
    return blocks


ODD_LINES = [
    b"", b"\n", b"[vsr.agreement] phase=fsync_end\n", b'{"level":"info"}\n', b"\xff\n", b'{"data":\n',
    line(ok(2)), line(ok(2))[:-1] + line(ok(3)), line(ok(2)).replace(b'"timestamp"', b'\n"timestamp"'),
    line(ok(2)).replace(b'"timestamp"', b'\r"timestamp"'), line(ok(2)).replace(b"\n", b"\r\n"),
    line(ok(2, events=-1)), line(ok(2, simulated_time_ms=5)), line(ok(2, cpu=1)), line(ok(2, events=5.0)),
    line(ok(2**64 - 1)), line(failed(2)), line(failed(2, events=2**64)), line(start(0, 9)), line(ending(2)),
    line(a_record("heartbeat", {})),
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD_LINES, ids=range(len(ODD_LINES)))
@pytest.mark.parametrize("announced", [4, 30])
def test_an_odd_line_reads_the_same_in_any_block(odd: bytes, announced: int) -> None:
    """Whatever stands among healthy lines, it counts the same alone and in the middle of a block."""
    lines = [line(ok(seed)) for seed in range(2)] + [odd] + [line(ok(seed)) for seed in range(2, 30)]
    stream = ndjson(start(0, announced), *lines, ending(30))
    alone = told(in_pieces(stream, [1]))
    for sizes in ([2], [3], [100], [1, 40], [4, 1]):
        assert told(in_pieces(stream, sizes)) == alone


def test_the_highest_seed_is_followed_by_zero_in_any_block() -> None:
    """A block can't carry on beyond 2^64 - 1, neither round to 0 nor up to 2^64."""
    first = 2**64 - 2
    for third in (0, 2**64):
        stream = ndjson(start(first, 3), ok(first), ok(first + 1), ok(third), ending(3))
        alone = told(in_pieces(stream, [1]))
        assert isinstance(alone, str) == (third > 0)
        for sizes in ([2], [1, 3], [1, 2], [100]):
            assert told(in_pieces(stream, sizes)) == alone


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Healthy, failing and mixed streams, some with odd lines, some without their end."""
    count = draw(st.integers(0, 12))
    first = draw(st.sampled_from([0, 7, 2**64 - 5]))
    seeds = [(first + i) % 2**64 for i in range(count)]
    subset = st.sets(st.sampled_from(seeds)) if seeds else st.just(set())
    failing, lost = draw(st.sampled_from([True, False])), draw(st.booleans())
    broken = draw(subset) if failing else set()
    silent = draw(subset) - broken if lost else set()
    stream = a_stream(count, first=first, failing=broken, lost=silent)
    lines = stream.splitlines(keepends=True)
    for _ in range(draw(st.integers(0, 2))):
        lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(ODD_LINES)))
    stream = b"".join(lines)
    return stream[: draw(st.integers(0, len(stream)))] if draw(st.booleans()) else stream


@steady
@given(streams(), st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_a_stream_reads_the_same_in_any_pieces(stream: bytes, sizes: list[int]) -> None:
    """The figures, the failures, the contradictions and the complaints don't depend on where blocks end."""
    assert told(in_pieces(stream, sizes)) == told(in_pieces(stream, [1])) == told([stream] if stream else [])


@steady
@given(streams(), st.sampled_from([1, 2, 7, 64, 333, 4096]))
def test_blocks_hold_whole_lines_whatever_their_size(stream: bytes, block_bytes: int) -> None:
    """However few bytes a read delivers, a line is never cut, and nothing is lost or doubled."""
    assume(stream)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "BLOCK_BYTES", block_bytes)
        blocks = list(source.blocks(BufferedReader(BytesIO(stream), 16), "s"))
    assert b"".join(blocks) == stream
    assert all(block.endswith(b"\n") for block in blocks[:-1])
