"""Sales Cloud's share of the simulated org."""

from system_apis.platforms.salesforce.sandbox import Contribution

from .objects import OBJECTS
from .rules import AFTER, BEFORE
from .seed import seed

CONTRIBUTION = Contribution(objects=OBJECTS, before=BEFORE, after=AFTER, seed=seed)
