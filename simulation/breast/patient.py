"""One simulated patient: draw the signs, build the breast, form the image, outline the lesion."""

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from simulation.breast import beam, lesions, scanners
from simulation.breast.fields import COLUMNS, ROWS, Grid
from simulation.breast.signs import (
    KINDS,
    NORMAL,
    RATES,
    SIGNS,
    draw_signs,
    noisy_reading,
    suspicion,
)
from simulation.breast.tissue import draw_tissue

SIZE = 64
MASK_NAMES = (
    "lesion",
    "spiculation",
    "halo",
    "calcification",
    "posterior shadow",
    "posterior enhancement",
    "artifact",
    "second reader",
)
# Beams that arrive this much weaker or stronger than without the lesion show it.
_VISIBLE_DB = 6.0


@dataclass(frozen=True)
class PatientPlan:
    """What is decided about a patient before anything is drawn.

    Parameters
    ----------
    number : int
        Number of the patient in the set; chooses the random stream.
    kind : str
        Kind of lesion, or 'normal tissue'.
    site : {'scanner A', 'scanner B'}
        Which scanner.
    split : {'train', 'validation', 'test'}
        Official split.
    views : {1, 2}
        Images of the patient; a second view shows the same lesion in another section.
    """

    number: int
    kind: str
    site: str
    split: str = "train"
    views: int = 1

    def __post_init__(self):
        allowed = {"kind": KINDS, "site": tuple(scanners.SITES), "views": (1, 2)}
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}; allowed: {', '.join(map(str, values))}."
                )


@dataclass(frozen=True)
class Patient:
    """A simulated examination.

    Attributes
    ----------
    images : ndarray (views, 64, 64, 1), uint8
        Gray levels.
    masks : ndarray (views, 64, 64), uint8
        Bit j belongs to ``MASK_NAMES[j]``.
    spacing_mm : ndarray (views, 2)
        Distance of rows and of columns.
    full : list of ndarray
        The images at full resolution, 0 to 1, if they were asked for.
    attributes : dict
        What generated the patient.
    view_attributes : dict of ndarray (views,)
        What differs between the views.
    """

    plan: PatientPlan
    images: np.ndarray
    masks: np.ndarray
    spacing_mm: np.ndarray
    full: list
    attributes: dict = field(default_factory=dict)
    view_attributes: dict = field(default_factory=dict)


_STREAMS = (
    "frame", "tissue", "outline", "interior", "margin", "calcification", "echoes", "artifacts",
    "readers",
)  # fmt: skip


def _generators(seed, number, view, names=_STREAMS):
    """One independent generator per concern, so that changing one disturbs no other."""
    children = np.random.SeedSequence([seed, number, view]).spawn(len(names))
    return {name: np.random.default_rng(child) for name, child in zip(names, children, strict=True)}


