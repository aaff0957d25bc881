"""The command line: ``python -m course_utils COMMAND``."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from course_utils import ROOT
from course_utils import app as workspace

# server_config.json there: only this computer can connect, and only with the token; few words in
# the terminal, so that the last lines are the address; no news feed, no look for updates.
JUPYTER = Path(__file__).with_name("app") / "jupyter"


def main(arguments=None):
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except ValueError as error:
        said = str(error)
    except ModuleNotFoundError as error:
        said = f"this Python, {sys.executable}, has no {error.name}. Use 'make' in the course's "
        said += "folder, or activate the course's environment."
    except OSError as error:
        said = f"cannot use {error.filename or 'a file'}: {error.strerror or error}. "
        said += "Check that the folder exists, is writable and has space."
    print(f"course_utils: {said}", file=sys.stderr)
    return 2


def _parser():
    parser = argparse.ArgumentParser(prog="python -m course_utils", description=__doc__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name, run, text):
        command = commands.add_parser(name, help=text)
        command.set_defaults(run=run)
        return command

    lab = add("lab", _lab, "check, copy missing lessons, open JupyterLab")
    lab.add_argument("--lesson", default="00", help="the lesson to open first (default: 00)")
    lab.add_argument("--port", type=_port, default=8888, help="the first port to try")
    lab.add_argument("--no-browser", action="store_true", help="print the address only")
    add("doctor", _doctor, "what is installed, what works, what to do")
    add("workspace", _workspace, "copy the lessons that the workspace lacks")
    for renew, text in (
        (workspace.reset, "a fresh copy of one lesson; the old one is kept"),
        (workspace.update, "the new version of one lesson, with your answers"),
    ):
        command = add(renew.__name__, _renew, text)
        command.add_argument("lesson", help="the lesson's number, such as 05")
        command.set_defaults(renew=renew)
    add("progress", _progress, "which exercises you have passed, and which come back")
    add("list", _list, "the real data sets, and which of them are here")
    fetch = add("download", _download, "fetch a real data set and verify it")
    fetch.add_argument("name", nargs="+", help="one or more names, as list shows them")
    fetch.add_argument("--size", type=int, help="pixels per side for the MedMNIST sets")
    return parser


def _port(text):
    port = int(text) if text.isdigit() else -1
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; choose 1 to 65535")
    return port


def _lab(options):
    workspace.find_lesson(options.lesson)
    if _doctor(options):
        print("\nFix the problems above, then start again.", file=sys.stderr)
        return 1
    _workspace(options)
    lesson = workspace.find_lesson(options.lesson, workspace.WORKSPACE)
    return _start(lesson, options)


def _start(lesson, options):
    """Become JupyterLab, opened at a learner's lesson; on Windows return when it has ended."""
    # Lessons name files of the repository, so the file browser must reach them.
    mine = workspace.WORKSPACE
    root = ROOT if mine.is_relative_to(ROOT) else mine
    command = [
        *(sys.executable, "-m", "jupyterlab"),
        f"--config={JUPYTER / 'server_config.json'}",
        f"--ServerApp.tornado_settings={{'static_custom_path': [{str(JUPYTER / 'custom')!r}]}}",
        f"--ServerApp.root_dir={root}",
        f"--ContentsManager.preferred_dir={mine.relative_to(root).as_posix()}",
        f"--LabApp.default_url=/lab/tree/{lesson.relative_to(root).as_posix()}",
        f"--ServerApp.port={options.port}",
        f"--LabApp.workspaces_dir={mine / '.tabs'}",  # not the tabs of other work
    ]
    command += ["--no-browser"] if options.no_browser else []
    if os.name != "nt":
        # Not a login shell, which would put the system's `python` before the environment's.
        shell = {"shell_command": [os.environ.get("SHELL") or "sh"]}
        command += [f"--ServerApp.terminado_settings={shell}"]
    # In a container one is root, and Jupyter would refuse; only this computer can connect.
    command += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    first = {
        # The kernels inherit this, so a lesson finds course_utils also where it is not installed.
        "PYTHONPATH": ROOT,
        # JupyterLab's terminal finds the environment's `python`, whether it is activated or not.
        "PATH": Path(sys.executable).parent,
        # The settings of the JupyterLab page are in labconfig/ there.
        "JUPYTER_CONFIG_PATH": JUPYTER,
    }
    environment = dict(os.environ)
    for name, folder in first.items():
        environment[name] = os.pathsep.join(filter(None, [str(folder), os.environ.get(name)]))
    print("\nJupyterLab starts. To stop, save, then press Ctrl+C twice here.", flush=True)
    os.chdir(ROOT)
    if os.name == "nt":
        server = subprocess.Popen(command, env=environment)
        # Ctrl+C reaches both; the server decides.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return server.wait()
    # One process: Ctrl+C and SIGTERM reach the server itself, and nothing stays in memory twice.
    os.execve(sys.executable, command, environment)


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
        how = workspace.HOW_TO_UPDATE.format(number)
        print(f"lesson {number} has changed since you got it. {how}")
    return 0


def _renew(options):
    fresh, backup, *told = options.renew(options.lesson)
    for said, cells in zip(("carried", "not carried, see your version"), told, strict=False):
        print(*(f"{said}: {cell}\n" for cell in cells), sep="", end="")
    if backup:
        print(f"your version is kept as {_shown(backup)}")
    print(
        f"fresh copy: {_shown(fresh)}\nIf the lesson is open in JupyterLab, choose "
        "File → Reload Notebook from Disk, then Kernel → Restart Kernel."
    )
    return 0


def _progress(options):
    from course_utils.app import progress

    print(progress.overview().to_string())
    return 0


def _list(options):
    from course_utils import real_data

    print(real_data.available().to_string(index=False))
    print(f"\nFolder: {real_data.cache_folder()} (set COURSE_DATA to use another)")
    print("Fetch one with: python -m course_utils download NAME")
    return 0


def _download(options):
    from course_utils import real_data

    try:
        for name in options.name:
            print(f"Ready in {real_data.download(name, options.size)[0].parent}")
    except (ValueError, real_data.DownloadError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _shown(path):
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


if __name__ == "__main__":
    sys.exit(main())
