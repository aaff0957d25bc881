"""The report of a study: one HTML file made from its data, its scores and its openings.

`write_report` writes it, `checklist` answers a reporting guideline, `model_card` sums up the model.
All take the study as it was run, so that a report cannot say something else.
"""

import base64
import importlib.metadata
import platform
import re
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
#: Sections of a model card, by Mitchell et al. 2019, https://doi.org/10.1145/3287560.3287596.
SECTIONS = (
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Evaluation data",
    "Training data",
    "Quantitative analyses",
    "Ethical considerations",
    "Caveats and recommendations",
)
COLUMNS = ("name", "value", "low", "high", "n_groups", "group_kind", "method")
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

    Returns
    -------
    Path
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
    for name, table in checklists.items():
        if not isinstance(table, pd.DataFrame) or "state" not in table:
            refuse("checklists", f"{name!r} of {type(table).__name__}", "tables", "See checklist.")
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    sections = re.split(r"^## (.*)$", model_card, flags=re.MULTILINE)[1:]
    bodies = [re.sub("^- ", "", body.strip(), flags=re.MULTILINE) for body in sections[1::2]]
    page = environment.get_template("report.html").render(
        study,
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        warnings=_warnings(study["parts"]),
        data=[(name, *_row(part)) for name, part in study["parts"].items()],
        shown=_samples,
        level=LEVEL,
        shown_scores=_shown(study["scores"]),
        figures={caption: _png(caption, figure) for caption, figure in figures.items()},
        versions=_versions(),
        card=[(head, body.split("\n")) for head, body in zip(sections[::2], bodies, strict=True)],
        checklists={name: table.to_numpy().tolist() for name, table in checklists.items()},
    )
    write_text(path, page)
    return path


def checklist(name, answers):
    """Return a reporting guideline's items with answers: item, topic, answer, state.

    Answers are a dict of item to text. An item without text is missing; one that does not apply
    needs the reason as its text. `known_answers` gives those that the run knows.

    Examples
    --------
    >>> checklist("STARD-AI", {"38": "No funding."})["state"].value_counts().to_dict()
    {'missing': 47, 'answered': 1}
    """
    items = _items(name)
    for item, text in answers.items():
        if item not in items:
            remedy = 'Items are text, such as "1".'
            refuse(f"item of {name}", repr(item), f"{', '.join(items)}", remedy)
        if not isinstance(text, str):
            refuse(f"answer to {item}", repr(text), "text", "Leave the item out if it is missing.")
    rows = [(item, entry["topic"], answers.get(item, "").strip()) for item, entry in items.items()]
    table = pd.DataFrame(rows, columns=["item", "topic", "answer"])
    return table.assign(state=np.where(table["answer"] == "", "missing", "answered"))


def known_answers(name, **study):
    """Return the answers that the run itself gives to a reporting guideline: item to text.

    It takes what `write_report` takes as the study. Only items that the run can answer wholly are
    answered; data/reporting says which. All others need a person.
    """
    study = _checked(**study)
    parts, scores, openings = study["parts"], study["scores"], study["openings"]
    kinds = ", ".join(plural(kind) for kind in scores["group_kind"].unique())
    rows = {part: _row(data) for part, data in parts.items()}
    sources = [f"{row[2].split(',')[0]}, {row[3]}, license {row[4]}" for row in rows.values()]
    apart = "No group and no image occurs in two parts, which the report's code has checked."
    facts = {
        "sources": "; ".join(dict.fromkeys(sources)),
        "apart": " ".join(_leaks(parts)) or apart,
        "parts": "; ".join(f"{part}: {row[0]} images, {row[1]}" for part, row in rows.items()),
        "settings": "; ".join(f"{key}: {value}" for key, value in study["settings"].items()),
        "scores": ", ".join(scores["name"].unique()),
        "intervals": f"{LEVEL} intervals over {kinds}, by {', '.join(scores['method'].unique())}",
        "results": "; ".join(f"{row['name']} {_interval(row)}" for _, row in scores.iterrows()),
        "versions": ", ".join(f"{package} {v}" for package, v in _versions().items()),
        "limits": " ".join(study["limits"]),
        "tested": None if openings is None else f"sealed test set, openings: {len(openings)}",
    }
    known = {item: facts.get(entry.get("run")) for item, entry in _items(name).items()}
    return {item: text for item, text in known.items() if text}


def model_card(name, *, tested, texts, **study):
    """Return a model card as Markdown, with the sections of Mitchell et al. 2019.

    Training data, evaluation data and quantitative analyses come from the study, which is what
    `write_report` takes; `tested` names the parts that the scores come from. `texts` is a dict of
    other sections to text; a section without text says so.
    """
    study = _checked(**study)
    for part in tested:
        check_choice("tested", part, study["parts"])
    made = {"Evaluation data": [], "Training data": []}
    for part, data in study["parts"].items():
        n_images, groups, state, source, _ = _row(data)
        section = "Evaluation data" if part in tested else "Training data"
        made[section].append(f"- {part} ({state}): {n_images} images, {groups}; {source}")
    scores = [f"- {row['name']}: {_interval(row)}" for _, row in study["scores"].iterrows()]
    made["Quantitative analyses"] = scores
    for section in texts:
        check_choice("texts", section, [section for section in SECTIONS if section not in made])
    lines = [f"# Model card: {name}", *_warnings(study["parts"])]
    for section in SECTIONS:
        body = "\n".join(made.get(section, [])) or texts.get(section, "").strip()
        lines.append(f"## {section}\n\n{body or 'Not stated.'}")
    return "\n\n".join(lines) + "\n"


