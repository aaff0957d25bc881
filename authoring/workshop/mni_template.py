"""Write data/mni152_t1_2mm.nii.gz from the MNI152 2009a template in nilearn's wheel.

nilearn is an authors' tool. Learners get the written file, 2 mm instead of 1 mm, and
never need nilearn. The license notice of the template is in data/licenses/.
"""

import gzip
import io
from pathlib import Path

import nibabel
import numpy as np

SOURCE = "mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"
TARGET = Path(__file__).parents[2] / "data" / "mni152_t1_2mm.nii.gz"


def read_template():
    """Return the 1 mm template as a nibabel image."""
    import nilearn

    return nibabel.load(Path(nilearn.__file__).parent / "datasets" / "data" / SOURCE)


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


if __name__ == "__main__":
    TARGET.write_bytes(to_bytes(halve(read_template())))
    print(f"wrote data/{TARGET.name}, {TARGET.stat().st_size / 1e6:.2f} MB")
