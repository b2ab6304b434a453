"""One simulated Salesforce org, to which products contribute their objects, rules and records."""

from .app import salesforce_org
from .errors import rule
from .org import Org
from .schema import ApexRoute, Change, Contribution, Field, SObject
from .seed import CLIENT_ID, CLIENT_SECRET, PRIVATE_KEY, USERNAME

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "PRIVATE_KEY",
    "USERNAME",
    "ApexRoute",
    "Change",
    "Contribution",
    "Field",
    "Org",
    "SObject",
    "rule",
    "salesforce_org",
]
