"""The ports: one Protocol per capability of a connected system."""

from contracts.system.billing import Billing
from contracts.system.crm import Crm
from contracts.system.erp import Erp
from contracts.system.hcm import Hcm
from contracts.system.planning import Planning
from contracts.system.psa import Psa
from contracts.system.time import Time

PORTS: dict[str, type] = {
    "crm": Crm,
    "psa": Psa,
    "time": Time,
    "planning": Planning,
    "erp": Erp,
    "hcm": Hcm,
    "billing": Billing,
}
