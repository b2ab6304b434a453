"""Finding a worker by one of the ids that every door of the tenant knows."""

from runtime.http.simulate import Row, Store

_CONTRACTORS_BY_TYPE = {"Employee_ID": False, "Contingent_Worker_ID": True}


def worker_by(store: Store, kind: str, value: str) -> Row | None:
    """The worker with this WID, `Employee_ID` or `Contingent_Worker_ID`, or None."""
    if kind == "WID":
        return store.get("workers", value)
    contractor = _CONTRACTORS_BY_TYPE.get(kind)
    rows = store.rows("workers").values()
    return next((row for row in rows if row["number"] == value and row["contractor"] is contractor), None)
