"""The authors' workshop: execute, normalize, check and compare the lessons.

python -m authoring.workshop.notebooks COMMAND

    run [LESSON ...]      execute and store lessons in their normal form
    normalize [LESSON …]  bring stored outputs into normal form, with the present alt texts
    check [LESSON ...]    hold lessons to the rules of authoring/workshop/lesson_rules.py
    test [LESSON ...]     execute lessons and compare with what is stored
    changed [--base REV]  print the lessons that differ from REV

LESSON is a number such as 01 or the path of a notebook; without one, all lessons are meant.
"""

import argparse
import base64
import io
import os
import re
import subprocess
import sys
import tempfile
import time
from html import escape
from pathlib import Path
from queue import Empty

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from PIL import Image, ImageChops

from authoring.workshop.lesson_rules import complaints
from authoring.workshop.lessons import (
    ROOT,
    LessonError,
    alt_text,
    changed_lessons,
    figure,
    find_lessons,
    read_lesson,
    source_hash,
)

# Seconds. The longest training takes 80 on two quiet cores and may take many times that on a busy
# or small machine. A kernel that died is noticed sooner, see live_kernels.py.
CELL_TIMEOUT = 1200

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
# Everything else in a cell's metadata is an editor's or a kernel's trace.
KEPT_METADATA = ("jupyter", "mystnb", "slideshow", "tags")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# How long an epoch and its steps took, in the lines of `fit(verbose=2)`.
KERAS_TIMES = re.compile(r" - \d+m?s - \d+[mu]?s/(?:step|epoch)")
ANSI_COLOR = re.compile(r"\x1b\[[0-9;]*m")

# How far a figure may move to fit 256 colors: any one channel of a pixel, and the mean of any
# 8 × 8 block, of 255. Flat colors, gray maps and color maps stay below; photographs, which
# would show bands, do not and are kept as they are.
PIXEL_LOSS = 16
BLOCK_LOSS = 3


# ---- executing ----------------------------------------------------------------------------------


def kernel_environment():
    """Return the environment in which lessons are executed and compared."""
    # Learners' figures have twice the resolution.
    environment = dict(os.environ, TQDM_DISABLE="1", COURSE_FIGURE_SCALE="1")
    search_path = [str(ROOT), *filter(None, [environment.get("PYTHONPATH")])]
    environment["PYTHONPATH"] = os.pathsep.join(search_path)
    # A kernel draws inline; a backend set for the shell would lose every figure.
    environment.pop("MPLBACKEND", None)
    return environment


def execute(notebook, path, timeout=CELL_TIMEOUT):
    """Execute `notebook` in place, in a fresh kernel that starts in the folder of `path`."""
    current = {}
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name=KERNELSPEC["name"],
        record_timing=False,
        # Without it every start prints a line on how kernels may be reached.
        extra_arguments=["--log-level=40"],
        resources={"metadata": {"path": str(Path(path).resolve().parent)}},
        on_cell_start=lambda cell, cell_index: current.update(cell=cell, number=cell_index + 1),
        on_notebook_start=lambda notebook: ask_again(client.kc),
    )
    try:
        client.execute(env=kernel_environment())
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        if isinstance(error, CellExecutionError):
            reason = f"{error.ename}: {error.evalue}"
        elif isinstance(error, CellTimeoutError):
            reason = f"It ran longer than {timeout} seconds."
        else:
            reason = "The kernel died."
        raise LessonError(
            f"{Path(path).name}, cell {current['number']} failed:\n\n{current['cell'].source}\n\n"
            f"{ANSI_COLOR.sub('', reason)}\nThe stored lesson was left as it was."
        ) from error


def ask_again(client, seconds=1):
    """Let a kernel's client look for messages every so often, not only when it is woken.

    Now and then its event loop misses that a message has come: kernel and client are both idle, and
    the reply is there as soon as somebody asks.
    """

    def patient(get):
        async def get_msg(timeout=None):
            end = float("inf") if timeout is None else time.monotonic() + timeout
            while True:
                try:
                    return await get(timeout=max(0, min(seconds, end - time.monotonic())))
                except Empty:
                    if time.monotonic() >= end:
                        raise

        return get_msg

    for channel in (client.shell_channel, client.iopub_channel):
        channel.get_msg = patient(channel.get_msg)


# ---- the normal form ----------------------------------------------------------------------------


def normalize(notebook):
    """Bring an executed notebook, in place, into the form in which lessons are stored.

    What differs between two runs of the same code goes: times, widget states, random ids, the
    borders between pieces of printed text. So executing an unchanged lesson changes no byte.
    """
    count = 0
    for cell in notebook.cells:
        kept = {key: cell.metadata[key] for key in KEPT_METADATA if cell.metadata.get(key)}
        cell.metadata = nbformat.from_dict(kept)
        if cell.cell_type != "code":
            continue
        executed = bool(cell.source.strip())
        count += executed
        cell.execution_count = count if executed else None
        cell.outputs = _normal_outputs(cell)
    notebook.metadata.pop("widgets", None)
    notebook.metadata.kernelspec = KERNELSPEC
    notebook.metadata.language_info = {"name": "python"}
    notebook.metadata.setdefault("course", {})["source_hash"] = source_hash(notebook)
    return notebook


