"""The environment check names each problem and what to do about it."""

import hashlib

import pytest

from course_utils import ROOT, doctor


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course folder with one embedded file, in place of the real one."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "volume.nii.gz").write_bytes(b"intact")
    (data / "SHA256SUMS").write_text(f"{hashlib.sha256(b'intact').hexdigest()}  volume.nii.gz\n")
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    return tmp_path


def test_this_environment_is_ready():
    report = doctor.examine()
    assert not report.problems, report.details()
    assert "Your environment is ready." in repr(report)


def test_intact_data_pass(course):
    assert doctor.check_embedded_data().state == "ok"


@pytest.mark.parametrize(("damage", "said"), [("cut", "damaged"), ("remove", "missing")])
def test_broken_data_are_named_with_the_remedy(course, damage, said):
    path = course / "data" / "volume.nii.gz"
    path.write_bytes(b"int") if damage == "cut" else path.unlink()
    check = doctor.check_embedded_data()
    assert check.state == "problem"
    assert f"volume.nii.gz is {said}" in check.remedy
    assert "git checkout -- data" in check.remedy


def test_other_version_is_a_warning_and_a_missing_package_a_problem(monkeypatch):
    real = doctor.locked_versions()
    monkeypatch.setattr(doctor, "locked_versions", lambda: {**real, "numpy": "1.0"})
    check = doctor.check_packages()
    assert check.state == "warning"
    assert "locked 1.0" in check.remedy
    monkeypatch.setattr(doctor, "locked_versions", lambda: {**real, "absent": "1.0"})
    monkeypatch.setattr(doctor, "direct_dependencies", lambda: ["absent"])
    assert doctor.check_packages().state == "problem"


def test_python_that_is_too_new_is_a_problem(monkeypatch):
    monkeypatch.setattr(doctor.sys, "version_info", (3, 14, 0))
    assert "install Python 3.11 to 3.13" in doctor.check_python().remedy


def test_a_check_that_breaks_is_reported_not_raised(monkeypatch):
    def check_luck():
        raise RuntimeError("out of luck")

    monkeypatch.setattr(doctor, "CHECKS", (check_luck,))
    report = doctor.examine()
    assert "RuntimeError: out of luck" in report.details()
    assert "1 of 1 checks found a problem" in repr(report)


def test_embedded_files_match_their_checksums():
    listed = doctor.embedded_checksums()
    there = {path.name for suffix in ("*.gz", "*.npz") for path in (ROOT / "data").glob(suffix)}
    assert set(listed) == there
    assert doctor.check_embedded_data().state == "ok"
