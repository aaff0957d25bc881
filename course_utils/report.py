"""The report of a study: one HTML file made from its data, its scores and its openings.

`write_report` writes it, `checklist` answers a reporting guideline, `model_card` sums up the model.
All take the study as it was run, so that a report cannot say something else.
"""

import base64
import importlib.metadata
import platform
import tomllib
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from course_utils import ROOT
from course_utils._checks import check_choice, check_names, refuse
from course_utils._files import write_text
from course_utils.datasets import ImageDataset
from course_utils.datasets.sealed import SealedDataset, groups_per_class
from course_utils.evaluation.intervals import CONFIDENCE_LEVEL, Estimate, plural

#: Reporting guidelines, and the files in data/reporting that hold their items.
CHECKLISTS = {"CLAIM 2024": "claim_2024", "TRIPOD+AI": "tripod_ai", "STARD-AI": "stard_ai"}
#: Sections of a model card (Mitchell et al. 2019, https://doi.org/10.1145/3287560.3287596).
SECTIONS = (
    *("Model details", "Intended use", "Factors", "Metrics"),
    *("Evaluation data", "Training data", "Quantitative analyses"),  # which the study gives
    *("Ethical considerations", "Caveats and recommendations"),
)
STUDY = ("title", "parts", "settings", "scores", "openings", "limits")
COLUMNS = ("name", "value", "low", "high", "n_groups", "group_kind", "method")
OPENING = ["opening", "time", "reason"]
PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "course-utils")
SIMULATED = "Simulated images: no image shows a person, and no number says anything about patients."
NOT_CLINICAL = "Not for clinical use."
LEVEL = f"{100 * CONFIDENCE_LEVEL:g} %"


def write_report(path, *, figures, checklists, model_card, overwrite=False, **study):
    """Write a study's report to one HTML file, which loads nothing and asks no server.

    Parameters
    ----------
    path : str or Path
        Ends in .html. A file that exists is replaced only with `overwrite`.
    figures : dict of str to matplotlib Figure
        By caption, which a screen reader reads as well.
    checklists : dict of str to pandas.DataFrame
        By name, from `checklist`.
    model_card : str
        From `model_card`.
    **study
        ``title``; ``parts``, a dict of names to data sets, sealed ones as well; ``settings``, a
        dict of what somebody needs to repeat the training; ``scores``, a list of intervals, a
        report of `evaluation.report`, or a table with the columns name, value, low, high, n_groups,
        group_kind and method (others are printed, too); ``openings`` of the sealed test set, or
        None; ``limits``, a list of sentences.
    """
    # Loaded here, as nothing else needs it.
    from jinja2 import Environment, FileSystemLoader

    path, study = Path(path), _checked(**study)
    if path.suffix != ".html" or not path.parent.is_dir():
        allowed = "a name that ends in .html, in a folder that exists"
        refuse("path", repr(path.name), allowed, "Make the folder, or add the ending.")
    if path.exists() and not overwrite:
        remedy = "Choose another name, or say overwrite=True."
        refuse("path", f"{path.name}, which exists", "a new file", remedy)
    given = {"figures": figures, "checklists": checklists, "model_card": model_card}
    for name, value in given.items():
        if not isinstance(value, kind := str if name == "model_card" else dict):
            refuse(name, repr(value), f"a {kind.__name__}", "Give {} or '' if there is none.")
    for name, table in checklists.items():
        if not isinstance(table, pd.DataFrame) or "state" not in table:
            refuse("checklists", repr({name: table}), "tables", "Make them with checklist.")
    parts, scores = study["parts"], study["scores"]
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    page = environment.get_template("report.html").render(
        study,
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        warnings=_warnings(parts),
        rows=[(name, *_row(part)) for name, part in parts.items()],
        opened=[name for name, part in parts.items() if isinstance(part, ImageDataset)],
        level=LEVEL,
        scores=_shown(scores),
        others=[column for column in scores if column not in COLUMNS],
        figures={caption: _png(caption, figure) for caption, figure in figures.items()},
        versions=_versions(),
        checklists=checklists,
        card=model_card,
    )
    write_text(path, page)
    return path


