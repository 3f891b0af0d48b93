"""The command line's door: the environment goes in, exceptions become exit codes. Nothing is decided here."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from traceback import format_exc
from typing import NoReturn

from vopr_coverage import __version__
from vopr_coverage.commands.parser import parse
from vopr_coverage.errors import ExitCode, UserError, without_commands
from vopr_coverage.runner.environment import runner_of

INTERRUPTED = 130
OUR_BUG = "this is our bug, please report it on vopr-coverage-action's issue tracker, with all of this:"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; nothing that it calls ends the process."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):  # a terminal that cannot show ✅ must not cost the verdict
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        command, arguments = parse(sys.argv[1:] if argv is None else argv)
        code = command.run(arguments, runner_of(os.environ))
        sys.stdout.flush()
        return code
    except UserError as error:
        _print_error("\n".join(f"vopr-coverage: {line}" for line in str(error).splitlines()))
        return ExitCode.UNUSABLE
    except SystemExit as ended:  # argparse ends --help and --version this way
        return int(ended.code or 0)
    except KeyboardInterrupt:
        _print_error("vopr-coverage: interrupted, nothing was judged")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone. The text is lost, so the verdict cannot be a pass.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.UNUSABLE
    except Exception:  # what is left is our bug, and must never look like a verdict
        _print_error(f"vopr-coverage {__version__}: {OUR_BUG}\n{format_exc()}")
        return ExitCode.OUR_BUG


def entry() -> NoReturn:
    """The console script."""
    sys.exit(main())


def _print_error(text: str) -> None:
    """Print to standard error, if it is open: the exit code must not depend on it."""
    with suppress(OSError, ValueError, AttributeError):
        print(without_commands(text), file=sys.stderr, flush=True)
