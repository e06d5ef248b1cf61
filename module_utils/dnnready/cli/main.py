"""Arguments, dispatch, and the one place where an error becomes a line and exit code 2."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from .. import __version__
from ..errors import DnnreadyError
from .places import find_prefix

TYPE_CHECKING = False  # typing costs a device milliseconds at each start
if TYPE_CHECKING:
    from typing import Optional

COULD_NOT = 2
INTERRUPTED = 130  # as a shell says it

_EPILOG = """\
exit codes: 0 yes, 1 no, 2 dnnready could not do what was asked.
`run` ends as the command does, with 126 where it cannot be started and 127 where it is not found.
"""


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the program; returns its exit code. What follows `--` is never looked at."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    command: list[str] = []
    if "--" in words:
        at = words.index("--")
        words, command = words[:at], words[at + 1 :]
    options = _parser().parse_args(words)
    options.command = command
    try:
        if options.verb not in ("explain", "diagnose", "heal", "watch", "pull"):  # these may do without a stack
            options.prefix = find_prefix(options.prefix)
        if command and options.verb != "run":
            raise DnnreadyError("Only `run` takes a command after two dashes.", f"See: dnnready {options.verb} --help")
        code = import_module(f"{__package__}.{options.verb}").execute(options)
        sys.stdout.flush()
    except DnnreadyError as error:
        print(f"dnnready: {error}", file=sys.stderr)
        return COULD_NOT
    except BrokenPipeError:
        # The reader left, as `head` does. Keep the interpreter from complaining about it at its end.
        sys.stdout = None
        return COULD_NOT
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        print(f"dnnready: {error.strerror or error}{where}.", file=sys.stderr)
        return COULD_NOT
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    return int(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dnnready",
        description="Runs programs in a proven stack, and proves that conv2d runs through the DNN library.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"dnnready {__version__}")
    _prefix(parser, None)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    verify = _verb(verbs, "verify", "convolve now, and show which implementation ran")
    verify.add_argument("stacks", nargs="*", metavar="STACK", help="default: every stack that is installed")
    verify.add_argument("--store", action="store_true", help="keep the proof in the release, as the provisioning does")
    verify.add_argument("--json", action="store_true", help="print the proofs instead of the table")
    verify.add_argument(
        "--timeout", type=float, default=300.0, metavar="SECONDS", help="for each stack (default: %(default)g)"
    )

    status = _verb(verbs, "status", "show what is active, its verdict, and whether the proof still holds")
    status.add_argument("stacks", nargs="*", metavar="STACK", help="default: every stack that is installed")
    status.add_argument("--json", action="store_true", help="print the status as JSON")

    run = _verb(verbs, "run", "run a command in a stack: dnnready run STACK -- COMMAND ...")
    run.usage = "dnnready run [--keep-environment] [--print] STACK -- COMMAND ..."
    run.add_argument("stack", metavar="STACK")
    run.add_argument(
        "--keep-environment",
        action="store_true",
        help="variables that are set already win over those of the stack (the proof was made with those of the stack)",
    )
    run.add_argument("--print", action="store_true", help="print the command line for a shell instead of running it")

    environment = _verb(verbs, "environment", "print the variables that a stack runs with")
    environment.add_argument("stack", metavar="STACK")
    environment.add_argument("--format", choices=("sh", "systemd", "docker", "json"), default="sh")

    rollback = _verb(verbs, "rollback", "make the release current again that was before, and prove it")
    rollback.add_argument("stacks", nargs="*", metavar="STACK", help="default: every stack that has a previous release")
    rollback.add_argument("--to", default="", metavar="ID", help="this release instead of the previous one")
    rollback.add_argument("--check", action="store_true", help="say what would be done")
    rollback.add_argument("--json", action="store_true", help="print the result as JSON")

    diagnose = _verb(verbs, "diagnose", "say why conv2d does not run through the DNN library here, and what to do")
    _targets(diagnose)
    diagnose.add_argument(
        "--thorough", action="store_true", help="convolve and compare hashes even where nothing is in doubt"
    )

    heal = _verb(verbs, "heal", "mend what a diagnosis finds, prove it, and take back what did not help")
    _targets(heal)
    heal.add_argument(
        "--foreign", action="store_true", help="change what belongs to the user too: venvs, shell files, services"
    )
    heal.add_argument("--check", action="store_true", help="say what would be done")
    heal.set_defaults(thorough=False)

    _timers(verbs)

    words = "say what a log means, and what to do"
    explain = verbs.add_parser("explain", help=words, description=f"{words.capitalize()}.", allow_abbrev=False)
    explain.add_argument("file", metavar="FILE", help="the log; - reads standard input")
    host = explain.add_mutually_exclusive_group()
    host.add_argument("--here", action="store_true", help="the log is of this machine: its facts decide between causes")
    host.add_argument("--host", metavar="FILE", help="the machine of the log, as dnn_host_info returned it (JSON)")
    explain.add_argument("--json", action="store_true", help="print the explanation as JSON")
    return parser


def _timers(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What timers run."""
    watch = _verb(verbs, "watch", "look whether the stacks still run as they were proven; what the timer runs")
    watch.add_argument("stacks", nargs="*", metavar="STACK", help="default: every stack that is installed")
    watch.add_argument("--proof-every", type=float, default=86400.0, metavar="SECONDS", help="how often to convolve")
    watch.add_argument("--textfile-directory", default="", metavar="PATH", help="for metrics; none writes no file")
    watch.add_argument("--fail-on-drift", action="store_true", help="exit with 1 where something was found")
    watch.add_argument("--json", action="store_true", help="print what was found as JSON")
    watch.add_argument("--timeout", type=float, default=300.0, metavar="SECONDS", help="for each run of a framework")

    pull = _verb(verbs, "pull", "bring the project here, verify it and run it; what a timer runs")
    pull.add_argument("--now", action="store_true", help="whatever failed before, and although nothing is new")
    what = pull.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="verify it, and say what running it would do")
    what.add_argument("--status", action="store_true", help="say what the last pull did")
    pull.add_argument("--json", action="store_true", help="print the document instead of the line")


def _targets(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stacks", nargs="*", metavar="STACK", help="default: every stack that is installed")
    own = parser.add_argument_group("an environment of your own, instead of stacks")
    which = own.add_mutually_exclusive_group()
    which.add_argument("--unit", metavar="SERVICE", help="a systemd service, with its environment, limits and sandbox")
    which.add_argument("--pid", type=int, metavar="PID", help="a running process, with its environment and limits")
    own.add_argument("--python", metavar="PATH", help="the interpreter: of a venv, of conda, of the distribution")
    own.add_argument(
        "--framework", action="append", metavar="NAME", help="pytorch or tensorflow (default: what is installed)"
    )
    own.add_argument("--directory", metavar="PATH", help="where the program starts")
    own.add_argument("--program", metavar="FILE", help="the program: variables that it sets itself are looked at")
    own.add_argument("--variable", action="append", metavar="NAME=VALUE", help="a variable that the program gets")
    parser.add_argument("--json", action="store_true", help="print the documents instead of the text")
    parser.add_argument(
        "--timeout",
        type=float,
        default=120.0,
        metavar="SECONDS",
        help="for each run of a framework (default: %(default)g)",
    )


def _verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False)
    _prefix(parser, argparse.SUPPRESS)  # keeps what was given before the verb
    return parser


def _prefix(parser: argparse.ArgumentParser, default: Optional[str]) -> None:
    parser.add_argument(
        "--prefix",
        metavar="DIRECTORY",
        default=default,
        help="where the stacks are (default: where this program is, else the user's, else /opt/dnnready)",
    )
