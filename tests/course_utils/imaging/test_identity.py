import pytest
from pydicom.uid import UltrasoundImageStorage

from course_utils import imaging
from tests.course_utils.imaging.dicom_samples import CT_FILE, item


def test_identifying_elements_are_found_by_name_type_and_inside_sequences():
    dataset = item(
        PatientName="Doe^Jane",
        PatientID="",
        StudyDate="20240102",
        StudyInstanceUID="1.2.3",
        SOPClassUID=UltrasoundImageStorage,
        StudyDescription="after fall, Dr. Roe",
        Rows=4,
        RequestAttributesSequence=[item(RequestedProcedureID="77")],
    )
    found = {element.path: element for element in imaging.identifying_elements(dataset)}
    assert set(found) == {
        "PatientName",
        "StudyDate",
        "StudyInstanceUID",
        "StudyDescription",
        "RequestAttributesSequence[0].RequestedProcedureID",
    }
    assert found["PatientName"].tag == "(0010,0010)"
    assert found["PatientName"].value == "Doe^Jane"
    assert found["StudyInstanceUID"].group == "unique identifiers"


def test_private_elements_are_counted():
    found = imaging.identifying_elements(CT_FILE)
    private = [element for element in found if element.group == "private elements"]
    assert [element.value for element in private] == ["179 elements"]


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"Modality": "US"}, "not stated"),
        ({"Modality": "US", "BurnedInAnnotation": "NO"}, None),
        ({"Modality": "CT"}, None),
        ({"Modality": "CT", "BurnedInAnnotation": "YES"}, "YES"),
    ],
)
def test_burned_in_text_is_pointed_to(elements, expected):
    found = [one.value for one in imaging.identifying_elements(item(**elements))]
    assert found == [] if expected is None else found[0].startswith(expected)
