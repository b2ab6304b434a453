"""The states of pages: where each is, and who sees it there."""

from msgspec import Struct


class State(Struct, frozen=True, kw_only=True):
    """A page in one state. `opens` is the selector of what is pressed to get there, `shows` of what is seen then;
    `{item_id}` stands for an id of that kind."""

    name: str
    path: str
    persona: str | None = "billing-manager"
    opens: str | None = None
    shows: str = "#drawer[open] #drawer-title"
    status: int = 200


STATES = (
    State(name="sign-in", path="/portal/sign-in", persona=None),
    State(name="help", path="/portal/help"),
    State(name="billing-ready", path="/portal/billing"),
    State(name="billing-blocked", path="/portal/billing?view=blocked"),
    State(name="billing-posting", path="/portal/billing?view=posting"),
    State(name="billing-posted", path="/portal/billing?view=posted"),
    State(
        name="billing-period", path="/portal/billing?period=2026-10-31", opens=".head summary", shows=".choices-list"
    ),
    State(name="billing-nothing-matches", path="/portal/billing?search=nobody"),
    State(name="billing-drawer", path="/portal/billing?view=blocked", opens="tbody th a"),
    State(name="billing-draft-drawer", path="/portal/billing?view=posting", opens="tbody th a"),
    State(name="billing-item", path="/portal/billing/items/{item_id}"),
    State(name="billing-entries", path="/portal/billing/items/{item_id}/entries"),
    State(name="billing-entries-drawer", path="/portal/billing/items/{item_id}", opens="a[hx-get$='/entries']"),
    State(
        name="billing-entries-preview",
        path="/portal/billing/items/{item_id}/entries/preview?action=defer&item={transaction_id}",
    ),
    State(
        name="billing-waive-preview",
        path="/portal/billing/items/{item_id}/preview?action=waive&item=PO_MISSING",
        persona="finance-controller",
    ),
    State(name="exceptions", path="/portal/exceptions"),
    State(name="exceptions-mine-empty", path="/portal/exceptions?view=mine", persona="finance-controller"),
    State(name="exceptions-nothing-matches", path="/portal/exceptions?code=ETC_STALE"),
    State(name="exceptions-drawer", path="/portal/exceptions", opens="tbody tr[data-row] th a"),
    State(name="exception", path="/portal/exceptions/{exception_id}", persona="finance-controller"),
    State(name="exceptions-preview", path="/portal/exceptions/preview?action=resolve&item={exception_id}"),
    State(name="exceptions-give-preview", path="/portal/exceptions/preview?action=give&item={exception_id}"),
    State(name="exceptions-preview-of-nothing", path="/portal/exceptions/preview?action=take"),
    State(name="held", path="/portal/held"),
    State(name="held-empty", path="/portal/held?view=event"),
    State(name="held-drawer", path="/portal/held", opens="tbody tr[data-row] th a"),
    State(name="held-item", path="/portal/held/{held_id}"),
    State(name="held-preview", path="/portal/held/preview?action=discard&item={held_id}&item=run_none"),
    State(name="no-access", path="/portal/held", persona="executive", status=403),
    State(name="not-found", path="/portal/exceptions/exc_none", status=404),
)
