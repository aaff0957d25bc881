"""Write the two files that are made from the MNI152 2009a template in nilearn's wheel.

    python -m authoring.workshop.mni_template

data/mni152_t1_2mm.nii.gz, the T1 at 2 mm instead of 1 mm, is read in lesson 01;
data/brain_template.npz, tissue maps at 1.5 mm, by the simulation of brains. nilearn is an authors'
tool: learners get the written files. The template's notice is in data/licenses/.
"""

import gzip
import io
from pathlib import Path

import nibabel
import numpy as np
from scipy import ndimage

from course_utils import ROOT
from simulation.brain.template import SPACING, TEMPLATE_FILE

T1_FILE = ROOT / "data" / "mni152_t1_2mm.nii.gz"


def read_template(name):
    """Return one of the maps at 1 mm, "t1", "gm" or "wm", as a nibabel image."""
    import nilearn

    folder = Path(nilearn.__file__).parent / "datasets" / "data"
    return nibabel.load(folder / f"mni_icbm152_{name}_tal_nlin_sym_09a_converted.nii.gz")


def halve(image):
    """Average blocks of 2 × 2 × 2 voxels and move the affine to the new voxel centers."""
    full = np.asanyarray(image.dataobj).astype(np.float32)
    x, y, z = (size // 2 for size in full.shape)
    blocks = full[: 2 * x, : 2 * y, : 2 * z].reshape(x, 2, y, 2, z, 2)
    affine = image.affine @ np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = (image.affine @ [0.5, 0.5, 0.5, 1.0])[:3]
    return nibabel.Nifti1Image(np.rint(blocks.mean(axis=(1, 3, 5))).astype(np.uint8), affine)


def to_bytes(image):
    """Return the compressed file, without the time stamp that gzip would add."""
    image.set_sform(image.affine, code="mni")
    image.set_qform(image.affine, code="mni")
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = b"MNI152 2009a T1, averaged to 2 mm; see data/licenses"
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as file:
        file.write(image.to_bytes())
    return buffer.getvalue()


def tissue_maps():
    """Return gray and white matter and the head's mask on a grid of 1.5 mm."""
    t1, gm, wm = (
        np.asarray(read_template(name).dataobj).astype(np.float32) for name in ("t1", "gm", "wm")
    )
    shape = [int((n - 1) / SPACING) + 1 for n in t1.shape]
    grid = np.stack(np.meshgrid(*[np.arange(n) * SPACING for n in shape], indexing="ij"))

    def sampled(values):
        return ndimage.map_coordinates(values, grid, order=1)

    # 4 bits are enough for a tissue fraction that will be warped and averaged.
    maps = {n: np.rint(sampled(v) / 17).astype(np.uint8) * 17 for n, v in (("gm", gm), ("wm", wm))}
    mask = sampled((t1 > 0).astype(np.float32)) > 0.5
    return {"origin": np.array([-98.0, -134.0, -72.0]), **maps, "mask": mask}


def main():
    """Write both files."""
    T1_FILE.write_bytes(to_bytes(halve(read_template("t1"))))
    np.savez_compressed(TEMPLATE_FILE, **tissue_maps())
    for path in (T1_FILE, TEMPLATE_FILE):
        print(f"wrote data/{path.name}, {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