def checklist(name, answers):
    """Return a reporting guideline's items with answers: item, topic, answer, state.

    Answers are a dict of item to text. An item without text is missing; one that does not apply
    needs the reason as its text. `known_answers` gives those that the run knows.

    >>> checklist("STARD-AI", {"38": "No funding."})["state"].value_counts().to_dict()
    {'missing': 47, 'answered': 1}
    """
    items = _items(name)
    for item, text in answers.items():
        if item not in items:
            refuse(f"item of {name}", repr(item), ", ".join(items), "Items are text.")
        if not isinstance(text, str):
            refuse(f"answer to {item}", repr(text), "text", "Leave out what you cannot answer.")
    rows = [(item, entry["topic"], answers.get(item, "").strip()) for item, entry in items.items()]
    table = pd.DataFrame(rows, columns=["item", "topic", "answer"])
    return table.assign(state=np.where(table["answer"] == "", "missing", "answered"))


def known_answers(name, **study):
    """Return the answers that the run itself gives to a reporting guideline: item to text.

    It takes the study as `write_report` does. Only items that the run can answer wholly are
    answered; data/reporting says which. All others need a person.
    """
    study = _checked(**study)
    scores, rows = study["scores"], {name: _row(part) for name, part in study["parts"].items()}
    kinds, methods = (", ".join(scores[key].unique()) for key in ("group_kind", "method"))
    facts = {
        "sources": "; ".join(dict.fromkeys(f"{row[3]}; license {row[4]}" for row in rows.values())),
        "parts": "; ".join(f"{name}: {row[0]} images, {row[1]}" for name, row in rows.items()),
        "settings": "; ".join(f"{key}: {value}" for key, value in study["settings"].items()),
        "scores": ", ".join(scores["name"].unique()),
        "intervals": f"{LEVEL} intervals; unit: {kinds}; method: {methods}",
        "results": "; ".join(_shown(scores)["text"]),
        "versions": ", ".join(f"{package} {v}" for package, v in _versions().items()),
        "limits": " ".join(study["limits"]),
    }
    if all(isinstance(part, ImageDataset) for part in study["parts"].values()):
        facts["apart"] = " ".join(_leaks(study["parts"])) or "No group, no image is in two parts."
    if study["openings"] is not None:
        facts["tested"] = f"Sealed test set, openings: {len(study['openings'])}."
    entries = _items(name).items()
    return {item: facts[entry["run"]] for item, entry in entries if entry.get("run") in facts}


def model_card(name, *, tested, texts, **study):
    """Return a model card as Markdown, with the sections of Mitchell et al. 2019.

    Evaluation data, training data and quantitative analyses come from the study, given as to
    `write_report`; `tested` names the parts that the scores come from. `texts` is a dict of other
    sections to text; a section without one says so.
    """
    study = _checked(**study)
    for part in tested:
        check_choice("tested", part, study["parts"])
    for section in texts:
        check_choice("texts", section, SECTIONS[:4] + SECTIONS[-2:])
    made = {section: [] for section in SECTIONS[4:7]}
    for part, data in study["parts"].items():
        n_images, groups, state, source, _ = _row(data)
        section = "Evaluation data" if part in tested else "Training data"
        made[section].append(f"- {part} ({state}): {n_images} images, {groups}; {source}")
    made["Quantitative analyses"] = [f"- {text}" for text in _shown(study["scores"])["text"]]
    texts = texts | {section: "\n".join(lines) for section, lines in made.items()}
    lines = [f"# Model card: {name}", *_warnings(study["parts"])]
    lines += [f"## {section}\n\n{texts.get(section) or 'Not stated.'}" for section in SECTIONS]
    return "\n\n".join(lines) + "\n"


def _checked(**study):
    """Return the study in the form that the functions above use."""
    if set(study) != set(STUDY):
        refuse("study", ", ".join(study), ", ".join(STUDY), "Give each of these once.")
    parts, settings, openings = study["parts"], study["settings"], study["openings"]
    good = isinstance(parts, dict) and parts
    if not good or not all(isinstance(p, ImageDataset | SealedDataset) for p in parts.values()):
        refuse("parts", repr(parts), "a dict of names to data sets", "Name each ImageDataset.")
    if not isinstance(settings, dict) or not settings:
        refuse("settings", repr(settings), "a dict", "Say what it takes to repeat the training.")
    sealed = [part for part in parts.values() if isinstance(part, SealedDataset)]
    openings = sealed[0] if openings is None and sealed else openings
    openings = openings.openings if isinstance(openings, SealedDataset) else openings
    if openings is not None and [*getattr(openings, "columns", "")] != OPENING:
        refuse("openings", repr(openings), "a sealed set, its openings, or None", "Seal it first.")
    return study | {
        "title": check_names("title", (study["title"],))[0],
        "scores": _scores(study["scores"]),
        "openings": openings,
        "limits": check_names("limits", study["limits"]),
    }


