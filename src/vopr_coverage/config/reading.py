"""A config for whoever reads runs: with the format that they have to be, and the points of its list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from vopr_coverage.config.file import Config, load_config
from vopr_coverage.files import refuse_outside
from vopr_coverage.reading.point_lists import read_declared


def load_for_runs(named: str | None = None, form: str | None = None, declared: str | None = None) -> Config:
    """The config that runs are read and judged by, without its lockfile; arguments and errors as for the two below."""
    return for_runs(load_config(named), form=form, declared=declared)


def for_runs(
    config: Config,
    folder: Path = Path(),
    roots: Sequence[Path] = (),
    form: str | None = None,
    declared: str | None = None,
) -> Config:
    """The config with its list of points read, where runs are read: other jobs may not have the list.

    Args:
        folder, roots: as for `load_config`.
        form, declared: what a flag or an input says in place of the config's `format` and `declared`.

    Raises:
        UserError: the list of points cannot be used.
    """
    config = replace(config, form=form or config.form, declared=declared or config.declared)
    if not config.declared:
        return config
    path = folder / config.declared
    refuse_outside(path, roots, config.declared)
    listed = read_declared(path, config.declared)
    return replace(config, listed=listed, fault_points=tuple(dict.fromkeys((*config.fault_points, *listed))))
