"""Certinia's share of the simulated org: the managed package `pse` on top of what Sales Cloud brings."""

from system_apis.platforms.salesforce.sandbox import Contribution

from . import projects, rules, timecards, work
from .apex import RESOURCES
from .seed import seed

CONTRIBUTION = Contribution(
    objects=(*projects.OBJECTS, *work.OBJECTS),
    columns={"Contact": work.RESOURCE_COLUMNS},
    before={**rules.BEFORE, **timecards.BEFORE},
    after={**rules.AFTER, **timecards.AFTER},
    resources=RESOURCES,
    seed=seed,
)
