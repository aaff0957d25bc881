import asyncio
import base64
import io
import re
import subprocess
from html import escape
from queue import Empty
from types import SimpleNamespace

import matplotlib
import nbformat
import numpy as np
import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from authoring.workshop import contact_sheet, minutes, notebooks
from authoring.workshop.lesson_rules import (
    answers_stay_apart,
    complaints,
    global_names,
    plain_python,
)
from authoring.workshop.notebooks import (
    LessonError,
    find_lessons,
    normalize,
    read_lesson,
    run_lesson,
)
from tests.conftest import ALT


def spoil(path, change):
    notebook = read_lesson(path)
    change(notebook.cells)
    nbformat.write(notebook, path)
    return path


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


# ---- executing ----------------------------------------------------------------------------------


def test_executing_an_unchanged_lesson_changes_no_byte(miniature_lesson):
    before = miniature_lesson.read_bytes()
    assert run_lesson(miniature_lesson) is False
    assert miniature_lesson.read_bytes() == before


def test_failing_cell_is_named_and_leaves_the_file(miniature_lesson, capsys):
    spoil(miniature_lesson, lambda cells: cells[4].update(source="value = 1\nvalue / 0"))
    before = miniature_lesson.read_bytes()
    assert notebooks.main(["run", str(miniature_lesson)]) == 1
    message = capsys.readouterr().err
    for part in ("00_miniature.ipynb, cell 5", "value / 0", "ZeroDivisionError: division by zero"):
        assert part in message
    assert miniature_lesson.read_bytes() == before
    assert [path.name for path in miniature_lesson.parent.iterdir()] == [miniature_lesson.name]


def test_dying_kernel_is_named(tmp_path):
    path = tmp_path / "00_short.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("import os\nos._exit(1)")]), path)
    with pytest.raises(LessonError, match=r"cell 1 failed:\n\nimport os(?s:.*)The kernel died"):
        run_lesson(path)


def test_slow_cell_is_named(tmp_path):
    path = tmp_path / "00_short.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("import time\ntime.sleep(60)")]), path)
    with pytest.raises(LessonError, match="longer than 1 seconds"):
        run_lesson(path, timeout=1)


