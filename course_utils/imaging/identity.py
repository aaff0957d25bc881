"""What in a DICOM header identifies a patient."""

from __future__ import annotations

from typing import NamedTuple

from course_utils.imaging.dicom import kind_of, open_dicom


class IdentifyingElement(NamedTuple):
    """One header element that can identify a person: `path` says where it stands in sequences."""

    tag: str
    keyword: str
    value: str
    group: str
    path: str


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
_ORDER = (
    "names and numbers",
    "dates",
    "places and people",
    "unique identifiers",
    "free text",
    "personal traits",
)


def identifying_elements(dataset):
    """List what in a DICOM header identifies a patient.

    After the Basic Application Level Confidentiality Profile of DICOM PS3.15, Annex E, which names
    several hundred elements. Here every person's name, date, time and instance UID is found by
    its type, wherever it stands, and the rest of the usual ones by name. Use the profile itself,
    not this list, to de-identify: what it does not list is not thereby anonymous.

    Parameters
    ----------
    dataset : pydicom.Dataset, or anything `read_dicom` takes
        Searched with all its sequences.

    Returns
    -------
    list of IdentifyingElement
        Elements that are present and not empty, by group; then one record that counts private
        elements, and one for text burned into the pixels unless the file denies it or nothing
        points to it.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> found = identifying_elements(get_testdata_file("CT_small.dcm", download=False))
    >>> found[0].tag, found[0].keyword, found[0].value, found[0].group
    ('(0010,0010)', 'PatientName', 'CompressedSamples^CT1', 'names and numbers')
    """
    dataset, _ = open_dicom(dataset)
    private = []
    found = list(_walk(getattr(dataset, "file_meta", None) or [], "", private))
    found += _walk(dataset, "", private)
    found.sort(key=lambda element: _ORDER.index(element.group))  # stable: header order inside
    if private:
        count = f"{len(private)} elements"
        found.append(_record("private", "PrivateElements", count, "private elements", private[0]))
    burned = _burned_in(dataset)
    if burned:
        record = ("(0028,0301)", "BurnedInAnnotation", burned, "burned-in text")
        found.append(_record(*record, "BurnedInAnnotation"))
    return found


def _record(tag, keyword, value, group, path):
    shown = " ".join(str(value).split())
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return IdentifyingElement(tag, keyword, shown, group, path)


def _walk(dataset, prefix, private):
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


def _is_instance_uid(element):
    """Whether a UID names this very object, rather than a class or a software."""
    if element.keyword == "ImplementationClassUID":
        return False
    values = [element.value] if isinstance(element.value, str) else list(element.value)
    # UIDs that the standard itself defines begin with this root and are the same everywhere.
    return any(not str(value).startswith("1.2.840.10008.") for value in values)


def _burned_in(dataset):
    """Say how likely names are written into the pixels; empty if nothing points to it."""
    stated = str(dataset.get("BurnedInAnnotation") or "").upper()
    if stated in ("YES", "NO"):
        return "YES" if stated == "YES" else ""
    modality = str(dataset.get("Modality") or "")
    if modality in ("US", "SC", "OT", "XC", "ES") or "Secondary Capture" in kind_of(dataset):
        return f"not stated; common in {modality or 'secondary capture'} images, so look at them"
    return ""
