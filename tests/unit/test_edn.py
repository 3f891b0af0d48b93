"""EDN as Jepsen writes it, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vopr_coverage.formats.edn import DEPTH_MAX, EdnError, Keyword, edn_loads


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("nil", None),
        ("true", True),
        ("[1 -2 +3 4N]", [1, -2, 3, 4]),
        ("[1.5 -2e3 0.25M]", [1.5, -2000.0, 0.25]),
        ("{:a 1, :b {:c [2]}}", {":a": 1, ":b": {":c": [2]}}),
        ("{0 :x, 0.5 :y}", {0: ":x", 0.5: ":y"}),
        ("{[1 2] 3}", {"[1, 2]": 3}),
        ("#{:a}", [":a"]),
        ("(:G-single :G2)", [":G-single", ":G2"]),
        (r'"a \"quoted\" word\n"', 'a "quoted" word\n'),
        (r'"\u00e9"', "é"),
        ("#knossos.model.CASRegister{:value 3}", {":value": 3}),
        ('#inst "2025-05-24"', "2025-05-24"),
        ("#jepsen.history.Op {:f :read}", {":f": ":read"}),
        ("{:value' 1}", {":value'": 1}),
        ("[java.lang.Exception jepsen.mongodb$apply_BANG_]", ["java.lang.Exception", "jepsen.mongodb$apply_BANG_"]),
        ("[#_ {:gone 1} 2]", [2]),
        ("; a remark\n{:a ;here\n 1}", {":a": 1}),
        (r"[\a \newline \( ##NaN 22/7]", ["\\a", "\\newline", "\\(", "##NaN", "22/7"]),
        ("{} ignored", {}),
    ],
)
def test_what_reports_have(text: str, value: Any) -> None:
    """Tags are not interpreted, and collections that are keys become texts."""
    assert edn_loads(text) == value


def test_a_keyword_is_told_from_a_string() -> None:
    """`:unknown` is no text."""
    value = edn_loads('[:unknown ":unknown"]')
    assert [isinstance(each, Keyword) for each in value] == [True, False]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "expected a value, found none"),
        ("{:a", "expected }, found the end"),
        ("{:a}", "expected a value for each key of a map, found 1 forms"),
        ("[1 2)", "expected ], found ')'"),
        ("]", "expected a value, found ']'"),
        ('"open', "expected EDN, found '\"open'"),
        (r'"\q"', "expected a known escape in a string"),
        ("[1 #_]", "expected a value, found"),
        ("#tag", "expected a value, found the end"),
        ("[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1), f"expected at most {DEPTH_MAX} levels, found more"),
        ("#a " * (DEPTH_MAX + 2) + "1", f"expected at most {DEPTH_MAX} levels, found more"),
        ("#_ " * (DEPTH_MAX + 2) + "1", f"expected at most {DEPTH_MAX} levels, found more"),
    ],
)
def test_what_is_no_edn_is_refused(text: str, told: str) -> None:
    """In a sentence."""
    with pytest.raises(EdnError) as refused:
        edn_loads(text)
    assert told in str(refused.value)


def test_the_line_of_a_fault_is_known() -> None:
    """For the report's address."""
    with pytest.raises(EdnError) as refused:
        edn_loads("{:a 1\n :b 2\n :c }")
    assert refused.value.line == 3


@given(st.text(alphabet='{}[]()#_"\\:;, \nab1.-/!', max_size=40))
def test_any_text_is_a_value_or_refused(text: str) -> None:
    """And never a fault of ours."""
    try:
        edn_loads(text)
    except EdnError:
        return
