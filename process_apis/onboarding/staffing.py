"""Resource planning's part: one demand per row of the roles profile (4a.7)."""

from contracts.call import Call
from contracts.canon.project import Demand, NewDemand
from process_apis.onboarding.plan import Branch, PlannedDemand, Published
from runtime.data.links import link
from runtime.services import Services
from runtime.work.unit import unit_of_work


async def publish_demand(services: Services, branch: Branch, project_ref: str, call: Call) -> Published:
    """The demands of the project under our keys: what is there is left as it is, the rest is published."""
    planning = services.ports.planning(call)
    known = await _of_project(services, project_ref, call)
    refs = []
    for planned in branch.country.demands:
        demand = known.get(planned.id) or await planning.put_demand(call, _wanted(planned, project_ref))
        refs.append(demand.ref)
    async with unit_of_work(services.database) as connection:
        for planned, ref in zip(branch.country.demands, refs, strict=True):
            await link(connection, call.tenant, planned.id, ref)
    return Published(refs=tuple(refs))


async def _of_project(services: Services, project_ref: str, call: Call) -> dict[str, Demand]:
    found = (await services.ports.planning(call).find_demands(call, project_ref=project_ref)).items
    return {demand.key: demand for demand in found if demand.key}


def _wanted(planned: PlannedDemand, project_ref: str) -> NewDemand:
    need = planned.need
    return NewDemand(
        key=planned.id,
        project_ref=project_ref,
        role_code=need.role_code,
        seniority_code=need.seniority_code,
        location_code=need.location_code,
        start_on=need.start_on,
        end_on=need.end_on,
        hours=need.hours,
    )


async def cancel_demand(services: Services, branch: Branch, project_ref: str, call: Call) -> Published:
    """Undoes `publish_demand`."""
    known = await _of_project(services, project_ref, call)
    ours = [known[planned.id] for planned in branch.country.demands if planned.id in known]
    left = [demand for demand in ours if demand.state != "cancelled"]
    for demand in left:
        await services.ports.planning(call).cancel_demand(call, demand.ref)
    return Published(refs=tuple(demand.ref for demand in left))
