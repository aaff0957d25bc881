"""The command line: ``python -m course_utils COMMAND``."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from course_utils import ROOT, doctor, workspace

JUPYTER = Path(__file__).with_name("jupyter")


def main(arguments=None):
    """Run one command and return its exit code."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.run is not _downloads:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    options.rest = rest
    try:
        return options.run(options)
    except ValueError as error:
        print(f"course_utils: {error}", file=sys.stderr)
        return 2
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

    lab = commands.add_parser("lab", help="check, copy missing lessons, open JupyterLab")
    lab.add_argument("--lesson", default="00", help="the lesson to open first (default: 00)")
    lab.add_argument("--port", type=_port, default=8888, help="the first port to try")
    lab.add_argument("--no-browser", action="store_true", help="print the address only")
    lab.set_defaults(run=_lab)

    check = commands.add_parser("doctor", help="what is installed, what works, what to do")
    check.set_defaults(run=_doctor)

    copy = commands.add_parser("workspace", help="copy the lessons that workspace/ lacks")
    copy.set_defaults(run=_workspace)

    # Their options are read by the downloads module, which is only loaded when it is needed.
    for name, text in (
        ("list", "the real data sets, and which of them are here"),
        ("download", "fetch a real data set and verify it"),
    ):
        command = commands.add_parser(name, help=text, add_help=False)
        command.set_defaults(run=_downloads, command=name)

    fresh = commands.add_parser("reset", help="a fresh copy of one lesson; the old one is kept")
    fresh.add_argument("lesson", help="the lesson's number, such as 05")
    fresh.set_defaults(run=_reset)
    return parser


def _port(text):
    port = int(text) if text.isdigit() else -1
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; choose 1 to 65535")
    return port


def _doctor(options):
    report = doctor.examine()
    print(report.details())
    return 1 if report.problems else 0


def _workspace(options):
    copied = workspace.copy_missing()
    if copied:
        print("copied to workspace/:", ", ".join(path.name for path in copied))
    for number in workspace.outdated():
        print(
            f"lesson {number} has changed since you got it. 'make reset LESSON={number}' (or "
            f"'python -m course_utils reset {number}') gives you the new one and keeps yours."
        )
    return 0


def _downloads(options):
    from course_utils import downloads

    run = {"list": downloads.main_list, "download": downloads.main_download}[options.command]
    return run(options.rest)


def _reset(options):
    fresh, backup = workspace.reset(options.lesson)
    if backup:
        print(f"your version is kept as {_shown(backup)}")
    print(f"fresh copy: {_shown(fresh)}")
    return 0


def _lab(options):
    workspace.find_lesson(options.lesson)
    if _doctor(options):
        print("\nMend the problems above, then start again.", file=sys.stderr)
        return 1
    _workspace(options)
    lesson = workspace.find_lesson(options.lesson, workspace.WORKSPACE)
    command = [
        sys.executable, "-m", "jupyterlab",
        f"--config={JUPYTER / 'server_config.py'}",
        f"--ServerApp.root_dir={workspace.WORKSPACE}",
        f"--LabApp.default_url=/lab/tree/{lesson.name}",
        f"--ServerApp.port={options.port}",
    ]  # fmt: skip
    command += ["--no-browser"] if options.no_browser else []
    # In a container one is root, and Jupyter would refuse; only this computer can connect.
    command += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    environment = {
        **os.environ,
        # The kernels inherit this, so a lesson finds course_utils also where it is not installed.
        "PYTHONPATH": _with_path(ROOT, "PYTHONPATH"),
        # Defaults of the JupyterLab page: no question about news, which need the network.
        "JUPYTER_CONFIG_PATH": _with_path(JUPYTER, "JUPYTER_CONFIG_PATH"),
    }
    try:
        return subprocess.call(command, env=environment, cwd=ROOT)
    except KeyboardInterrupt:
        return 0


def _with_path(folder, variable):
    return os.pathsep.join(filter(None, [str(folder), os.environ.get(variable)]))


def _shown(path):
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


if __name__ == "__main__":
    sys.exit(main())
