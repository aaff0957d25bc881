"""The command line: ``python -m course_utils COMMAND``."""

import argparse
import sys

from course_utils import ROOT
from course_utils.app import workspace


def main(arguments=None):
    """Run one command and return its exit code."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.run is not _real_data:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    options.rest = rest
    try:
        return options.run(options)
    except ValueError as error:
        print(f"course_utils: {error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        print(
            f"course_utils: this Python, {sys.executable}, has no {error.name}. Use 'make' in the "
            "course's folder, or activate the course's environment.",
            file=sys.stderr,
        )
    except OSError as error:
        print(
            f"course_utils: cannot use {error.filename or 'a file'}: {error.strerror or error}. "
            "Check that the folder exists, is writable and has space.",
            file=sys.stderr,
        )
    return 2


def _parser():
    parser = argparse.ArgumentParser(prog="python -m course_utils", description=__doc__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name, run, text, **options):
        command = commands.add_parser(name, help=text, **options)
        command.set_defaults(run=run, command=name)
        return command

    lab = add("lab", _lab, "check, copy missing lessons, open JupyterLab")
    lab.add_argument("--lesson", default="00", help="the lesson to open first (default: 00)")
    lab.add_argument("--port", type=_port, default=8888, help="the first port to try")
    lab.add_argument("--no-browser", action="store_true", help="print the address only")
    add("doctor", _doctor, "what is installed, what works, what to do")
    add("workspace", _workspace, "copy the lessons that the workspace lacks")
    fresh = add("reset", _reset, "a fresh copy of one lesson; the old one is kept")
    fresh.add_argument("lesson", help="the lesson's number, such as 05")
    # Their options are read by real_data, which is only loaded when it is needed.
    add("list", _real_data, "the real data sets, and which of them are here", add_help=False)
    add("download", _real_data, "fetch a real data set and verify it", add_help=False)
    return parser


def _port(text):
    port = int(text) if text.isdigit() else -1
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; choose 1 to 65535")
    return port


def _lab(options):
    from course_utils.app import lab

    workspace.find_lesson(options.lesson)
    if _doctor(options):
        print("\nFix the problems above, then start again.", file=sys.stderr)
        return 1
    _workspace(options)
    lesson = workspace.find_lesson(options.lesson, workspace.WORKSPACE)
    return lab.start(lesson, options.port, browser=not options.no_browser)


def _doctor(options):
    from course_utils.app import doctor

    report = doctor.examine()
    print(report.details())
    return 1 if report.problems else 0


def _workspace(options):
    copied = workspace.copy_missing()
    if copied:
        names = ", ".join(path.name for path in copied)
        print(f"copied to {_shown(workspace.WORKSPACE)}: {names}")
    for number in workspace.outdated():
        print(
            f"lesson {number} has changed since you got it. 'make reset LESSON={number}' (or "
            f"'python -m course_utils reset {number}') gives you the new one and keeps yours."
        )
    return 0


def _reset(options):
    fresh, backup = workspace.reset(options.lesson)
    if backup:
        print(f"your version is kept as {_shown(backup)}")
    print(
        f"fresh copy: {_shown(fresh)}\nIf the lesson is open in JupyterLab, choose "
        "File → Reload Notebook from Disk, then Kernel → Restart Kernel."
    )
    return 0


def _real_data(options):
    from course_utils import real_data

    run = {"list": real_data.main_list, "download": real_data.main_download}[options.command]
    return run(options.rest)


def _shown(path):
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
