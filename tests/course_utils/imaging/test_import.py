import subprocess
import sys


def test_importing_imaging_loads_neither_pydicom_nor_scipy():
    code = (
        "import sys, course_utils.imaging; "
        "print(*[name for name in ('pydicom', 'nibabel', 'scipy') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == ""
