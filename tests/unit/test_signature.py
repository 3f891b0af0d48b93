"""The signature of a message: the same for the same bug, another one for another bug."""

from __future__ import annotations

import pytest

from tests.support.pages import HOSTILE
from vopr_coverage.model.signature import SIGNATURE_CHARACTERS_MAX, signature_of

PANIC = "thread 'main' panicked at src/storage/wal.rs:88:13:\nindex out of bounds: the len is 3 but the index is 7"

# Each pair is one bug, met twice.
SAME = (
    ("Replica divergence at time 19068349", "Replica divergence at time 7"),
    (PANIC, PANIC.replace("88:13", "91:5").replace("is 7", "is 12")),
    (PANIC, PANIC.replace("src/storage/wal.rs", "/home/runner/work/db/db/src/storage/wal.rs")),
    (PANIC, PANIC.replace("src/storage/wal.rs", r"src\storage\wal.rs")),
    (PANIC, PANIC.replace("'main'", "'main' (48213)").replace(" (48213)", "")),
    ("hash 0xdeadbeef differs", "hash 0x7f differs"),
    ("block 9f86d081884c7d65 lost", "block 60303ae22b998861 lost"),
    ("lost ops [1, 2, 3]", "lost ops [17]"),
    ("seed7 failed after 1.5 s", "seed8 failed after 12 s"),
    ("balance -5, expected 5", "balance 17, expected 3"),
    ("a\n  b", "a b"),
)
# Each pair is two bugs.
OTHER = (
    ("index out of bounds: the len is 3", "attempt to subtract with overflow"),
    ("panicked at src/wal.rs:88:13", "panicked at src/log.rs:88:13"),
    ("Replica divergence at time 7", "Replica divergence at view 7"),
)


@pytest.mark.parametrize(("one", "another"), SAME)
def test_a_bug_has_one_signature_whatever_its_figures(one: str, another: str) -> None:
    """Seeds, times, addresses, lines and folders make no difference."""
    assert signature_of(one) == signature_of(another)
    assert signature_of(one)


@pytest.mark.parametrize(("one", "another"), OTHER)
def test_two_bugs_have_two_signatures(one: str, another: str) -> None:
    """Words and file names do."""
    assert signature_of(one) != signature_of(another)


def test_a_signature_keeps_the_words() -> None:
    """It can be read."""
    words = "thread 'main' panicked at wal.rs:#: index out of bounds: the len is # but the index is #"
    assert signature_of(PANIC) == words


@pytest.mark.parametrize("text", ["", " \n ", *HOSTILE])
def test_any_text_has_a_signature_of_one_short_line(text: str) -> None:
    """Whatever a simulator prints."""
    signature = signature_of(text)
    assert len(signature) <= SIGNATURE_CHARACTERS_MAX
    assert "\n" not in signature
    assert signature_of(signature) == signature or len(signature) == SIGNATURE_CHARACTERS_MAX


@pytest.mark.parametrize("piece", ["/", "a", "#", "1", "a/", "0x", "1,", " ", "f1", "\\", "-+"])
def test_a_long_text_is_read_in_little_work(piece: str) -> None:
    """No piece that repeats makes a pattern try again from each of its characters: this would take minutes."""
    assert len(signature_of(piece * 1_000_000)) <= SIGNATURE_CHARACTERS_MAX
