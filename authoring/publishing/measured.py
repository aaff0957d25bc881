"""The site's page of measured figures, computed from what the repository stores."""

import re
import tomllib

import pandas as pd

from authoring.workshop import exercises, minutes
from authoring.workshop.lessons import ROOT, find_lessons, read_lesson

HEAD = re.compile(r"\*\*Runs in\*\* ([^·\n]+) · \*\*Memory\*\* ([^\n]+)")
PAGE = """# What was measured

## Minutes, run time and memory

A lesson's minutes are computed: {words} words and {lines} lines of code a minute, a minute for a
figure, {exercise} minutes for an exercise beside its words. The run time is that of the whole
lesson on two processor cores that do nothing else; the memory is that of its kernel.

{lessons}

## How often the checks of exercises are right

Each exercise has a bank of right answers in several styles and of wrong answers as readers write
them. A wrong answer is *named* if its check says what is wrong in a sentence made for it.

{rates}

## Claims over random starts

What a lesson says about a training is tried with other random starts and numbers of threads, and
has to fail where the labels are shuffled. Lessons without a row here were tried with the stored
random start alone.

{claims}

## Stored tables

Results that need many trainings are computed by the functions that the lessons show, and stored.
Each carries a fingerprint of these functions; a test finds tables that are older than their code.

{tables}
"""


def page():
    """Return the page as Markdown."""
    return PAGE.format(
        words=minutes.WORDS_A_MINUTE,
        lines=minutes.LINES_A_MINUTE,
        exercise=minutes.MINUTES_AN_EXERCISE,
        lessons=_table(_lessons()),
        rates=_table(_rates()),
        claims=_table(_claims()),
        tables=_table(_tables()),
    )


def _table(rows):
    """Write rows, dictionaries with the same keys, as a Markdown table."""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(row.values() for row in rows)]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _lessons():
    rows = []
    for path in find_lessons():
        notebook = read_lesson(path)
        core, deeper = minutes.parts_of(notebook)
        run, memory = HEAD.search("\n".join(cell.source for cell in notebook.cells)).groups()
        title = notebook.cells[0].source.split("\n")[0].removeprefix("# ").replace(" · ", " ")
        rows.append(
            {
                "lesson": f"[{title}](notebooks/{path.name})",
                "core, min": core.minutes,
                "deeper, min": deeper.minutes,
                "words": core.words + deeper.words,
                "lines of code": core.lines + deeper.lines,
                "figures": core.figures + deeper.figures,
                "exercises": core.exercises + deeper.exercises,
                "runs in": run.strip(),
                "memory": memory.strip(),
            }
        )
    return rows


def _rates():
    stored = pd.read_csv(exercises.STORED, dtype={"lesson": str})
    total = stored.sum(numeric_only=True).to_dict()
    return [
        {
            "lesson": row["lesson"],
            "right answers": row["right"],
            "of these refused": row["right_refused"],
            "wrong answers": row["wrong"],
            "of these refused ": row["wrong_refused"],
            "and named": row["wrong_named"],
        }
        for row in [*stored.to_dict("records"), {"lesson": "all", **total}]
    ]


def _claims():
    rows = []
    for path in sorted((ROOT / "docs" / "claims").glob("lesson_*.csv")):
        runs = pd.read_csv(path)
        for claim, of_claim in runs.groupby("claim", sort=False):
            true, shuffled = (of_claim[of_claim["labels"] == kind] for kind in ("true", "shuffled"))
            rows.append(
                {
                    "lesson": path.stem[-2:],
                    "claim": claim,
                    "holds": f"{true['holds'].sum()} of {len(true)}",
                    "with shuffled labels": f"{shuffled['holds'].sum()} of {len(shuffled)}",
                }
            )
    return rows


def _tables():
    index = tomllib.loads((ROOT / "data/results/tables.toml").read_text(encoding="utf-8"))
    return [
        {
            "table": f"{{download}}`{name} <data/results/{name}.csv>`",
            "made by": f"`python -m {entry['made_by']}`",
            "read by lessons": ", ".join(entry["lessons"]) or "none",
            "seconds": entry["seconds"] or "not measured",
        }
        for name, entry in index.items()
    ]