STUDY = ("title", "parts", "settings", "scores", "openings", "limits")


def _checked(**study):
    """Return the parts of a study in the form that the functions above use."""
    if set(study) != set(STUDY):
        remedy = "Give each once; None as openings says that no test set was sealed."
        refuse("study", ", ".join(study), ", ".join(STUDY), remedy)
    parts, settings, openings = study["parts"], study["settings"], study["openings"]
    good = isinstance(parts, dict) and parts
    if not good or not all(isinstance(p, ImageDataset | SealedDataset) for p in parts.values()):
        received = {k: type(v).__name__ for k, v in parts.items()} if good else repr(parts)
        refuse("parts", received, "a dict of data sets", "Give each as an ImageDataset.")
    if not isinstance(settings, dict) or not settings:
        remedy = "Say what somebody needs to repeat the training."
        refuse("settings", repr(settings), "a dict of names and values", remedy)
    if isinstance(openings, SealedDataset):
        openings = openings.openings
    if openings is not None and not (isinstance(openings, pd.DataFrame) and "reason" in openings):
        refuse("openings", repr(openings), "a sealed set, its openings, or None", "See seal.")
    return {
        "title": check_names("title", (study["title"],))[0],
        "parts": parts,
        "settings": settings,
        "scores": _scores(study["scores"]),
        "openings": openings,
        "limits": check_names("limits", study["limits"]),
    }


def _scores(scores):
    """Return scores as a table that has an interval and a unit in every row."""
    if not isinstance(scores, pd.DataFrame):
        scores = getattr(scores, "estimates", scores)
        bare = not isinstance(scores, list | tuple) or not scores
        if bare or not all(isinstance(score, Estimate) for score in scores):
            remedy = "Make each with evaluation.bootstrap, which adds its interval."
            refuse("scores", repr(scores), "a list of intervals, or a table", remedy)
        scores = pd.DataFrame(map(vars, scores))[[*COLUMNS, "warning"]].fillna({"warning": ""})
    missing = [column for column in COLUMNS if column not in scores]
    if missing or not len(scores):
        received = f"a table without {', '.join(missing) or 'rows'}"
        refuse("scores", received, ", ".join(COLUMNS), "Give every score its interval and unit.")
    numbers = scores[["value", "low", "high"]].to_numpy(float)
    bad = np.flatnonzero(~np.isfinite(numbers).all(axis=1) | (numbers[:, 1] > numbers[:, 2]))
    if bad.size:
        received = f"{scores['name'].iloc[bad[0]]} {numbers[bad[0]].tolist()}"
        remedy = "Leave out a score that is not defined, and say so in the limits."
        refuse("scores", received, "finite numbers, low at most high", remedy)
    return scores


def _shown(scores):
    """Return the table that is printed: one column for the interval, one for the unit."""
    others = [column for column in scores if column not in COLUMNS and any(scores[column] != "")]
    rows = zip(scores["n_groups"], scores["group_kind"], strict=True)
    shown = {
        "score": scores["name"],
        "value": scores["value"].map(_number),
        "interval": [_interval(row, value=False) for _, row in scores.iterrows()],
        "groups": [f"{n:g} {plural(kind)}" for n, kind in rows],
        "method": scores["method"],
    }
    return pd.DataFrame(shown | {column: scores[column] for column in others})


def _samples(part):
    """Return a part as it shows itself in a notebook, with sample images if it is open."""
    from markupsafe import Markup, escape

    open_part = isinstance(part, ImageDataset)
    return Markup(part._repr_html_()) if open_part else Markup(f"<pre>{escape(part)}</pre>")


def _number(number):
    return f"{round(number, 3) + 0.0:.3f}"  # + 0.0 turns -0.0 into 0.0


def _interval(row, value=True):
    ends = f"{_number(row['low'])} to {_number(row['high'])}"
    return f"{_number(row['value'])} ({ends})" if value else ends


def _row(part):
    """Return what the data card says of a part: images, groups, state, source, license."""
    sealed = isinstance(part, SealedDataset)
    counts = part.counts if sealed else groups_per_class(part)
    groups = f"{plural(part.group_kind)}: {', '.join(f'{k} {n}' for k, n in counts.items())}"
    state = f"{part.origin}, sealed" if sealed else part.origin
    return len(part), groups, state, f"{part.name}: {part.source}", part.license


def _leaks(parts):
    """Return a sentence for each pair of open parts that share images or groups."""
    seen, found = {}, []
    for name, part in parts.items():
        if isinstance(part, ImageDataset):
            images = {image.tobytes() for image in part.images}
            # The same number is the same patient only within one set.
            groups = {(part.name, str(part.meta), group) for group in part.groups.tolist()}
            for other, (other_images, other_groups) in seen.items():
                shared = f"{len(groups & other_groups)} {plural(part.group_kind)} and "
                shared += f"{len(images & other_images)} images"
                if groups & other_groups or images & other_images:
                    found.append(f"Leak: {other} and {name} share {shared}.")
            seen[name] = images, groups
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
    """Return a figure as the address of an image that is inside the page."""
    if not caption.strip() or not hasattr(figure, "savefig"):
        refuse("figures", repr({caption: figure}), "a dict of caption to figure", "Use plt.gcf().")
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=100, bbox_inches="tight", facecolor="white")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
