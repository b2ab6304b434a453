"""A local Workday tenant: token endpoint, REST services, reports-as-a-service, SOAP web services."""

from system_apis.workday.sandbox.access import (
    CLIENT_ID,
    CLIENT_SECRET,
    INTEGRATION_PASSWORD,
    INTEGRATION_USER,
    REFRESH_TOKEN,
    SECRET_FILE,
    TENANT,
)
from system_apis.workday.sandbox.app import workday
from system_apis.workday.sandbox.reports import CALENDARS, COST_RATES, REPORT_OWNER, WORKERS
from system_apis.workday.sandbox.time_off import UNIT_DAYS, UNIT_HOURS

SETTINGS = {"tenant": TENANT, "report_owner": REPORT_OWNER, "unit_hours": {UNIT_DAYS: "8", UNIT_HOURS: "1"}}
"""What a connection to this tenant says besides address and secret."""

__all__ = [
    "CALENDARS",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "COST_RATES",
    "INTEGRATION_PASSWORD",
    "INTEGRATION_USER",
    "REFRESH_TOKEN",
    "REPORT_OWNER",
    "SECRET_FILE",
    "SETTINGS",
    "TENANT",
    "WORKERS",
    "workday",
]
