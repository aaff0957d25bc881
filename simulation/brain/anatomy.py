"""One person's simulated anatomy: head pose, size, warp, ventricles, sulci and vessels."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from simulation.brain.template import HEAD_LABELS, Template, Volume

WARP_SPACING = 6.0
WARP_ORIGIN = np.array([-114.0, -156.0, -144.0])
WARP_SHAPE = (39, 44, 43)
# Of the bumps of each texture, in mm.
WIDTHS = {"sulci": 4.2, "tissue": 3.0, "patches": 10.0, "fine": 1.6, "streaks": 2.6, "veins": 2.2}


class Noise:
    """A periodic random field over space: unit variance, bumps of `width` mm."""

    def __init__(self, rng, width):
        voxels = 1.6
        field = ndimage.gaussian_filter(rng.standard_normal((48, 48, 48)), voxels, mode="wrap")
        self.values = ((field - field.mean()) / field.std()).astype(np.float32)
        self.spacing = width / voxels
        # An odd rotation keeps the axes of the noise grid from showing.
        self.axes = np.linalg.qr(rng.standard_normal((3, 3)))[0].astype(np.float32)

    def at(self, points):
        """Return the field at `points` (3, n), in mm."""
        index = (self.axes @ points) / self.spacing
        return ndimage.map_coordinates(
            self.values, index, output=np.float32, order=1, mode="grid-wrap"
        )


@dataclass(frozen=True)
class Anatomy:
    """One person, drawn from the template. Distances in mm."""

    template: Template
    rotation: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    warp: tuple
    sulcal_width: float
    skull: float
    fat: float
    texture: dict
    plexus_side: np.ndarray
    white_spots: float

    def to_template(self, points):
        """Map scanner coordinates (3, n) to template coordinates, both in mm."""
        q = (self.rotation @ (points - self.shift[:, None])) / self.scale[:, None]
        q = q.astype(np.float32)
        return q + np.stack([component.at(q) for component in self.warp])


def _warp(rng, template):
    """Integrate a smooth random velocity into an invertible displacement, in mm.

    Ventricles widen or narrow with it: sampling closer to their center enlarges them.
    """
    velocity = np.zeros((3, *WARP_SHAPE), np.float32)
    for width, amplitude in ((30.0, 3.0), (11.0, 0.9)):
        noise = rng.standard_normal((3, *WARP_SHAPE))
        for component in range(3):
            smooth = ndimage.gaussian_filter(noise[component], width / WARP_SPACING)
            velocity[component] += amplitude * smooth / smooth.std()
    steps = 4
    displacement = velocity / (WARP_SPACING * 2**steps)
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in WARP_SHAPE], indexing="ij"))
    for _ in range(steps):
        moved = grid + displacement
        displacement = displacement + np.stack(
            [ndimage.map_coordinates(d, moved, order=1, mode="nearest") for d in displacement]
        )
    displacement = (displacement * WARP_SPACING).astype(np.float32)
    moved = (grid * WARP_SPACING + WARP_ORIGIN[:, None, None, None] + displacement).reshape(3, -1)
    growth = rng.uniform(-1.0, 6.0)
    for component, push in zip(displacement, template.push, strict=True):
        component += growth * push.at(moved).reshape(WARP_SHAPE)
    return tuple(Volume(d, WARP_ORIGIN, WARP_SPACING) for d in displacement)


def _rotation(rng):
    """Draw a head pose: nodding (5° SD), tilting (3°) and turning (4°)."""
    nod, tilt, turn = np.deg2rad(rng.normal(0, (5.0, 3.0, 4.0)).clip(-11, 11))
    cos, sin = np.cos, np.sin
    about_x = np.array([[1, 0, 0], [0, cos(nod), -sin(nod)], [0, sin(nod), cos(nod)]])
    about_y = np.array([[cos(tilt), 0, sin(tilt)], [0, 1, 0], [-sin(tilt), 0, cos(tilt)]])
    about_z = np.array([[cos(turn), -sin(turn), 0], [sin(turn), cos(turn), 0], [0, 0, 1]])
    return (about_x @ about_y @ about_z).astype(np.float32)


def draw_anatomy(rng, template):
    """Draw one person: pose, size (1,300 to 1,700 cm³ inside the skull), warp, tissue variation."""
    volume = rng.uniform(1320, 1680)
    scale = (volume / template.cavity_cm3) ** (1 / 3) * np.exp(rng.normal(0, 0.02, 3))
    scale *= ((volume / template.cavity_cm3) / scale.prod()) ** (1 / 3)
    return Anatomy(
        template=template,
        rotation=_rotation(rng),
        scale=scale.astype(np.float32),
        shift=rng.normal(0, 2.5, 3).astype(np.float32),
        warp=_warp(rng, template),
        sulcal_width=float(rng.uniform(0.8, 1.9)),
        skull=float(rng.uniform(4.5, 7.5)),
        fat=float(rng.uniform(1.8, 6.2)),
        texture={name: Noise(rng, width) for name, width in WIDTHS.items()},
        plexus_side=rng.uniform(0.3, 1.0, 2),
        white_spots=float(rng.uniform(1.9, 3.2)),
    )


def brain_fractions(anatomy, points, texture_points):
    """Fractions (n,) of gray matter, white matter, CSF and choroid plexus; they add up to 1.

    `points` (3, n) are template coordinates in mm after the tumor has displaced the tissue,
    `texture_points` where the texture fields are read.

    The template averages 152 people, so its cortex is a blur. Sharpening the probabilities
    around a random field turns the blur into one person's gyri; sheets around the zero
    crossings of another field become sulci.
    """
    template = anatomy.template
    gm, wm = template.gm.at(points), template.wm.at(points)
    vent = template.ventricles.at(points)
    depth = -template.cavity.at(points, cval=99.0)
    tissue = anatomy.texture["tissue"].at(texture_points)
    sulci = anatomy.texture["sulci"].at(texture_points)
    csf = np.clip(1 - gm - wm, 0, 1)
    cortical = np.clip(gm * 2.2 - 0.35, 0, 1) * np.clip((26 - depth) / 8, 0, 1)
    cortical *= 1 - np.clip(vent * 4, 0, 1)
    distance = np.abs(sulci) / 0.20  # mm, from the field's mean slope
    width = anatomy.sulcal_width * np.clip(1.5 - depth / 24, 0.3, 1.3)
    sheet = np.clip((width - distance) / 0.8 + 0.5, 0, 1) * cortical
    ribbon = np.clip((4.5 - distance) / 1.5, 0, 1) * np.clip((24 - depth) / 8, 0, 1)
    power = 2.6
    gm = np.clip(gm + 0.05 * tissue + 0.10 * ribbon * (wm > 0.05), 0, 1) ** power
    wm = np.clip(wm - 0.04 * tissue, 0, 1) ** power
    csf = np.clip(csf * 1.35 + 0.08 * tissue * (csf > 0.05), 0, 1) ** power + 1.3 * sheet
    total = gm + wm + csf + 1e-6
    gm, wm, csf = gm / total, wm / total, csf / total
    csf = np.where(gm + wm < 1e-3, 1.0, csf)
    side = np.where(points[0] > 0, anatomy.plexus_side[0], anatomy.plexus_side[1])
    atrium = np.exp(-(((points[1] + 38) / 9) ** 2) - ((points[2] - 6) / 9) ** 2)
    plexus = np.clip(1.3 * atrium * side + 0.25 * tissue * (atrium > 0.3), 0, 0.8)
    plexus *= (vent > 0.25) * np.clip(csf, 0, 1)
    return {"gm": gm, "wm": wm, "csf": csf * (1 - plexus), "plexus": csf * plexus}


def head_fractions(anatomy, points, cavity, skin):
    """Fractions (n,) of skull, scalp, face and neck; they add up to 1.

    `points` (3, n) lie outside the inner skull and inside the skin, at the signed distances
    `cavity` and `skin` (n,) from them, in mm.
    """
    streaks = anatomy.texture["streaks"].at(points)
    patches = anatomy.texture["patches"].at(points)
    names = ("air", "vitreous", "fat", "muscle", "bone", "mucosa", "marrow", "skin")
    out = {name: np.zeros(points.shape[1], np.float32) for name in names}
    thickness = anatomy.skull + 0.8 * patches
    skull = cavity < thickness
    diploe = skull & (cavity > 1.8) & (cavity < thickness - 1.6) & (points[2] > -45)
    fat_edge = -anatomy.fat - 0.8 * patches
    deep = ~skull & (skin < fat_edge)
    fat_streak = np.clip(0.5 * streaks - 0.15, 0, 0.9)
    galea = np.clip((skin + 8) / 4, 0, 1) * (points[2] > 10)
    out["fat"] += np.where(deep, np.maximum(fat_streak, galea * 0.7), 0)
    out["muscle"] += np.where(deep, 1 - out["fat"], 0)
    out["marrow"] += np.where(diploe, np.clip(0.55 + 0.25 * streaks, 0, 1), 0)
    out["bone"] += np.where(skull, 1 - out["marrow"], 0)
    shell = ~skull & ~deep
    skin_part = np.clip((skin + 2.0) / 1.0, 0, 1)
    lobules = np.clip(0.8 + 0.2 * streaks, 0.4, 1)
    out["skin"] += np.where(shell, 1 - (1 - skin_part) * lobules, 0)
    out["fat"] += np.where(shell, (1 - skin_part) * lobules, 0)
    label = anatomy.template.head.nearest(points)
    for name, number in HEAD_LABELS.items():
        chosen = (label == number) & (skin < -2.5)
        for other in names:
            out[other][chosen] = float(other == name)
    return out


def dura_and_vessels(anatomy, points, cavity, displaced):
    """Fractions of enhancing dura and of blood at points inside or just outside the cavity."""
    template = anatomy.template
    patches = anatomy.texture["patches"].at(points)
    fine = anatomy.texture["veins"].at(points)
    layer = np.clip(1.1 - np.abs(cavity - 0.2), 0, 1) * np.clip(0.45 + 0.25 * patches, 0.05, 1)
    sheet = np.clip(1.0 - np.abs(points[0] + 0.8 * patches), 0, 1)
    above = (points[2] > 32) | (points[1] > 48) | (points[1] < -52)
    falx = sheet * above * (cavity < 0) * (points[2] > -8) * 0.6
    dura = np.maximum(layer, falx)
    blood = template.vessels.at(points)
    # Cortical veins: sparse dots where sulcal CSF lies close to the surface.
    veins = np.clip((fine - 2.0) * 2.5, 0, 1) * (cavity < -0.5) * (cavity > -16) * displaced["csf"]
    blood = np.clip(np.maximum(blood, 1.6 * veins), 0, 1)
    return {"dura": dura * (1 - blood), "blood": blood}
