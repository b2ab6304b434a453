"""What the web services offer, declared: reading operations with references, criteria, a filter and response groups.

Source: Workday Web Services, Human_Resources and Resource_Management (Get_* operations).
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from system_apis.workday.sandbox.soap.shapes import BOOLEAN, DATE, MOMENT, WHOLE, Group, Leaf, Part, Reference

_RESPONSE_FILTER = Group(
    "Response_Filter",
    (
        Leaf("As_Of_Effective_Date", DATE),
        Leaf("As_Of_Entry_DateTime", MOMENT),
        Leaf("Page", WHOLE),
        Leaf("Count", WHOLE),
    ),
)
_RESPONSE_RESULTS = Group(
    "Response_Results",
    tuple(Leaf(name, WHOLE) for name in ("Total_Results", "Total_Pages", "Page_Results", "Page")),
)


class GetOperation(Struct, frozen=True):
    """Reads instances of one kind: `Get_Workers` with its `subject` Worker and the element of each in the response."""

    name: str
    subject: str
    element: Group
    criteria: tuple[str, ...] = ()
    response_groups: tuple[str, ...] = ()

    @property
    def request(self) -> Group:
        """The message that asks."""
        return Group(f"{self.name}_Request", tuple(self._asked()))

    @property
    def response(self) -> Group:
        """The message that answers: what was asked, the place in the whole, the data."""
        data = Group("Response_Data", (self.element,), type_name=f"{self.name}_Response_DataType")
        return Group(f"{self.name}_Response", (*self._asked(), _RESPONSE_RESULTS, data))

    def _asked(self) -> Iterator[Part]:
        references = (Reference(f"{self.subject}_Reference", many=True),)
        yield Group("Request_References", references, type_name=f"{self.subject}_Request_ReferencesType")
        if self.criteria:
            yield _flags("Request_Criteria", self.subject, self.criteria)
        yield _RESPONSE_FILTER
        if self.response_groups:
            yield _flags("Response_Group", self.subject, self.response_groups)


def _flags(name: str, subject: str, flags: tuple[str, ...]) -> Group:
    return Group(name, tuple(Leaf(flag, BOOLEAN) for flag in flags), type_name=f"{subject}_{name}Type")


_NAME = Group(
    "Name_Data",
    (
        Group(
            "Legal_Name_Data",
            (
                Group(
                    "Name_Detail_Data", (Leaf("First_Name"), Leaf("Last_Name")), type_name="Person_Name_Detail_DataType"
                ),
            ),
        ),
    ),
    type_name="Person_Name_DataType",
)
_CONTACT = Group("Contact_Data", (Group("Email_Address_Data", (Leaf("Email_Address"),), many=True),))
_POSITION = Group(
    "Position_Data",
    (
        Leaf("Business_Title"),
        Reference("Worker_Type_Reference"),
        Leaf("Start_Date", DATE),
        Leaf("End_Date", DATE),
        Group("Business_Site_Summary_Data", (Reference("Location_Reference"),)),
        Reference("Manager_Reference"),
    ),
)
_STATUS = Group(
    "Worker_Status_Data",
    (Leaf("Active", BOOLEAN), Leaf("Hire_Date", DATE), Leaf("Terminated", BOOLEAN), Leaf("Termination_Date", DATE)),
)
_ORGANIZATION = Group(
    "Worker_Organization_Data",
    (
        Reference("Organization_Reference"),
        Group(
            "Organization_Data",
            (Leaf("Organization_Code"), Leaf("Organization_Name"), Reference("Organization_Type_Reference")),
        ),
    ),
    many=True,
)
_WORKER = Group(
    "Worker",
    (
        Reference("Worker_Reference"),
        Leaf("Worker_Descriptor"),
        Group(
            "Worker_Data",
            (
                Leaf("Worker_ID"),
                Leaf("User_ID"),
                Group("Personal_Data", (_NAME, _CONTACT)),
                Group("Employment_Data", (Group("Worker_Job_Data", (_POSITION,)), _STATUS)),
                Group("Organization_Data", (_ORGANIZATION,), type_name="Worker_Organization_Membership_DataType"),
            ),
        ),
    ),
    many=True,
)
_PROJECT = Group(
    "Project",
    (
        Reference("Project_Reference"),
        Group(
            "Project_Data",
            (
                Leaf("Project_ID"),
                Leaf("Project_Name"),
                Reference("Company_Reference"),
                Reference("Currency_Reference"),
                Reference("Customer_Reference"),
                Reference("Project_Status_Reference"),
                Leaf("Start_Date", DATE),
                Leaf("End_Date", DATE),
                Leaf("Inactive", BOOLEAN),
            ),
        ),
    ),
    many=True,
)

GET_WORKERS = GetOperation(
    "Get_Workers",
    "Worker",
    _WORKER,
    criteria=("Exclude_Inactive_Workers", "Exclude_Employees", "Exclude_Contingent_Workers"),
    response_groups=(
        "Include_Reference",
        "Include_Personal_Information",
        "Include_Employment_Information",
        "Include_Organizations",
    ),
)
GET_PROJECTS = GetOperation(
    "Get_Projects", "Project", _PROJECT, response_groups=("Include_Reference", "Include_Project_Data")
)

SERVICES: Mapping[str, tuple[GetOperation, ...]] = {
    "Human_Resources": (GET_WORKERS,),
    "Resource_Management": (GET_PROJECTS,),
}
"""Operations by web service."""
