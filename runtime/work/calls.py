"""The calls the worker makes by itself: no caller is waiting, so there is no token and no deadline."""

from uuid import uuid4

from contracts.call import Call

CLIENT = "worker"


def worker_call(
    tenant: str,
    *,
    principal: str,
    scopes: frozenset[str],
    correlation_id: str,
    request_id: str,
    idempotency_key: str | None = None,
    traceparent: str | None = None,
) -> Call:
    """A call on behalf of `principal`: whoever started a run, or `system:<part of the worker>`."""
    return Call(
        tenant=tenant,
        principal=principal,
        client=CLIENT,
        scopes=scopes,
        correlation_id=correlation_id,
        request_id=request_id,
        idempotency_key=idempotency_key,
        traceparent=traceparent,
    )


PORT_SCOPES = frozenset(
    f"{port}:{right}"
    for port in ("crm", "psa", "time", "planning", "erp", "hcm", "billing")
    for right in ("read", "write")
)


def system_call(tenant: str, principal: str, correlation_id: str | None = None) -> Call:
    """A call of a sweep or a subscription: it may use every port, and nothing else."""
    request_id = f"req_{uuid4().hex}"
    return worker_call(
        tenant,
        principal=principal,
        scopes=PORT_SCOPES | {"hcm:cost"},
        correlation_id=correlation_id or request_id,
        request_id=request_id,
    )
