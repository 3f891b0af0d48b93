"""Which lockfile of points belongs to a config: the one that is named, else the one at the default place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from vopr_coverage.config.file import Config
from vopr_coverage.errors import ConfigError, printable
from vopr_coverage.files import is_there, refuse_outside
from vopr_coverage.model.figures import counted
from vopr_coverage.model.point_lock import LOCK_PATH
from vopr_coverage.points.lockfile import read_lock


def with_lock(config: Config, named: str | None = None, folder: Path = Path(), roots: Sequence[Path] = ()) -> Config:
    """The config with its lockfile, if there is one: the named one, else the config's, else `.github/vopr-points.json`.

    Args:
        folder, roots: as for `load_config`.

    Raises:
        ConfigError: the config lists fault points itself.
        FileError, ReportError, ManyErrors: a lockfile that is named is not there, or one that is there cannot be used.
    """
    name = named or config.points or LOCK_PATH
    path = folder / name
    if name == LOCK_PATH and not (named or config.points) and not is_there(path, name):
        return config
    refuse_outside(path, roots, name)
    refuse_both(config, name)
    return replace(config, lock=read_lock(path, name), points=name)


def refuse_both(config: Config, name: str) -> None:
    """Refuse two lists of all points: nobody could tell which of them counts.

    Raises:
        ConfigError: the config has `fault_points`.
    """
    if config.fault_points:
        listed = counted(len(config.fault_points), "point")
        raise ConfigError(
            f"{printable(str(config.path))}#/fault_points: expected no such key beside {printable(name)}, found "
            f"{listed}: `vopr-coverage points lock RUN…` takes them over into that file; then remove the key"
        )
