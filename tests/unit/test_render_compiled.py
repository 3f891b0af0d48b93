"""Templates compiled beforehand are used as they are, and never believed for another text."""

from __future__ import annotations

from pathlib import Path

import pytest

from vopr_coverage.render.bytecode import Compiled
from vopr_coverage.render.compiled import main
from vopr_coverage.render.tiers import environment

ALL = environment().list_templates(filter_func=lambda name: name.endswith(".md.j2"))


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """All templates, compiled."""
    folder = tmp_path_factory.mktemp("compiled") / "__pycache__"
    main(folder)
    return Compiled(folder)


@pytest.mark.parametrize("name", ALL)
def test_every_template_is_compiled_beforehand(name: str, stored: Compiled) -> None:
    """And not used where the template has another text by now."""
    loader = environment().loader
    assert loader is not None
    text, filename, _ = loader.get_source(environment(), name)
    assert stored.get_bucket(environment(), name, filename, text).code is not None
    assert stored.get_bucket(environment(), name, filename, text + " ").code is None


def test_judging_stores_nothing(tmp_path: Path) -> None:
    """The package may be read-only, or somebody else's."""
    ours = environment().overlay(bytecode_cache=Compiled(tmp_path), cache_size=0)
    ours.get_template("check.md.j2")
    assert list(tmp_path.iterdir()) == []
