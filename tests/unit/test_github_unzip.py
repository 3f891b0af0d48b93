"""A verdict out of an archive that anybody may have made."""

from __future__ import annotations

import struct
import warnings
import zipfile
from itertools import product

import pytest

from tests.support.archives import verdict_zip, with_a_link, with_claims, zipped, zipped_list
from vopr_coverage.github.artifact_zip import ENTRIES_MAX, VERDICT_BYTES_MAX, ZIP_BYTES_MAX, ArtifactError, verdict_in

SOUND = {"verdict.json": b"{}"}


def test_the_verdict_is_found_among_other_files() -> None:
    """Whatever else an artifact holds is not looked at."""
    assert verdict_in(verdict_zip(b'{"a": 1}')) == b'{"a": 1}'
    assert verdict_in(zipped(SOUND | {"summary.md": b"# hi", "deep/er.txt": b"", "folder/": b""})) == b"{}"
    assert verdict_in(zipped(SOUND, zipfile.ZIP_STORED)) == b"{}"


@pytest.mark.parametrize(
    "name",
    [
        "../verdict.json",
        "a/../../verdict.json",
        "/etc/passwd",
        "..\\evil.exe",
        "a\\..\\..\\b",
        "\\\\server\\share",
        "C:\\windows\\x",
        "C:x",
        "..",
        "a/..",
        "//x",
    ],
)
def test_an_entry_that_leads_outside_is_refused(name: str) -> None:
    """Zip-slip: nothing is ever unpacked, and whoever tries it is not believed either."""
    with pytest.raises(ArtifactError, match="leads outside"):
        verdict_in(zipped(SOUND | {name: b"x"}))


def test_a_name_behind_a_nul_byte_is_seen() -> None:
    """Python cuts names at a NUL; others don't."""
    data = zipped(SOUND | {"aXX/../b": b"x"}).replace(b"aXX/../b", b"a\0X/../b")
    with pytest.raises(ArtifactError, match="leads outside"):
        verdict_in(data)


def test_a_link_is_refused() -> None:
    """Even one that is called verdict.json, and leads to a file of the runner's."""
    with pytest.raises(ArtifactError, match="no file"):
        verdict_in(with_a_link("verdict.json", "/proc/self/environ"))


def test_there_must_be_exactly_one() -> None:
    """Of two, another program may read the other one."""
    with pytest.raises(ArtifactError, match=r"no verdict\.json"):
        verdict_in(zipped({"deep/verdict.json": b"{}", "VERDICT.JSON": b"{}"}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile's own: duplicate name
        twice = zipped_list([("verdict.json", b"{}"), ("verdict.json", b"[]")])
    with pytest.raises(ArtifactError, match="2 entries"):
        verdict_in(twice)


def test_a_bomb_does_not_go_off() -> None:
    """Sixteen megabytes come out, and then it is enough; what the archive says of its sizes doesn't count."""
    bomb = verdict_zip(b"\0" * (VERDICT_BYTES_MAX + 1))
    assert len(bomb) < 100_000
    with pytest.raises(ArtifactError, match="larger than 16 MiB"):
        verdict_in(bomb)
    size = struct.pack("<I", VERDICT_BYTES_MAX + 1)
    assert size in bomb
    with pytest.raises(ArtifactError):
        verdict_in(bomb.replace(size, struct.pack("<I", 100)))


def test_an_archive_that_is_too_large_is_refused_unopened() -> None:
    """By its bytes, and by its entries."""
    with pytest.raises(ArtifactError, match="larger than 16 MiB"):
        verdict_in(b"PK" + b"\0" * ZIP_BYTES_MAX)
    with pytest.raises(ArtifactError, match="entries, expected at most"):
        verdict_in(zipped(SOUND | {f"{number}": b"" for number in range(ENTRIES_MAX)}))


def test_unusual_archives_are_refused() -> None:
    """Other compressions, encryption: nothing that uploads artifacts makes them."""
    with pytest.raises(ArtifactError, match="unusual way"):
        verdict_in(zipped(SOUND, zipfile.ZIP_LZMA))
    encrypted = bytearray(zipped(SOUND))
    at = encrypted.index(b"PK\x01\x02")
    encrypted[at + 8] |= 1
    with pytest.raises(ArtifactError, match="unusual way"):
        verdict_in(bytes(encrypted))


@pytest.mark.parametrize("cut", [0, 1, 10, 60, -1, -10])
def test_what_is_no_archive_is_refused(cut: int) -> None:
    """Cut off anywhere, or never one."""
    data = verdict_zip(b'{"a": "' + b"x" * 1000 + b'"}')
    with pytest.raises(ArtifactError, match="not a sound ZIP"):
        verdict_in(data[:cut])


HUGE = (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**62, 2**63 - 1, 2**63, 2**64 - 1)


def test_a_claim_of_any_size_is_refused_or_without_effect() -> None:
    """An archive may claim more than a machine's integers hold, of every size and place that it names."""
    content = b'{"a": 1}'
    assert verdict_in(with_claims(content)) == content
    for fields in (("size", "packed", "begins"), ("directory", "directory_size"), ("trailer", "entries")):
        for claims in product(HUGE, repeat=len(fields)):
            try:
                found = verdict_in(with_claims(content, **dict(zip(fields, claims, strict=True))))
            except ArtifactError:
                continue
            assert content.startswith(found), (fields, claims)


def test_a_place_beyond_all_files_is_told() -> None:
    """In words of ours."""
    with pytest.raises(ArtifactError, match="it claims a size that no file can have"):
        verdict_in(with_claims(b"{}", begins=2**64 - 1))


def test_damaged_contents_are_refused() -> None:
    """The checksum inside is checked."""
    data = bytearray(zipped({"verdict.json": b"{}" * 50}, zipfile.ZIP_STORED))
    data[data.index(b"{}{}")] ^= 1
    with pytest.raises(ArtifactError, match="not a sound ZIP"):
        verdict_in(bytes(data))
