"""The toy simulators, built once."""

from __future__ import annotations

import pytest

from tests.support.toys import LANGUAGES, Command, built, missing


@pytest.fixture(scope="session")
def toys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Command]:
    """The commands that start them, by language. Fails, and never skips, without a compiler."""
    if without := missing():
        pytest.fail(without, pytrace=False)
    folder = tmp_path_factory.mktemp("toys")
    return {language: built(language, folder) for language in LANGUAGES}
