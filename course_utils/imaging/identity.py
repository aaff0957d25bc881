"""What in a DICOM header identifies a patient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from course_utils.imaging._dicom_header import sop_class, text
from course_utils.imaging.dicom import open_dicom


class IdentifyingElement(NamedTuple):
    """One header element that can identify a person.

    `tag` as "(gggg,eeee)", `keyword`, `value` as text (cut at 60 characters), `why` it
    identifies, its `group`, and `path`, where it stands inside sequences.
    """

    tag: str
    keyword: str
    value: str
    why: str
    group: str
    path: str


_WHY = {
    "names and numbers": "names the patient or a number that points to them",
    "dates": "dates and times single a person out when joined with other records",
    "places and people": "tells where the patient was treated, and by whom",
    "unique identifiers": "leads back to the original study in the hospital's archive",
    "free text": "people type names and histories here",
    "personal traits": "narrows down who it is, the more so together with others",
    "private elements": "vendors may store anything here, names too",
    "burned-in text": "names may be written into the pixels themselves",
}

_IDENTIFYING_KEYWORDS = {
    "names and numbers": """
        PatientName PatientID OtherPatientIDs OtherPatientNames IssuerOfPatientID
        PatientBirthName PatientMotherBirthName AccessionNumber StudyID AdmissionID
        ServiceEpisodeID MedicalRecordLocator InsurancePlanIdentification RequestedProcedureID
        ScheduledProcedureStepID PerformedProcedureStepID FillerOrderNumberImagingServiceRequest
        PlacerOrderNumberImagingServiceRequest PatientTelephoneNumbers PatientAddress""",
    "places and people": """
        InstitutionName InstitutionAddress InstitutionalDepartmentName StationName
        ReferringPhysicianAddress ReferringPhysicianTelephoneNumbers RequestingService
        PersonAddress PersonTelephoneNumbers ResponsibleOrganization VerifyingOrganization
        PerformedLocation PerformedStationName PerformedStationAETitle ScheduledStationName
        ScheduledStationAETitle CurrentPatientLocation PatientInstitutionResidence
        DeviceSerialNumber DetectorID PlateID CassetteID GantryID GeneratorID
        CountryOfResidence RegionOfResidence""",
    "free text": """
        StudyDescription SeriesDescription ProtocolName ImageComments PatientComments
        AdditionalPatientHistory AdmittingDiagnosesDescription DerivationDescription
        AcquisitionComments AcquisitionProtocolDescription FrameComments StudyComments
        VisitComments TextComments IdentifyingComments InterpretationText Impressions
        RequestedProcedureDescription RequestedProcedureComments ReasonForStudy
        ReasonForTheImagingServiceRequest ImagingServiceRequestComments
        PerformedProcedureStepDescription ScheduledProcedureStepDescription
        CommentsOnThePerformedProcedureStep TextValue Allergies MedicalAlerts SpecialNeeds
        PatientState""",
    "personal traits": """
        PatientSex PatientAge PatientSize PatientWeight EthnicGroup Occupation
        PatientReligiousPreference SmokingStatus PregnancyStatus MilitaryRank BranchOfService
        PatientSexNeutered""",
}

_GROUP_OF_KEYWORD = {
    keyword: group
    for group, keywords in _IDENTIFYING_KEYWORDS.items()
    for keyword in keywords.split()
}

_GROUP_OF_VR = {"PN": "names and numbers", "DA": "dates", "TM": "dates", "DT": "dates"}


def identifying_elements(dataset: Any) -> list[IdentifyingElement]:
    """List what in a DICOM header identifies a patient.

    Parameters
    ----------
    dataset : pydicom.Dataset, or anything `read_dicom` takes
        Searched with all its sequences.

    Returns
    -------
    list of IdentifyingElement
        Elements that are present and not empty, grouped: names and numbers, dates, places and
        people, unique identifiers, free text, personal traits; then one record that counts
        private elements, and one for text burned into the pixels unless the file denies it or
        nothing points to it. A search only: what it does not list is not thereby anonymous.

    Notes
    -----
    After the Basic Application Level Confidentiality Profile of DICOM PS3.15, Annex E, which
    names several hundred elements. Here every person's name, date, time and instance UID is
    found by its type, wherever it stands, and the rest of the usual ones by name. Use the
    profile itself, not this list, to de-identify. Taught in lesson 01.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> found = identifying_elements(get_testdata_file("CT_small.dcm", download=False))
    >>> found[0].tag, found[0].keyword, found[0].value, found[0].group
    ('(0010,0010)', 'PatientName', 'CompressedSamples^CT1', 'names and numbers')
    """
    dataset, _ = open_dicom(dataset)
    private: list[str] = []
    found = list(_walk(getattr(dataset, "file_meta", None) or [], "", private))
    found += _walk(dataset, "", private)
    order = list(_WHY)
    found.sort(key=lambda element: order.index(element.group))  # stable: header order inside
    if private:
        count = f"{len(private)} elements"
        found.append(_record("private", "PrivateElements", count, "private elements", private[0]))
    burned = _burned_in(dataset)
    if burned:
        tag = "(0028,0301)"
        found.append(_record(tag, "BurnedInAnnotation", burned, "burned-in text", ""))
    return found


def _record(tag: str, keyword: str, value: Any, group: str, path: str) -> IdentifyingElement:
    """Build one record with the reason of its group."""
    shown = " ".join(str(value).split())
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return IdentifyingElement(tag, keyword, shown, _WHY[group], group, path or keyword)


def _walk(dataset: Any, prefix: str, private: list[str]) -> Iterator[IdentifyingElement]:
    """Yield identifying elements of a dataset and its sequences, and collect private ones."""
    for element in dataset:
        path = f"{prefix}{element.keyword or element.tag}"
        if element.tag.is_private:
            private.append(path)
        elif element.VR == "SQ":
            for index, item in enumerate(element.value or []):
                yield from _walk(item, f"{path}[{index}].", private)
        elif not element.is_empty:
            group = _GROUP_OF_KEYWORD.get(element.keyword) or _GROUP_OF_VR.get(element.VR)
            if element.VR == "UI" and _is_instance_uid(element):
                group = "unique identifiers"
            if group:
                yield _record(str(element.tag), element.keyword, element.value, group, path)


def _is_instance_uid(element: Any) -> bool:
    """Whether a UID names this very object, rather than a class or a software."""
    if element.keyword == "ImplementationClassUID":
        return False
    values = [element.value] if isinstance(element.value, str) else list(element.value)
    # UIDs that the standard itself defines begin with this root and are the same everywhere.
    return any(not str(value).startswith("1.2.840.10008.") for value in values)


def _burned_in(dataset: Any) -> str:
    """Say how likely names are written into the pixels; empty if nothing points to it."""
    stated = text(dataset, "BurnedInAnnotation").upper()
    modality = text(dataset, "Modality")
    if stated == "YES":
        return "YES"
    if stated == "NO":
        return ""
    if modality in ("US", "SC", "OT", "XC", "ES") or "Secondary Capture" in sop_class(dataset):
        kind = modality or "secondary capture"
        return f"not stated; common in {kind} images, so look at them"
    return ""