def _normal_outputs(cell):
    if "widget" in cell.metadata.get("tags", []):
        return []
    outputs = []
    for output in cell.outputs:
        data = output.get("data", {})
        if WIDGET_VIEW in data:
            continue
        if output.output_type == "stream":
            output.text = KERAS_TIMES.sub("", output.text)
            if outputs and outputs[-1].get("name") == output.name:
                outputs[-1].text += output.text
                continue
        elif output.output_type == "execute_result":
            output.execution_count = cell.execution_count
        elif output.output_type == "error":
            # A traceback names the files of one machine.
            output.traceback = [f"{output.ename}: {output.evalue}"]
        if shown := figure(output):
            alt = escape(alt_text(cell)) or shown["alt"]
            png = base64.b64encode(shrink_png(base64.b64decode(shown["png"]))).decode()
            data["text/html"] = "".join((shown.groupdict() | {"alt": alt, "png": png}).values())
        outputs.append(output)
    return outputs


def shrink_png(png):
    """Return a PNG that looks the same and that shrinking again leaves as it is."""
    while len(shorter := _shorter(png)) < len(png):
        png = shorter
    return png


def _shorter(png):
    """Return the shortest PNG that looks the same: as it is, coded anew, or with 256 colors."""
    image = Image.open(io.BytesIO(png))
    if image.convert("RGBA").getextrema()[3] != (255, 255):
        return min(png, _encode(image), key=len)
    image = image.convert("RGB")
    candidates = [png, _encode(image)]
    red, green, blue = image.split()
    if red.tobytes() == green.tobytes() == blue.tobytes():
        return min(*candidates, _encode(red), key=len)
    # Of Pillow's methods this one keeps both color maps and rare colors; no dithering.
    reduced = image.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    shown = reduced.convert("RGB")
    if (
        _largest_difference(image, shown) <= PIXEL_LOSS
        and _largest_difference(image.reduce(8), shown.reduce(8)) <= BLOCK_LOSS
    ):
        candidates.append(_encode(reduced))
    return min(candidates, key=len)


def _largest_difference(first, second):
    return max(high for _, high in ImageChops.difference(first, second).getextrema())


def _encode(image):
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def run_lesson(path, timeout=CELL_TIMEOUT):
    """Execute and store one lesson in its normal form; return whether its bytes changed."""
    notebook = read_lesson(path)
    execute(notebook, path, timeout)
    return store(normalize(notebook), Path(path))


def normalize_lesson(path):
    """Store one lesson in its normal form, as old as its outputs are; return whether it changed."""
    notebook = read_lesson(path)
    course = dict(notebook.metadata.get("course", {}))
    normalize(notebook).metadata.course = course
    return store(notebook, Path(path))


def store(notebook, path):
    content = (nbformat.writes(notebook).rstrip("\n") + "\n").encode()
    if content == path.read_bytes():
        return False
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, path.stat().st_mode)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    return True


# ---- comparing ----------------------------------------------------------------------------------


def nbval_command(lessons, timeout=CELL_TIMEOUT):
    """Return the command that executes lessons and compares with what is stored.

    Run it in the environment of `kernel_environment`.
    """
    return [
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
        *("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)),
        *("-p", "authoring.workshop.live_kernels", "--nbval", f"--nbval-cell-timeout={timeout}"),
        # In the author's environment this kernel is the learner's Python, see bootstrap.py.
        *(f"--nbval-kernel-name={KERNELSPEC['name']}", "--nbval-kernel-startup-timeout=300"),
        *("--nbval-sanitize-with", str(ROOT / "tests" / "nbval_sanitize.cfg")),
        *map(str, lessons),
    ]


# ---- the command line ---------------------------------------------------------------------------


def run(lessons, timeout):
    failed = 0
    for path in lessons:
        start = time.perf_counter()
        try:
            changed = run_lesson(path, timeout)
        except LessonError as error:
            print(error, file=sys.stderr)
            failed += 1
            continue
        seconds, size = time.perf_counter() - start, path.stat().st_size / 1000
        news = "stored" if changed else "unchanged"
        print(f"{path.name}: {news}, {seconds:.1f} s, {size:.0f} kB", flush=True)
    return 1 if failed else 0


def normalize_stored(lessons):
    for path in lessons:
        print(f"{path.name}: {'stored' if normalize_lesson(path) else 'unchanged'}")
    return 0


def check(lessons):
    # The rules read lessons with this module.
    found = [f"{path.name}: {complaint}" for path in lessons for complaint in complaints(path)]
    print("\n".join(found) if found else f"{len(lessons)} lessons keep the rules")
    return 1 if found else 0


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m authoring.workshop.notebooks", description=__doc__
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("run", "normalize", "check", "test"):
        command = commands.add_parser(name)
        command.add_argument("lessons", nargs="*", metavar="LESSON")
        if name in ("run", "test"):
            command.add_argument(
                "--timeout", type=int, default=CELL_TIMEOUT, help="seconds per cell"
            )
    commands.add_parser("changed").add_argument("--base", default="HEAD", metavar="REV")
    options = parser.parse_args(arguments)
    try:
        if options.command == "changed":
            for path in changed_lessons(options.base):
                print(os.path.relpath(path))
            return 0
        lessons = find_lessons(options.lessons)
        if options.command == "run":
            return run(lessons, options.timeout)
        if options.command == "normalize":
            return normalize_stored(lessons)
        if options.command == "check":
            return check(lessons)
        # Without a path, pytest would run the unit tests.
        if not lessons:
            return 0
        command = nbval_command(lessons, options.timeout)
        return subprocess.run(command, env=kernel_environment()).returncode
    except LessonError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
