"""One simulated patient: draw the signs, build the breast, form the image, outline the lesion."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from simulation.breast import beam, lesions, scanners
from simulation.breast.fields import COLUMNS, ROWS, Grid
from simulation.breast.signs import (
    CHANGEABLE,
    LESIONS,
    NORMAL,
    SIGNS,
    draw_signs,
    noisy_reading,
    suspicion,
)
from simulation.breast.tissue import draw_tissue
from simulation.cases import Case, Plan, changed, generators, pack

SIZE = 64
# A mask has eight bits, and all are taken: a new sign shares one or has none.
MASK_NAMES = (
    "lesion", "spiculation", "halo", "calcification", "posterior shadow", "posterior enhancement",
    "artifact", "second reader",
)  # fmt: skip
# Specks and threads thinner than a pixel never fill half of one.
_THIN = ("calcification", "spiculation")
# Beams that arrive this much weaker or stronger than without the lesion show it.
_VISIBLE_DB = 6.0
_STREAMS = (
    "frame", "tissue", "outline", "interior", "margin", "calcification", "echoes", "artifacts",
    "readers",
)  # fmt: skip


@dataclass(frozen=True)
class PatientPlan(Plan):
    """A `Plan` with the number of images; a second one shows the lesion in another section."""

    views: int = 1


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
    return {
        "posterior shadow": (change > _VISIBLE_DB) & below,
        "posterior enhancement": (change < -_VISIBLE_DB) & below,
    }


def _second_reader(rng, lesion):
    """Outline as another reader would draw it: a habit of drawing wide or tight, and a wobble."""
    table = np.linspace(-np.pi, np.pi, 181)
    noise = ndimage.gaussian_filter1d(rng.standard_normal(181), 9, mode="wrap")
    size = lesion.signs["size_mm"]
    shift = rng.normal(0.1, 0.35) + 0.055 * size * noise / noise.std()
    return lesion.outside_mm < np.interp(lesion.angle, table, shift)


def _view(plan, signs, rng):
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
        places |= _behind(tissue.attenuation, before, grid, settings, lesion)
        places["lesion"] = lesion.outside_mm < 0
        places["second reader"] = _second_reader(rng["readers"], lesion)
    full = beam.form_image(rng["echoes"], grid, tissue, settings, reference)
    about = {
        "depth_mm": np.nan if normal else round(float(center[1]), 2),
        "frequency_mhz": round(settings.frequency, 2),
        "contact_lost": bool(artifact.any()),
    }
    return _encode(full), _masks(places), (grid.depth_mm / SIZE, grid.width_mm / SIZE), about


def _encode(full):
    """Gray levels 0 to 252 in steps of 4: finer than the speckle, and a smaller file."""
    return (np.rint(_reduce(full) * 63) * 4).astype(np.uint8)[..., None]


def _masks(places):
    planes = {
        name: _reduce(where.astype(np.float32)) >= (0.2 if name in _THIN else 0.5)
        for name, where in places.items()
    }
    return pack(planes, MASK_NAMES)


def simulate_patient(plan, seed, *, change=None):
    """Simulate one examination; a patient of one seed is always the same.

    `change` sets signs by hand (`CHANGEABLE`), such as ``{"posterior": "none"}``; everything else
    stays as it was, which makes counterfactual pairs.

    >>> patient = simulate_patient(PatientPlan(3, "cyst", "scanner A"), seed=1)
    >>> patient.images.shape, patient.attributes["echo"]
    ((1, 64, 64, 1), 'anechoic')
    """
    normal = plan.kind == NORMAL
    rng = generators(seed, ("signs", "reading"), plan.number, 0)
    # A patient without a lesion is scanned as if there might be one.
    kind = LESIONS[plan.number % len(LESIONS)] if normal else plan.kind
    signs = changed(draw_signs(rng["signs"], kind), change, {} if normal else CHANGEABLE)
    views = [
        _view(plan, signs, generators(seed, _STREAMS, plan.number, 1 + view))
        for view in range(plan.views)
    ]
    images, masks, spacing, of_views = zip(*views, strict=True)
    about = _describe(plan, None if normal else signs, rng["reading"])
    about |= {name: np.array([view[name] for view in of_views]) for name in of_views[0]}
    geometry = {"pixel_spacing_mm": np.array(spacing).round(4)}
    return Case(plan, np.stack(images), np.stack(masks), geometry, about)


def _describe(plan, signs, rng):
    """Return what generated the patient."""
    about = {"kind": plan.kind}
    about |= {name: signs[name] if signs else "no lesion" for name in SIGNS}
    about["size_mm"] = round(signs["size_mm"], 2) if signs else np.nan
    about["suspicion"] = round(suspicion(signs), 3)
    about["reading"] = noisy_reading(rng, signs)
    return about
