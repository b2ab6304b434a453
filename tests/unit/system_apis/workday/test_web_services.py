"""The SOAP side of the Workday simulator: through a SOAP client, and with messages no client would send."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import zeep
from zeep.exceptions import Fault
from zeep.wsse.username import UsernameToken

from runtime.http.simulate import ASGIApp
from system_apis.workday import sandbox
from tests.support.sockets import listening

SERVICES = f"/ccx/service/{sandbox.TENANT}"
USER = f"{sandbox.INTEGRATION_USER}@{sandbox.TENANT}"
PEOPLE = f"{SERVICES}/Human_Resources/v44.0"
WS_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"

Call = Callable[..., Any]


def message(asked: str, password: str = sandbox.INTEGRATION_PASSWORD) -> str:
    """A signed-in envelope around the text of a message in the vendor's namespace."""
    return f"""<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:wd="urn:com.workday/bsvc">
      <e:Header><s:Security xmlns:s="{WS_SECURITY}"><s:UsernameToken>
        <s:Username>{USER}</s:Username><s:Password>{password}</s:Password>
      </s:UsernameToken></s:Security></e:Header><e:Body>{asked}</e:Body></e:Envelope>"""


@pytest.fixture
async def connect(tenant: ASGIApp) -> AsyncIterator[Call]:
    """Makes a function that calls operations of a service, described and served over a socket."""
    async with listening(tenant) as port:

        def service(name: str, password: str = sandbox.INTEGRATION_PASSWORD) -> Call:
            url = f"http://127.0.0.1:{port}{SERVICES}/{name}/v44.0?wsdl"
            client = zeep.Client(url, wsse=UsernameToken(USER, password))
            return lambda operation, **asked: client.service[operation](**asked)

        yield lambda *asked: asyncio.to_thread(service, *asked)


async def answered(calling: Call, operation: str, **asked: Any) -> Any:
    return await asyncio.to_thread(lambda: calling(operation, **asked))


def ids(reference: Any) -> dict[str, str]:
    return {one.type: one._value_1 for one in reference.ID}


async def test_projects_are_answered_to_an_empty_request(connect: Call):
    answer = await answered(await connect("Resource_Management"), "Get_Projects")
    results, projects = answer.Response_Results, answer.Response_Data.Project
    assert results.Total_Results == results.Page_Results == len(projects) > 30
    assert (results.Total_Pages, results.Page, answer.version) == (1, 1, "v44.0")
    shown = next(one.Project_Data for one in projects if one.Project_Data.Project_ID == "PRJ-2101")
    assert shown.Project_Name == "EHR interface programme"
    assert ids(shown.Customer_Reference)["Customer_ID"] == "NORTHSTAR"
    assert ids(shown.Company_Reference)["Company_Reference_ID"] == "US01"


