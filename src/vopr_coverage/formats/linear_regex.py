"""Regular expressions that are searched in linear time, whatever the expression and the text: those of RE2.

Python's `re` goes back and tries again where an expression can match in several ways, which may take longer than any
night. `^` and `$` are the ends of a line.
"""

from __future__ import annotations

from vopr_coverage.errors import shown

CHARACTERS_MAX = 200  # of an expression
MEMORY_MAX = 1 << 20  # of a compiled expression, in bytes


class PatternError(ValueError):
    """An expression that is not searched; the text says what was expected."""


class LinearRegex:
    """One expression.

    Raises:
        PatternError: it is no expression of RE2, or it is too long.
    """

    def __init__(self, pattern: str) -> None:
        if len(pattern) > CHARACTERS_MAX:
            raise PatternError(f"expected at most {CHARACTERS_MAX} characters, found {len(pattern)}")
        import re2  # only configs with a `crash` need it

        options = re2.Options()
        options.max_mem = MEMORY_MAX
        options.log_errors = False
        try:
            self._compiled = re2.compile(f"(?m){pattern}", options)
        except (re2.error, UnicodeEncodeError):
            raise PatternError(f"expected a regular expression of RE2, found {shown(pattern)}") from None

    def found_in(self, text: str) -> bool:
        """Whether it matches anywhere in the text."""
        return self._compiled.search(text) is not None