def _reduce(values):
    """Average down to 64 x 64."""
    rows, columns = values.shape
    return values.reshape(SIZE, rows // SIZE, SIZE, columns // SIZE).mean(axis=(1, 3))


def _frame(rng, site, size_mm):
    """Return the grid and the place of the lesion, roughly in the middle of the image."""
    width, depth = scanners.draw_field_of_view(rng, site, size_mm)
    across = width * np.clip(rng.normal(0.5, 0.12), 0.15, 0.85)
    top = depth * np.clip(rng.normal(0.26, 0.09), 0.08, 0.55)
    down = min(max(top, 2.5) + 0.4 * size_mm, depth - 0.45 * size_mm)
    return Grid(depth, width), (float(across), float(down))


def _lose_contact(rng, grid, tissue):
    """In some images an edge of the probe has no contact; the columns below stay dark."""
    lost, left, share = rng.random() < 0.06, rng.random() < 0.5, rng.uniform(0.04, 0.22)
    if not lost:
        return np.zeros((ROWS, COLUMNS), bool)
    from_edge = grid.x / grid.width_mm if left else 1 - grid.x / grid.width_mm
    dark = np.broadcast_to(from_edge < share, (ROWS, COLUMNS))
    fading = np.clip((share - from_edge) / 0.04, 0, 1)
    tissue.attenuation += 10 * fading * (grid.z < 3)
    return dark


def _behind(with_lesion, without, grid, settings, lesion):
    """Return where the lesion weakens and where it strengthens the echoes behind it."""
    change = beam.lost_db(with_lesion, grid, settings.frequency) - beam.lost_db(
        without, grid, settings.frequency
    )
    below = (lesion.outside_mm > 0) & (np.sin(lesion.angle) > 0)
    return (change > _VISIBLE_DB) & below, (change < -_VISIBLE_DB) & below


def _second_reader(rng, lesion):
    """Outline as another reader would draw it: a habit of drawing wide or tight, and a wobble."""
    table = np.linspace(-np.pi, np.pi, 181)
    noise = ndimage.gaussian_filter1d(rng.standard_normal(181), 9, mode="wrap")
    size = lesion.signs["size_mm"]
    shift = rng.normal(0.1, 0.35) + 0.055 * size * noise / noise.std()
    return lesion.outside_mm < np.interp(lesion.angle, table, shift)


def _view(plan, signs, rng, keep_full):
    """Form one image; return it with its masks, spacing and what is particular to it."""
    grid, center = _frame(rng["frame"], plan.site, signs["size_mm"])
    settings = scanners.draw_settings(rng["frame"], plan.site)
    normal = plan.kind == NORMAL
    box = None if normal else (*center, signs["size_mm"] / 2)
    tissue = draw_tissue(rng["tissue"], grid, box)
    artifact = _lose_contact(rng["artifacts"], grid, tissue)
    reference = beam.reference_level(grid, tissue, settings)
    places = {"artifact": artifact}
    if not normal:
        before = tissue.attenuation.copy()
        lesion = lesions.shape_lesion(rng["outline"], grid, signs, center)
        places |= lesions.add_lesion(rng, grid, tissue, lesion, settings.frequency)
        shadow, bright = _behind(tissue.attenuation, before, grid, settings, lesion)
        places |= {"posterior shadow": shadow, "posterior enhancement": bright}
        places["lesion"] = lesion.outside_mm < 0
        places["second reader"] = _second_reader(rng["readers"], lesion)
    full = beam.form_image(rng["echoes"], grid, tissue, settings, reference)
    about = {
        "depth_mm": np.nan if normal else round(float(center[1]), 2),
        "frequency_mhz": round(settings.frequency, 2),
        "contact_lost": bool(artifact.any()),
    }
    spacing = (grid.depth_mm / SIZE, grid.width_mm / SIZE)
    return _encode(full), _masks(places), spacing, full if keep_full else None, about


def _encode(full):
    """Gray levels 0 to 252 in steps of 4: finer than the speckle, and a smaller file."""
    return (np.rint(_reduce(full) * 63) * 4).astype(np.uint8)[..., None]


def _masks(places):
    bits = np.zeros((SIZE, SIZE), np.uint8)
    for j, name in enumerate(MASK_NAMES):
        if name in places:
            # Specks and threads thinner than a pixel never fill half of one.
            least = 0.2 if name in ("calcification", "spiculation") else 0.5
            bits |= (_reduce(places[name].astype(np.float32)) >= least).astype(np.uint8) << j
    return bits


def simulate_patient(plan, seed=2026, *, change=None, keep_full=False):
    """Simulate one examination.

    Parameters
    ----------
    plan : PatientPlan
        Who is examined and how.
    seed : int
        Seed of the set; patient `plan.number` of one seed is always the same.
    change : dict, optional
        Signs to set by hand, such as ``{"posterior": "none"}``. Everything else stays as it was,
        which makes counterfactual pairs.
    keep_full : bool, optional
        Keep the images at full resolution too.

    Returns
    -------
    Patient

    Raises
    ------
    ValueError
        If `change` names an unknown sign or word, or the patient has no lesion to change.

    Examples
    --------
    >>> patient = simulate_patient(PatientPlan(3, "cyst", "scanner A"))
    >>> patient.images.shape, patient.attributes["echo"]
    ((1, 64, 64, 1), 'anechoic')
    """
    normal = plan.kind == NORMAL
    rng = _generators(seed, plan.number, 0, ("signs", "reading"))
    # A patient without a lesion is scanned as if there might be one.
    kinds = tuple(RATES)
    signs = draw_signs(rng["signs"], kinds[plan.number % len(kinds)] if normal else plan.kind)
    _check_change(change or {}, normal)
    signs |= change or {}
    views = [
        _view(plan, signs, _generators(seed, plan.number, 1 + view), keep_full)
        for view in range(plan.views)
    ]
    images, masks, spacing, full, about = zip(*views, strict=True)
    return Patient(
        plan, np.stack(images), np.stack(masks), np.array(spacing), list(full),
        _describe(plan, None if normal else signs, rng["reading"]),
        {name: np.array([view[name] for view in about]) for name in about[0]},
    )  # fmt: skip


def _check_change(change, normal):
    unknown = sorted(set(change) - {*SIGNS, "size_mm"})
    if unknown or (change and normal):
        raise ValueError(
            f"change names {unknown or sorted(change)}; allowed for a patient with a lesion: "
            f"{', '.join((*SIGNS, 'size_mm'))}."
        )
    for name, words in SIGNS.items():
        if change.get(name, words[0]) not in words:
            raise ValueError(f"{name} is {change[name]!r}; allowed: {', '.join(words)}.")
    size = change.get("size_mm", 10)
    if not 3 <= size <= 40:
        raise ValueError(f"size_mm is {size!r}; allowed: 3 to 40.")


def _describe(plan, signs, rng):
    """Return the attributes: what generated the patient."""
    about = {"kind": plan.kind}
    about |= {name: signs[name] if signs else "no lesion" for name in SIGNS}
    about["size_mm"] = round(signs["size_mm"], 2) if signs else np.nan
    about["suspicion"] = round(suspicion(signs), 3)
    about["reading"] = noisy_reading(rng, signs)
    return about
