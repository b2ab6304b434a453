"""What people do all day while things break: time is worked, corrected and taken back, deals are onboarded, invoices billed.

They use the product's API as personas and the PSA's own wire. Whoever gets no answer asks again with the same key, as a
person or a well-made client does; a refusal is an answer.
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from contracts.periods import SystemClock
from tests.support import vendors
from tests.support.demo import Answer, Demo

_DEALS = ("D-2201", "D-2202", "D-2203", "D-2204")
_ANSWERING_S, _PAUSE_S = 120, 0.5
Ledger = Counter[str]


class People:
    """One person after the other; `said` counts what they did and what they were told."""

    def __init__(self, demo: Demo, dice: Random) -> None:
        self._demo, self._dice, self._bookings = demo, dice, vendors.bookings(demo)
        self.said: Ledger = Counter()
        self._worked: list[str] = []

    def act(self) -> None:
        """One thing that somebody does."""
        acts: list[tuple[int, Callable[[], None]]] = [
            (10, self.work), (4, self.correct), (2, self.take_back), (6, self.bill), (2, self.hold), (1, self.discard),
            (1, self.onboard),
        ]  # fmt: skip
        (act,) = self._dice.choices([a for _, a in acts], [w for w, _ in acts])
        act()

    def work(self) -> None:
        """Approved time of somebody on a project, in the last weeks of the booking."""
        booking, today = self._dice.choice(self._bookings), SystemClock().now().date()
        on = min(today, date.fromisoformat(booking["pse__End_Date__c"])) - timedelta(days=self._dice.randrange(21))
        hours = self._dice.choice((0.5, 1, 1.5, 2, 3.25))
        ref = self._patiently("work", lambda: vendors.approve_booked_time(self._demo, booking, hours, on))
        if ref is not None:
            self._worked.append(ref)

    def correct(self) -> None:
        """Other hours for a day that was approved."""
        if self._worked:
            ref, hours = self._dice.choice(self._worked), str(self._dice.choice((0.5, 2, 2.75, 5)))
            self._patiently("correct", lambda: vendors.correct_time(self._demo, ref, hours))

    def take_back(self) -> None:
        """An approval that was a mistake."""
        if self._worked:
            ref = self._worked.pop(self._dice.randrange(len(self._worked)))
            self._patiently("take back", lambda: vendors.void_time(self._demo, ref))

    def bill(self) -> None:
        """A group that is ready becomes an invoice, is approved and posted; sometimes only drafted."""
        group = self._any("billing-analyst", "/process/v1/bill-groups?state=ready&limit=100")
        group = group or self._any("billing-analyst", "/process/v1/bill-groups?state=ready_with_warnings&limit=100")
        if group is None:
            return
        path = f"/process/v1/bill-groups/{group['id']}"
        self.ask("billing-analyst", f"{path}/recheck")
        drafted = self.ask("billing-analyst", f"{path}/draft", {"acknowledge_warnings": "Agreed with the client."})
        if drafted.status == 201 and self._dice.random() < 0.8:
            self.post(drafted.body)

    def post(self, invoice: dict[str, Any]) -> None:
        """Approve and post."""
        path = f"/process/v1/invoices/{invoice['id']}"
        if invoice["state"] in ("draft", "in_review"):
            invoice = self.ask("billing-manager", f"{path}/approve", {"draft_version": invoice["draft_version"]}).body
        if invoice.get("state") == "approved":
            self.ask("billing-manager", f"{path}/post")

    def discard(self) -> None:
        """A draft that nobody wants."""
        draft = self._any("billing-analyst", "/process/v1/invoices?state=in_review&limit=50")
        if draft is not None:
            self.ask("billing-analyst", f"/process/v1/invoices/{draft['id']}/cancel", {"reason": "Not this month."})

    def hold(self) -> None:
        """Something is held, and something that was held is let go."""
        for state, verb in (("queued", "hold"), ("rated", "hold"), ("held", "release")):
            found = self._any("billing-analyst", f"/process/v1/transactions?state={state}&limit=100")
            if found is not None:
                self.ask("billing-analyst", f"/process/v1/transactions/{found['id']}/{verb}", {"reason": "Asked back."})

    def onboard(self) -> None:
        """A won deal that is none yet; starting it again finds its run."""
        names = vendors.won_deal_names(self._demo, self._dice.choice(_DEALS))
        deals = self.read("integration-developer", "/system/v1/salesforce/deals?limit=200").body.get("items", ())
        for deal in (d for d in deals if d["name"] in names):
            self.ask("project-manager", "/process/v1/onboarding/runs", {"deal_ref": deal["ref"]})

    def ask(self, persona: str, path: str, body: Any = None) -> Answer:
        """POST until there is an answer, with one key."""
        key = f'"{UUID(int=self._dice.getrandbits(128), version=4)}"'
        ends = time.monotonic() + _ANSWERING_S
        while True:
            answer = self._tried(lambda: self._demo.api(persona, "POST", path, body, idempotency_key=key))
            if answer is not None and answer.status < 500 and answer.status not in (409, 429):
                break
            final = answer is not None and answer.status == 409 and "retry-after" not in answer.headers
            if final or time.monotonic() > ends:
                break
            time.sleep(_PAUSE_S)
        status = 0 if answer is None else answer.status
        self.said[f"{path.rsplit('/', 1)[1]} {status}"] += 1
        return answer or Answer(0, {}, {})

    def read(self, persona: str, path: str) -> Answer:
        """GET until there is an answer."""
        ends = time.monotonic() + _ANSWERING_S
        while time.monotonic() < ends:
            answer = self._tried(lambda: self._demo.api(persona, "GET", path))
            if answer is not None and answer.status < 500 and answer.status != 429:
                return answer
            time.sleep(_PAUSE_S)
        self.said[f"GET {path.split('?')[0]} unanswered"] += 1
        return Answer(0, {}, {})

    def _any(self, persona: str, path: str) -> dict[str, Any] | None:
        items = self.read(persona, path).body.get("items") or []
        return self._dice.choice(items) if items else None

    def _tried(self, call: Callable[[], Answer]) -> Answer | None:
        try:
            return call()
        except (OSError, AssertionError, ValueError):  # no answer, half an answer, or no token
            return None

    def _patiently(self, what: str, act: Callable[[], Any]) -> Any:
        """In the PSA: tried once; a fault that hits the person is the person's problem."""
        try:
            done = act()
        except Exception as refused:
            self.said[f"{what}: {type(refused).__name__}"] += 1
            return None
        self.said[what] += 1
        return done
