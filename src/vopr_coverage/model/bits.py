"""Which seed hit which point, as bits: one row a seed, one column a point, in Python's large integers.

A row has `width` bytes, and its bit k is point k, the lowest bit first; row i is the i-th seed. A column is an integer
whose bit i says whether the i-th seed hit the point: `&` of two columns are the seeds that hit both, `bit_count` says
how many. A million seeds make 125 kB a point.
"""

from __future__ import annotations

from collections.abc import Sequence

# For each bit of a byte, a table that turns bytes into b"0" and b"1".
_DIGITS = tuple(bytes(0x31 if byte >> bit & 1 else 0x30 for byte in range(256)) for bit in range(8))


def width_of(points: int) -> int:
    """How many bytes a row of so many points has."""
    return (points + 7) // 8


def counts_of(rows: bytes, width: int) -> list[int]:
    """How many rows have each bit.

    All rows are halves of one large integer, which are added bit by bit: `planes[k]` holds bit k of every sum. So a row
    costs a few machine instructions.
    """
    lanes = len(rows) // width if width else 0
    planes = [int.from_bytes(rows, "little")]
    while lanes > 1:
        lanes = (lanes + 1) // 2
        shift = lanes * width * 8
        mask, carry, sums = (1 << shift) - 1, 0, list[int]()
        for plane in planes:
            one, other = plane & mask, plane >> shift
            unequal = one ^ other
            sums.append(unequal ^ carry)
            carry = one & other | carry & unequal
        planes = [*sums, carry]
    return [sum((plane >> bit & 1) << k for k, plane in enumerate(planes)) for bit in range(width * 8)]


def columns_of(rows: bytes, width: int) -> list[int]:
    """The columns of all rows."""
    columns = []
    for byte in range(width):
        newest_first = rows[byte::width][::-1]
        columns += [int(newest_first.translate(digits) or b"0", 2) for digits in _DIGITS]
    return columns


def rows_of(columns: Sequence[int], rows: int) -> list[int]:
    """The rows of columns that have so many rows: bit k of a row says whether column k has it."""
    ones = int.from_bytes(b"\x01" * rows, "little")
    parts = []
    for first in range(0, len(columns), 8):
        eight = 0  # a byte a row
        for bit, column in enumerate(columns[first : first + 8]):
            newest_first = digits_of(column, rows).encode("ascii")
            eight |= (int.from_bytes(newest_first, "big") & ones) << bit
        parts.append(eight.to_bytes(rows, "little"))
    return [int.from_bytes(bytes(row), "little") for row in zip(*parts, strict=True)] if parts else [0] * rows


def digits_of(column: int, rows: int) -> str:
    """A column as so many binary digits, its first row last."""
    return f"{column:0{rows}b}" if rows else ""


def stacked(pieces: Sequence[tuple[int, int]]) -> int:
    """Columns below each other as one, each given with its number of rows.

    Two and two become one, so that no row is moved more often than there are doublings.
    """
    parts = list(pieces)
    while len(parts) > 1:
        pairs = zip(parts[::2], parts[1::2], strict=False)
        parts = [(upper | lower << rows, rows + more) for (upper, rows), (lower, more) in pairs] + parts[
            len(parts) // 2 * 2 :
        ]
    return parts[0][0] if parts else 0


def lowest(column: int) -> int | None:
    """The first row of a column; None if it is empty."""
    return (column & -column).bit_length() - 1 if column else None
