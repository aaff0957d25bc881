"""What identifies a patient is found by name, by type, inside sequences, and in the pixels."""

import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.uid import UltrasoundImageStorage

from course_utils import imaging
from tests.course_utils.imaging.dicom_samples import CT_FILE, item

# From DICOM PS3.15, table E.1-1 (Basic Profile), independently of the package: elements about the
# patient, the visit, the staff, the place and the machine that an image file may hold.
PROFILE = """
    AccessionNumber AcquisitionComments AcquisitionDate AcquisitionDateTime
    AcquisitionProtocolDescription AcquisitionTime AdditionalPatientHistory AdmissionID
    AdmittingDate AdmittingDiagnosesDescription AdmittingTime Allergies BranchOfService
    CassetteID CommentsOnThePerformedProcedureStep ContentCreatorName ContentDate ContentTime
    CountryOfResidence CurrentPatientLocation DerivationDescription DetectorID
    DeviceSerialNumber EthnicGroup FillerOrderNumberImagingServiceRequest FrameComments
    FrameOfReferenceUID GantryID GeneratorID ImageComments ImagingServiceRequestComments
    Impressions InstanceCreationDate InstitutionAddress InstitutionName
    InstitutionalDepartmentName InsurancePlanIdentification InterpretationText IssuerOfPatientID
    MedicalAlerts MedicalRecordLocator MilitaryRank NameOfPhysiciansReadingStudy Occupation
    OperatorsName OtherPatientIDs OtherPatientNames PatientAddress PatientAge PatientBirthDate
    PatientBirthName PatientBirthTime PatientComments PatientID PatientInstitutionResidence
    PatientMotherBirthName PatientName PatientReligiousPreference PatientSex PatientSexNeutered
    PatientSize PatientState PatientTelephoneNumbers PatientWeight PerformedLocation
    PerformedProcedureStepDescription PerformedProcedureStepID PerformedProcedureStepStartDate
    PerformedStationAETitle PerformedStationName PerformingPhysicianName PersonAddress
    PersonName PersonTelephoneNumbers PhysiciansOfRecord PlacerOrderNumberImagingServiceRequest
    PlateID PregnancyStatus ProtocolName ReasonForStudy ReasonForTheImagingServiceRequest
    ReferringPhysicianAddress ReferringPhysicianName ReferringPhysicianTelephoneNumbers
    RegionOfResidence RequestedProcedureComments RequestedProcedureDescription
    RequestedProcedureID RequestingPhysician RequestingService ResponsibleOrganization
    ResponsiblePerson SOPInstanceUID ScheduledProcedureStepDescription ScheduledProcedureStepID
    ScheduledStationAETitle ScheduledStationName SeriesDate SeriesDescription SeriesInstanceUID
    SeriesTime ServiceEpisodeID SmokingStatus SpecialNeeds StationName StudyComments StudyDate
    StudyDescription StudyID StudyInstanceUID StudyTime TextComments TextValue
    VerifyingObserverName VerifyingOrganization VisitComments
"""
VALUES = {"DA": "20240102", "TM": "101112", "DT": "20240102101112", "UI": "1.2.3", "AS": "045Y"}
NUMBERS = {"US": 1, "DS": "1.5", "IS": "1"}


@pytest.mark.parametrize("keyword", PROFILE.split())
def test_elements_of_the_basic_profile_are_found(keyword):
    vr = dictionary_VR(tag_for_keyword(keyword))
    dataset = item(**{keyword: (VALUES | NUMBERS).get(vr, "X")})
    assert [element.keyword for element in imaging.identifying_elements(dataset)] == [keyword]


def test_what_describes_the_image_is_not_listed():
    dataset = item(Rows=4, Modality="CT", SOPClassUID=UltrasoundImageStorage, PatientID="")
    assert imaging.identifying_elements(dataset) == []


def test_sequences_are_searched_and_the_place_is_told():
    dataset = item(RequestAttributesSequence=[item(RequestedProcedureID="77")])
    (found,) = imaging.identifying_elements(dataset)
    assert found.path == "RequestAttributesSequence[0].RequestedProcedureID"
    assert (found.tag, found.value, found.group) == ("(0040,1001)", "77", "names and numbers")


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
