"""Fuzzes every door for some time, or with so many inputs, on several processes; says how each door fared.

    python -m tools.fuzzing --minutes 1
    python -m tools.fuzzing --inputs 5000000 --processes 2 --home build/fuzz
    python -m tools.fuzzing --play stream:0:4711

Each input follows from its id, DOOR:LANE:NUMBER. What was done is kept in the home folder: a second run goes on behind
it, and only inputs count that met the code as it is now. Exit code 1: findings, whose inputs are in the same folder,
or a door without an input.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.fuzzing.doors import all_doors
from tools.fuzzing.engine import play
from tools.fuzzing.guide import Missing, guided
from tools.fuzzing.ledger import Ledger
from tools.fuzzing.supervisor import Goal, supervise
from tools.fuzzing.table import table_of


def main(argv: list[str] | None = None) -> int:
    """Fuzz; returns 1 for findings or a door without an input, 2 if the guide was required and is not installed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, help="how long, shared by all doors (default: 1)")
    parser.add_argument("--inputs", type=int, help="so many inputs in all, also counting those of earlier runs")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--door", action="append", default=[], help="only this door; may be repeated")
    parser.add_argument("--home", type=Path, default=Path("build/fuzz"), help="the folder of counts and findings")
    parser.add_argument("--fresh", action="store_true", help="forget earlier runs, findings too")
    parser.add_argument("--play", metavar="ID", help="print the input of this id and what becomes of it")
    parser.add_argument(
        "--guide", choices=("auto", "required", "off"), default="auto", help="coverage as a guide: atheris"
    )
    options = parser.parse_args(argv)
    if options.play:
        return play(options.play)
    doors = [door for door in all_doors() if not options.door or door.name in options.door]
    if not doors:
        parser.error(f"no such door; known: {', '.join(door.name for door in all_doors())}")
    ledger = Ledger(options.home, doors)
    if options.fresh:
        ledger.forget()
    seconds = 60.0 * (options.minutes or 1)
    if options.guide != "off" and not options.inputs:
        try:
            print(guided(doors, options.home, seconds / 5), flush=True)
            seconds *= 4 / 5
        except Missing as missing:
            print(f"not guided by coverage: {missing}", flush=True)
            if options.guide == "required":
                return 2
    supervise(
        doors, ledger, Goal(seconds=None if options.inputs else seconds, inputs=options.inputs), options.processes
    )
    print(table_of(doors, ledger))
    if without := [door.name for door in doors if not ledger.total(door).inputs]:
        print(f"no input reached {', '.join(without)}", file=sys.stderr)
    return 1 if without or ledger.findings() else 0


if __name__ == "__main__":
    sys.exit(main())