async def test_workers_come_in_pages_and_are_those_of_the_rest_side(connect: Call, http: httpx.AsyncClient):
    calling = await connect("Human_Resources")
    found: list[Any] = []
    for page in range(1, 4):
        answer = await answered(calling, "Get_Workers", Response_Filter={"Page": page, "Count": 15})
        assert (answer.Response_Results.Total_Results, answer.Response_Results.Total_Pages) == (40, 3)
        found += answer.Response_Data.Worker
    form = {"grant_type": "refresh_token", "refresh_token": sandbox.REFRESH_TOKEN}
    credentials = (sandbox.CLIENT_ID, sandbox.CLIENT_SECRET)
    token = (await http.post(f"/ccx/oauth2/{sandbox.TENANT}/token", data=form, auth=credentials)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    rest = await http.get(f"/ccx/api/common/v1/{sandbox.TENANT}/workers?limit=100", headers=headers)
    expected = {row["id"]: (row["descriptor"], row["businessTitle"]) for row in rest.json()["data"]}
    titles = {
        ids(worker.Worker_Reference)["WID"]: (
            worker.Worker_Descriptor,
            worker.Worker_Data.Employment_Data.Worker_Job_Data.Position_Data.Business_Title,
        )
        for worker in found
    }
    assert titles == expected


async def test_workers_are_shown_as_of_both_dates(connect: Call):
    calling = await connect("Human_Resources")

    async def total(**window: str) -> int:
        answer = await answered(calling, "Get_Workers", Response_Filter=window)
        return int(answer.Response_Results.Total_Results)

    assert await total(As_Of_Effective_Date="2020-01-01") == 8
    assert await total(As_Of_Entry_DateTime="2020-01-01T00:00:00Z") == 8
    assert await total(As_Of_Effective_Date="2010-01-01") == 0
    assert await total(As_Of_Effective_Date="2028-01-01", As_Of_Entry_DateTime="2020-01-01T00:00:00+02:00") == 8
    later = {"As_Of_Effective_Date": "2028-01-01"}
    criteria = {"Exclude_Inactive_Workers": True}
    left = await answered(calling, "Get_Workers", Response_Filter=later, Request_Criteria=criteria)
    assert (await total(**later), left.Response_Results.Total_Results) == (40, 39)


async def test_a_worker_is_read_by_its_ids_with_the_parts_asked_for(connect: Call):
    calling = await connect("Human_Resources")
    asked = {"Worker_Reference": [{"ID": [{"type": "Employee_ID", "_value_1": "E1001"}]}]}
    group = {"Include_Reference": True, "Include_Personal_Information": True}
    answer = await answered(calling, "Get_Workers", Request_References=asked, Response_Group=group)
    (worker,) = answer.Response_Data.Worker
    data = worker.Worker_Data
    assert data.Personal_Data.Name_Data.Legal_Name_Data.Name_Detail_Data.Last_Name == "Holloway"
    assert (data.Employment_Data, data.Organization_Data) == (None, None)
    again = {"Worker_Reference": [{"ID": [{"type": "WID", "_value_1": ids(worker.Worker_Reference)["WID"]}]}]}
    whole = (await answered(calling, "Get_Workers", Request_References=again)).Response_Data.Worker[0].Worker_Data
    assert whole.Employment_Data.Worker_Status_Data.Active is True
    kinds = [
        one.Organization_Data.Organization_Type_Reference.Descriptor
        for one in whole.Organization_Data.Worker_Organization_Data
    ]
    assert kinds == ["Company", "Cost Center", "Supervisory"]


@pytest.mark.parametrize(
    ("asked", "xpath"),
    [
        ({"Response_Filter": {"Count": 1000}}, "Response_Filter/wd:Count"),
        ({"Response_Filter": {"Page": 0}}, "Response_Filter/wd:Page"),
        (
            {"Request_References": {"Worker_Reference": [{"ID": [{"type": "Employee_ID", "_value_1": "E9"}]}]}},
            "Request_References/wd:Worker_Reference[1]/wd:ID",
        ),
    ],
)
async def test_what_cannot_be_is_a_validation_fault(connect: Call, asked: dict[str, Any], xpath: str):
    calling = await connect("Human_Resources")
    with pytest.raises(Fault) as refused:
        await answered(calling, "Get_Workers", **asked)
    assert refused.value.code == "SOAP-ENV:Client.validationError"
    assert refused.value.detail.findtext(".//{urn:com.workday/bsvc}Xpath") == f"/wd:Get_Workers_Request/wd:{xpath}"


async def test_a_wrong_password_is_an_authentication_fault(connect: Call):
    calling = await connect("Human_Resources", "wrong")
    with pytest.raises(Fault, match="invalid username or password") as refused:
        await answered(calling, "Get_Workers")
    assert refused.value.code == "SOAP-ENV:Client.authenticationError"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{}", 500, "Client<"),
        ("", 500, "Client<"),
        ("<a/>", 500, "VersionMismatch<"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", 500, "Client<"),
        ("<a>" * 100_000, 500, "Client<"),
        (message(" " * 1024 * 1024), 413, "Client<"),
        (message(""), 500, "Client<"),
        (message("<wd:Submit_Project_Request/>"), 500, "Client.processingFault<"),
        (message("<wd:Get_Workers_Request/>", password=""), 500, "Client.authenticationError<"),
        (message("<wd:Get_Workers_Request><wd:Everything/></wd:Get_Workers_Request>"), 500, "Everything"),
        (
            message(
                "<wd:Get_Workers_Request><wd:Response_Filter><wd:Page>one</wd:Page></wd:Response_Filter>"
                "</wd:Get_Workers_Request>"
            ),
            500,
            "Response_Filter/wd:Page<",
        ),
    ],
)
async def test_every_bad_message_is_answered_with_a_fault(http: httpx.AsyncClient, body: str, status: int, code: str):
    answer = await http.post(PEOPLE, content=body, headers={"Content-Type": "text/xml"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/xml;charset=UTF-8")
    assert "<SOAP-ENV:Fault>" in answer.text and code in answer.text


async def test_a_moment_outside_the_calendar_is_not_valid(http: httpx.AsyncClient):
    moment = "<wd:As_Of_Entry_DateTime>0001-01-01T00:00:00+14:00</wd:As_Of_Entry_DateTime>"
    asked = f"<wd:Get_Workers_Request><wd:Response_Filter>{moment}</wd:Response_Filter></wd:Get_Workers_Request>"
    answer = await http.post(PEOPLE, content=message(asked))
    assert "Client.validationError" in answer.text and "As_Of_Entry_DateTime<" in answer.text


async def test_descriptions_offer_what_can_be_called_at_the_address_they_were_read_from(http: httpx.AsyncClient):
    described = await http.get(f"{PEOPLE}?WSDL")
    assert described.status_code == 200
    assert f'location="http://workday.test{PEOPLE}"' in described.text
    assert "Get_Workers_Request" in described.text and "Put_" not in described.text and "Submit_" not in described.text
    for path in (
        f"{SERVICES}/Payroll/v44.0?wsdl",
        f"{SERVICES}/Human_Resources/latest?wsdl",
        "/ccx/service/a/b/v1.0?wsdl",
    ):
        assert (await http.get(path)).status_code == 404
    assert (await http.get(PEOPLE)).status_code == 405


async def test_faults_armed_for_the_services_are_soap_faults(http: httpx.AsyncClient):
    await http.post("/_sandbox/faults", json={"kind": "too_many", "retry_after": 3})
    throttled = await http.post(PEOPLE, content=message("<wd:Get_Workers_Request/>"))
    assert (throttled.status_code, throttled.headers["retry-after"]) == (429, "3")
    assert "<faultcode>SOAP-ENV:Client</faultcode>" in throttled.text
    await http.post("/_sandbox/faults", json={"kind": "server_error"})
    failed = await http.post(PEOPLE, content=message("<wd:Get_Workers_Request/>"))
    assert (failed.status_code, "<faultcode>SOAP-ENV:Server</faultcode>" in failed.text) == (503, True)