def test_kernel_sees_the_package_and_draws_inline(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    environment = notebooks.kernel_environment()
    assert "MPLBACKEND" not in environment
    assert environment["TQDM_DISABLE"] == "1"
    assert environment["PYTHONPATH"].startswith(str(notebooks.ROOT))
    assert environment["PYTHONPATH"].endswith("elsewhere")


# ---- finding ------------------------------------------------------------------------------------


def test_lessons_are_found_by_number_and_path(miniature_lesson):
    folder = miniature_lesson.parent
    assert find_lessons(folder=folder) == [miniature_lesson]
    assert find_lessons(["0"], folder) == find_lessons(["00"], folder) == [miniature_lesson]
    assert find_lessons([str(miniature_lesson)], folder) == [miniature_lesson]


def test_unknown_lesson_names_the_known_ones(miniature_lesson):
    with pytest.raises(LessonError, match=r"no lesson '77'\. Known lessons: 00\. Give a number"):
        find_lessons(["77"], miniature_lesson.parent)


def test_broken_file_is_named(tmp_path):
    path = tmp_path / "00_broken.ipynb"
    path.write_text("{")
    with pytest.raises(LessonError, match=r"00_broken\.ipynb is not a valid notebook"):
        read_lesson(path)


def test_changed_lessons_are_those_git_does_not_know(miniature_lesson):
    folder = miniature_lesson.parent

    def git(*arguments):
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        subprocess.run(["git", "-C", folder, *identity, *arguments], check=True)

    git("init", "-q")
    with pytest.raises(LessonError, match="Git cannot compare with 'HEAD'"):
        notebooks.changed_lessons(folder=folder)
    git("commit", "-q", "--allow-empty", "-m", "nothing")
    assert notebooks.changed_lessons(folder=folder) == [miniature_lesson]  # untracked
    git("add", ".")
    git("commit", "-q", "-m", "a lesson")
    assert notebooks.changed_lessons(folder=folder) == []
    assert notebooks.changed_lessons("HEAD~1", folder) == [miniature_lesson]
    spoil(miniature_lesson, lambda cells: cells.pop())
    assert notebooks.changed_lessons(folder=folder) == [miniature_lesson]  # uncommitted


# ---- the normal form ----------------------------------------------------------------------------


def test_normal_form_keeps_only_what_is_the_same_in_every_run():
    widget_view = {notebooks.WIDGET_VIEW: {"model_id": "1"}, "text/plain": "IntSlider()"}
    cell = new_code_cell(
        "1 + 1",
        execution_count=7,
        metadata={"execution": {"iopub.status.busy": "now"}, "tags": [], "jupyter": {}},
        outputs=[
            new_output("stream", name="stdout", text="a"),
            new_output("stream", name="stdout", text="b"),
            new_output("stream", name="stderr", text="c"),
            new_output("display_data", widget_view),
            new_output("execute_result", {"text/plain": "2"}, execution_count=7),
            new_output("error", ename="E", evalue="x", traceback=["\x1b[31m/home/me/a.py"]),
        ],
    )
    notebook = new_notebook(cells=[new_markdown_cell("a"), cell, new_code_cell("")])
    notebook.metadata.update(widgets={"state": {}}, language_info={"version": "3.11.2"})
    normalize(notebook)
    assert [output.get("text") for output in cell.outputs] == ["ab", "c", None, None]
    assert cell.outputs[2].execution_count == cell.execution_count == 1
    assert cell.outputs[3].traceback == ["E: x"]
    assert cell.metadata == {}
    assert notebook.cells[2].execution_count is None
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.language_info == {"name": "python"}
    assert "widgets" not in notebook.metadata


def test_widget_keeps_its_count_and_no_output():
    cell = new_code_cell("1", metadata={"tags": ["widget"]})
    cell.outputs = [new_output("stream", text="state")]
    normalize(new_notebook(cells=[cell]))
    assert (cell.execution_count, cell.outputs) == (1, [])


def test_missing_and_repeated_ids_are_replaced_by_the_same_at_every_reading(tmp_path):
    path = tmp_path / "00_old.ipynb"
    notebook = new_notebook(cells=[new_markdown_cell("same") for _ in range(3)])
    notebook.cells[0].id = notebook.cells[1].id = "one"
    del notebook.cells[2]["id"]
    path.write_text(nbformat.v4.writes(notebook))
    first, second = ([cell.id for cell in read_lesson(path).cells] for _ in range(2))
    assert first == second
    assert first[0] == "one"
    assert len(set(first)) == 3


def test_hash_follows_code_and_tags_and_not_prose(miniature_lesson):
    def after(change):
        notebook = read_lesson(miniature_lesson)
        change(notebook.cells)
        return notebooks.source_hash(notebook)

    stored = read_lesson(miniature_lesson).metadata.course.source_hash
    assert after(lambda cells: cells[0].update(source="# New prose")) == stored
    assert after(lambda cells: cells[4].update(source="squares = 1")) != stored
    assert after(lambda cells: cells[4].metadata.update(tags=["core"])) != stored
    assert after(lambda cells: cells.insert(2, cells.pop(6))) != stored


# ---- pictures -----------------------------------------------------------------------------------


ROWS, COLUMNS = np.mgrid[0:256, 0:256].astype(np.uint8)
SLOPE = np.add.outer(np.arange(200), np.arange(200)) / 398 + 0.001 * np.eye(200)


@pytest.mark.parametrize(
    ("picture", "smaller", "lost"),
    [
        (np.stack([COLUMNS] * 3 + [np.full_like(ROWS, 255)], axis=-1), True, 0),
        ((matplotlib.colormaps["viridis"](SLOPE) * 255).astype(np.uint8), True, 6),
        (np.stack([ROWS, COLUMNS, 255 - ROWS // 2], axis=-1), False, 0),
    ],
    ids=["gray", "color map", "photograph"],
)
def test_pictures_are_stored_smaller_where_nothing_visible_is_lost(picture, smaller, lost):
    original = png(picture)
    stored = notebooks.shrink_png(original)
    assert not smaller or len(stored) < len(original)
    assert np.abs(pixels(stored) - pixels(original)).max() <= lost
    assert notebooks.shrink_png(stored) == stored


def test_transparent_pictures_stay_transparent():
    original = png(np.stack([ROWS, ROWS, COLUMNS, ROWS], axis=-1))
    assert Image.open(io.BytesIO(notebooks.shrink_png(original))).mode == "RGBA"


def test_a_new_alt_text_reaches_the_figure_without_a_run(miniature_lesson):
    assert notebooks.main(["normalize", str(miniature_lesson)]) == 0
    before = read_lesson(miniature_lesson)
    alt = 'Gray values "grow" & end at 25 < 30.'

    def change(cells):
        cells[12].metadata.mystnb.image.alt = alt
        cells[4].source += "\nprint(1)"

    spoil(miniature_lesson, change)
    assert any("older alt text: normalize" in text for text in complaints(miniature_lesson))
    notebooks.main(["normalize", str(miniature_lesson)])
    after = read_lesson(miniature_lesson)
    assert f'alt="{escape(alt)}"' in after.cells[12].outputs[0].data["text/html"]
    # Still, the outputs are as old as they were.
    assert after.metadata.course == before.metadata.course
    (said,) = complaints(miniature_lesson)
    assert "the outputs are older than the code" in said


@pytest.mark.parametrize("template", ["lab", "classic"])
def test_a_rendered_lesson_has_every_alt_text(executed_miniature, template):
    page, _ = HTMLExporter(template_name=template).from_notebook_node(
        read_lesson(executed_miniature)
    )
    assert re.findall(r'<img\b[^>]*\balt="([^"]*)"', page) == [ALT]
    assert page.count("<img") == 1


# ---- rules that need more than the planted faults -----------------------------------------------


@pytest.mark.parametrize(
    "source",
    ["%matplotlib inline", "%%time\nx = 1", "x = 1\n!ls", "files = !ls", "np.array?", "?np.array"],
)
def test_magics_and_shell_lines_are_refused(source):
    (found,) = plain_python(new_notebook(cells=[new_code_cell(source)]), None)
    assert "a magic or shell line" in found


@pytest.mark.parametrize(
    "source", ["x = 7 % 2", "print('%d' % 3)", 's = """\n%time\n!ls\n"""', "# %time", "x = (7\n%2)"]
)
def test_percent_signs_in_python_are_fine(source):
    assert not list(plain_python(new_notebook(cells=[new_code_cell(source)]), None))


def test_final_semicolon_is_refused():
    found = list(plain_python(new_notebook(cells=[new_code_cell("plot(1);")]), None))
    assert "final ';'" in found[0]


def test_names_of_a_cell_follow_pythons_scopes():
    cell = new_code_cell("def f(image):\n    return image + offset\n\n\ny = [f(k) for k in data]")
    assert global_names(cell) == ({"f", "y"}, {"offset", "data"})


def test_answers_are_used_by_their_own_check_only():
    cells = [
        new_code_cell("a = ...", metadata={"tags": ["exercise"]}),
        new_code_cell("check_1_1(a)", metadata={"tags": ["check"]}),
        new_code_cell("b = ...", metadata={"tags": ["exercise"]}),
        new_code_cell("check_1_2(a, b)", metadata={"tags": ["check"]}),
        new_code_cell("print(b)"),
        new_code_cell("b = 1"),
        new_code_cell("print(b)"),
    ]
    found = list(answers_stay_apart(new_notebook(cells=cells), None))
    assert [text.split(" (")[0] for text in found] == ["cell 4", "cell 5"]


@pytest.mark.parametrize(
    ("cell", "source", "complaint"),
    [
        (0, "# 01 · Other", "begin with the only first-level heading, '# 00 · …'"),
        (0, "# 00 · Miniature\n\n**Builds on** 03", "a lesson has one line like '**Time** 60"),
        (0, "# 00 · Miniature\n\n**Time** 75 minutes ·", "write '**Time** 8 minutes'"),
        (3, "word " * 14_000, "75 are the most: cut"),
        (0, "# 00 · Miniature\n\n**Builds on** 03", "names 03, which is not an earlier lesson"),
        (1, "## Goals", "no list under '## Objectives'"),
        (3, "#### Numbers", "heading level 4 follows 2"),
        (3, "## Deeper numbers", "'(going deeper)'"),
        (3, "## Numbers\u00a0here", "U+00A0 (NO-BREAK SPACE) is invisible"),
        (3, "Shown by Nobody et al. (2000).", "cite with a link"),
        (3, "See https://example.org/a.", "https://example.org/a: cite from references.bib"),
        (3, "See [there](missing.md).", "the link to 'missing.md' leads nowhere"),
        (3, "![](data.png)", "a picture has no alt text"),
        (4, "\n".join(["x = 1"] * 21), "has 21 lines: divide it"),
        (15, "### Exercise 0.2: add up", "number the exercises 0.1"),
        (15, "### Exercise 0.1: add up", "add a hint in <details>"),
        (17, "answer", "end with a call of check_0_1(…)"),
        (18, "# Solution 0.1\nanswer = 4", "answer must be named answer_solution"),
        (19, "## Check yourself", "two or more questions"),
        (20, "## Recap\n\n- One.", "'## Recap' has 1 items, '## Objectives' 2"),
        (21, "## Further reading", "needs a link to a DOI or to arXiv"),
    ],
)
def test_rules_name_what_is_wrong(miniature_lesson, cell, source, complaint):
    spoil(miniature_lesson, lambda cells: cells[cell].update(source=source))
    assert any(complaint in text for text in complaints(miniature_lesson))


def test_undecided_number_of_ignored_outputs_is_refused(miniature_lesson):
    spoil(miniature_lesson, lambda cells: cells[4].metadata.update(tags=["nbval-ignore-output"]))
    found = complaints(miniature_lesson)
    assert any("2 cells are tagged nbval-ignore-output, 1 are agreed" in text for text in found)


# ---- the contact sheet --------------------------------------------------------------------------


def test_contact_sheet_shows_each_figure_with_its_alt_text(miniature_lesson, tmp_path):
    page = tmp_path / "build" / "contact.html"
    contact_sheet.write_contact_sheet([miniature_lesson], page)
    text = page.read_text(encoding="utf-8")
    (picture,) = (png for _, png, _ in contact_sheet.figures(miniature_lesson))
    assert base64.b64decode(picture).startswith(b"\x89PNG")
    assert text.count("<img") == text.count(f"base64,{picture}") == 1
    assert "<figcaption>cell 13, " in text
    assert text.count("its gray values grow") == 2
    assert "http" not in text


def test_a_message_that_woke_nobody_is_found_by_asking_again():
    asked = []

    async def get_msg(timeout):
        asked.append(timeout)
        if len(asked) < 3:
            raise Empty
        return "reply"

    channel, other = SimpleNamespace(get_msg=get_msg), SimpleNamespace(get_msg=get_msg)
    notebooks.ask_again(SimpleNamespace(shell_channel=channel, iopub_channel=other), seconds=0.5)
    assert asyncio.run(channel.get_msg(timeout=60)) == "reply"
    assert asked == [0.5] * 3
    asked.clear()
    with pytest.raises(Empty):
        asyncio.run(channel.get_msg(timeout=0))


def test_minutes_are_counted_apart_for_the_core_and_for_going_deeper():
    notebook = new_notebook(
        cells=[
            new_markdown_cell(
                "# 00 · A [link of five words](https://a.b/c d)\n\n**Time** 9 minutes"
            ),
            new_code_cell("a = 1\n\nb = 2", metadata={"tags": ["exercise"]}),
            new_code_cell("a = 1", metadata={"tags": ["check"]}),
            new_markdown_cell("## 1 Deep (going deeper)\n\n```python\nx\n```\n\n### Still deep"),
            new_code_cell("plot()", metadata={"tags": ["widget"]}),
            new_markdown_cell("### Exercise 0.1: add\n\n## 2 Core"),
        ]
    )
    core, deeper = minutes.parts_of(notebook)
    assert core == minutes.Parts(words=8, lines=2)
    assert deeper == minutes.Parts(words=9, lines=2, figures=1, exercises=1)
    assert minutes.time_of(core, deeper) == "**Time** 1 minutes, 6 more for going deeper"
    row = '"| [00 Start](a.ipynb) | map | 20 | – |\\n"'
    written = minutes.maps_again(row, {"00": (core, deeper)})
    assert written == row.replace("20", "1 + 6")


def test_maps_say_the_minutes_of_the_lessons():
    counted = {path.name[:2]: minutes.parts_of(read_lesson(path)) for path in find_lessons()}
    for path in minutes.MAPS:
        text = path.read_text(encoding="utf-8")
        assert minutes.maps_again(text, counted) == text, "authoring.workshop.minutes --write"