def _scores(scores):
    """Return scores as a table that has an interval and a unit in every row."""
    scores = getattr(scores, "estimates", scores)
    if not isinstance(scores, pd.DataFrame):
        listed = isinstance(scores, list | tuple) and len(scores)
        if not listed or not all(isinstance(score, Estimate) for score in scores):
            remedy = "Make each score with evaluation.bootstrap, which adds its interval."
            refuse("scores", repr(scores), "a list of intervals, or a table", remedy)
        shown = [*COLUMNS, "spread_over_runs", "warning"]
        scores = pd.DataFrame(map(vars, scores))[shown].dropna(axis=1, how="all")
    missing = [column for column in COLUMNS if column not in scores]
    if missing or not len(scores):
        received = f"a table without {', '.join(missing) or 'rows'}"
        refuse("scores", received, ", ".join(COLUMNS), "Give every score its interval and unit.")
    scores = scores.assign(**{key: pd.to_numeric(scores[key], "coerce") for key in COLUMNS[1:5]})
    numbers = scores[[*COLUMNS[1:5]]].to_numpy(float)
    good = np.isfinite(numbers).all(axis=1) & (numbers[:, 1] <= numbers[:, 2])
    good &= scores[[*COLUMNS]].notna().all(axis=1)
    if not good.all():
        received = f"{scores.loc[~good, list(COLUMNS)].iloc[0].to_dict()}"
        remedy = "Leave out a score that is not defined, and say so in the limits."
        refuse("scores", received, "finite numbers, low at most high, and a unit", remedy)
    return scores.astype({"name": str, "group_kind": str, "method": str})


def _shown(scores):
    """Return scores as text: three decimals, the unit in words, all in one as `text`."""
    shown = scores.drop(columns="n_groups").map(_cell)
    units = zip(scores["n_groups"], scores["group_kind"], strict=True)
    shown["unit"] = [f"{n:g} {plural(kind)}" for n, kind in units]
    shown["interval"] = shown["low"] + " to " + shown["high"]
    return shown.assign(text=shown["name"] + " " + shown["value"] + " (" + shown["interval"] + ")")


def _cell(value):
    if pd.isna(value):
        return ""
    # Never -0.000.
    return f"{round(value, 3) + 0.0:.3f}" if isinstance(value, float) else str(value)


def _row(part):
    """Return what the data card says of a part: images, groups, state, source, license."""
    sealed = isinstance(part, SealedDataset)
    counts = part.counts if sealed else groups_per_class(part)
    groups = f"{plural(part.group_kind)}: {', '.join(f'{k} {n}' for k, n in counts.items())}"
    state = f"{part.origin}, sealed" if sealed else part.origin
    return len(part), groups, state, f"{part.name}, {part.origin}: {part.source}", part.license


def _leaks(parts):
    """Return a sentence for each pair of open parts that share groups or images."""
    seen, found = {}, []
    for name, part in parts.items():
        if isinstance(part, ImageDataset):
            # The same number is the same patient only within one set.
            groups = {(part.name, str(part.meta), group) for group in part.groups.tolist()}
            images = {image.tobytes() for image in part.images}
            for other, (other_groups, other_images) in seen.items():
                shared = len(groups & other_groups), len(images & other_images)
                if any(shared):
                    both = f"{shared[0]} {plural(part.group_kind)}, {shared[1]} images"
                    found.append(f"Leak: {other} and {name} share {both}.")
            seen[name] = groups, images
    return found


def _warnings(parts):
    simulated = any(part.origin == "simulated" for part in parts.values())
    return [*([SIMULATED] if simulated else []), NOT_CLINICAL, *_leaks(parts)]


def _items(name):
    check_choice("name", name, CHECKLISTS)
    path = ROOT / "data" / "reporting" / f"{CHECKLISTS[name]}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))["items"]


def _versions():
    found = {"Python": platform.python_version()}
    return found | {name: importlib.metadata.version(name) for name in PACKAGES}


def _png(caption, figure):
    """Return a figure as an address that holds the image itself."""
    if not caption.strip() or not hasattr(figure, "savefig"):
        refuse("figures", repr({caption: figure}), "a dict of caption to figure", "Use plt.gcf().")
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=100, bbox_inches="tight", facecolor="white")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
