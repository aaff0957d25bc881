"""Where the slices lie: their points in space, and which of them a patient gets."""

import numpy as np

SIZE = 96
PIXEL_MM = 2.1
OVERSAMPLING = 2
SUBSLICES = 4
# Of the embedded set; sagittal slices are drawn for training alone.
PLANES = ("axial", "coronal")
_VIEW_CENTER = {
    "axial": (0.0, -15.0, 0.0),
    "coronal": (0.0, 0.0, -11.0),
    "sagittal": (0.0, 0.0, -11.0),
}
# Which scanner coordinate falls along the rows, the columns and the normal of a slice.
_AXES = {"axial": (1, 0, 2), "coronal": (2, 0, 1), "sagittal": (2, 1, 0)}


def _plane_points(plane, position, offsets, pixel_mm):
    """Scanner coordinates (3, subslices * pixels) of one slice.

    Left in the image is the patient's right or, in sagittal slices, the face.
    """
    n = SIZE * OVERSAMPLING
    along = (np.arange(n) - (n - 1) / 2) * pixel_mm / OVERSAMPLING
    rows, columns = np.meshgrid(-along, -along, indexing="ij")
    center = _VIEW_CENTER[plane]
    points = np.empty((3, len(offsets), n, n), np.float32)
    down, across, normal = _AXES[plane]
    points[down], points[across] = rows + center[down], columns + center[across]
    points[normal] = (position + offsets)[:, None, None]
    return points.reshape(3, -1)


def tumor_extent(anatomy, tumor, edema, plane):
    """Positions along the slice normal of core and of core with edema, and volumes in cm³."""
    half, step = 66.0, 3.0
    start = (tumor.center * anatomy.scale) @ anatomy.rotation + anatomy.shift
    axes = [np.arange(c - half, c + half, step, dtype=np.float32) for c in start]
    points = np.stack(np.meshgrid(*axes, indexing="ij")).reshape(3, -1)
    q = anatomy.to_template(points)
    cavity = anatomy.template.cavity.at(q, cval=99.0)
    keep = tumor.room(q, cavity) < 1
    core = np.zeros(points.shape[1], bool)
    core[keep] = tumor.level(q[:, keep]) < 0
    wet = core.copy()
    if edema is not None:
        fluid, threshold = edema
        white = np.zeros_like(cavity)
        white[keep] = anatomy.template.wm.at(tumor.displace(q[:, keep]))
        wet |= (fluid.at(q, cval=-16.0) > threshold) & (white > 0.5)
    normal = points[_AXES[plane][2]]
    cell = step**3 / 1000
    return normal[core], normal[wet], core.sum() * cell, (wet & ~core).sum() * cell


def choose_slices(rng, plan, core, wet, thickness, gap):
    """Return slice centers along the normal."""
    step = thickness + gap
    low, high = core.min(), core.max()
    if plan.shares:
        return low + (high - low) * np.array(plan.shares)
    if plan.whole_tumor:
        phase = rng.random()
        first = low - step * (0.5 + phase)
        last = high + step * 0.5
        room = 12 - int(np.ceil((last - first) / step))
        # Edema is followed as far as the number of slices allows, core comes first.
        while room > 0 and (wet.min() < first - step / 2 or wet.max() > last + step / 2):
            below = first - wet.min() > wet.max() - last
            first, last = (first - step, last) if below else (first, last + step)
            room -= 1
        return np.arange(first, last + step, step)
    middle = np.median(core) + rng.uniform(-0.22, 0.22) * (high - low)
    return middle + step * np.array([-1.0, 0.0, 1.0])


def slice_points(anatomy, plane, position, offsets, pixel_mm=PIXEL_MM):
    """Template coordinates of one slice. The warp is smooth: two planes determine the others."""
    ends = anatomy.to_template(_plane_points(plane, position, offsets[[0, -1]], pixel_mm))
    ends = ends.reshape(3, 2, -1)
    share = ((offsets - offsets[0]) / (offsets[-1] - offsets[0])).astype(np.float32)[:, None]
    return (ends[:, :1] * (1 - share) + ends[:, 1:] * share).reshape(3, -1)
