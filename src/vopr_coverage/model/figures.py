"""How numbers are written for people: a count with its noun, a share in percent. Pure."""

from __future__ import annotations


def counted(count: int, noun: str, nouns: str = "") -> str:
    """`1 seed`, `1,000 seeds`, `2 canaries`; `nouns` is the plural where an s does not make it."""
    return f"{count:,} {agreeing(count, noun, nouns)}"


def agreeing(count: float, word: str, words: str = "") -> str:
    """The form of a word that agrees with a count: `seed` or `seeds`, `is` or `are`."""
    return word if count == 1 else words or f"{word}s"


def seed_percent(fraction: float) -> str:
    """A fraction as the seed document prints it, with one decimal: `90.0%`. Its texts are a contract."""
    return f"{fraction * 100:.1f}%"


def percent(fraction: float) -> str:
    """A fraction in percent, in three digits and never as 1e-05: `0.0299%`; `<0.000001%` if it is smaller than that."""
    share = fraction * 100
    return f"<{_decimal(LEAST_TOLD)}%" if 0 < share < LEAST_TOLD else f"{_decimal(share)}%"


SHARE_TOLD_MAX = 0.5
LEAST_TOLD = 1e-6  # with a seventh decimal GitHub could take them for a commit


def share_that_may_differ(at_most: float, confidence: str = "95%") -> str:
    """A bound on the share of nondeterministic seeds, as the end of a sentence. Above one half it would say nothing."""
    if at_most > SHARE_TOLD_MAX:
        return "too few to say how many of all may differ"
    return f"at most {percent(at_most)} of all differ ({confidence})"


def in_digits(value: float) -> str:
    """A figure for people: at least three digits of it, and 1e-05 only of what no simulator counts."""
    if not abs(value) < 1e18 or 0 < abs(value) < LEAST_TOLD:  # among them what is no number
        return f"{value:.3g}"
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return _decimal(value)


def _decimal(value: float) -> str:
    """Three digits, and at most six decimals."""
    from decimal import Decimal  # every command would wait for it to load

    text = f"{Decimal(f'{value:.3g}'):f}"
    return f"{value:.6f}".rstrip("0") if len(text.partition(".")[2]) > 6 else text
