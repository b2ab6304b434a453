"""The pages problem types point to: what each problem means and how to fix it, as HTML or JSON."""

from html import escape
from typing import Any

import msgspec

from contracts.problems import PROBLEMS, Problem
from gateway.exchange import Exchange
from gateway.policies.idempotency import Config as Idempotency
from runtime.http.replies import JSON, Headers, Reply, problem_body

FIXES = {
    "invalid-request": "Read `errors`: each names a parameter or header and the valid form. Correct it and send again.",
    "unauthenticated": "Get a token from an issuer in /.well-known/oauth-protected-resource, or send an API key that is alive.",
    "forbidden": "Ask for a token with the scope in `facts.scope`. If you cannot get it, ask who administers your client.",
    "not-found": "Check the id. Objects of other tenants look absent, too.",
    "method-not-allowed": "Use a method from `Allow`.",
    "not-acceptable": "Send Accept: application/json, or leave it out.",
    "conflict": "Read the object again: its state changed, or does not allow this step. `facts.code` says why.",
    "in-progress": "Wait as long as `Retry-After` says, then send the same request with the same key.",
    "version-gone": "Move to the address in `facts.successor`.",
    "precondition-failed": "Read the object again, look at what changed, and send If-Match with the new ETag.",
    "too-large": "Send fewer items at once; `facts.limit_bytes` is the limit.",
    "target-too-long": "Shorten the query; `facts.limit_bytes` is the limit.",
    "headers-too-large": "Send fewer or shorter header fields; `facts.limit_bytes` is the limit.",
    "request-timeout": "Send the whole head of the request at once, on a new connection.",
    "method-unknown": "Use a method from `Allow`, which OPTIONS tells; method names are upper case.",
    "unsupported-media": "Send Content-Type: application/json.",
    "invalid-content": "Read `errors`: each points to a field and says what is valid there. Correct all and send again.",
    "rule-violated": "Read `detail` and `facts.code`: the business rule says what has to be different.",
    "key-reused": "Use a new key for a new request, or send exactly the first request again.",
    "precondition-required": "Read the object, then send If-Match with its ETag.",
    "throttled": "Wait as long as `Retry-After` says. `RateLimit` tells on every answer what is left.",
    "quota-spent": "Wait for the next month, or ask who administers your client for a larger budget.",
    "abnormal-use": "Stop sending credentials that do not hold, wait as long as `Retry-After` says, then send good ones.",
    "vendor-refused": "`facts.vendor_message` is what the connected system said. Correct the data there or here.",
    "vendor-credentials": "Nothing to do for a caller: the operator renews the credentials of the connection. Then send again.",
    "vendor-unavailable": "Wait as long as `Retry-After` says, then send the same request with the same key.",
    "outcome-unknown": "Send the same request with the same key: it looks for what was done before it does anything.",
    "unsupported": "The catalogue says what this vendor can do; use another connection for this.",
    "deadline-exceeded": "Send the same request with the same key; ask for less at once if it happens again.",
    "store-away": "Wait as long as `Retry-After` says, then send the same request with the same key.",
    "overloaded": "Wait as long as `Retry-After` says, then send the same request with the same key.",
    "internal": "Your request was fine. Send it again with the same key; if it fails again, quote the correlation id to the operator.",
}
_KEYED = ("key-reused", "in-progress", "invalid-request")
_KEPT: Headers = (("cache-control", "public, max-age=3600"), ("vary", "Accept"))
_HTML: Headers = (("content-type", "text/html; charset=utf-8"), *_KEPT)
_JSON: Headers = (("content-type", JSON), *_KEPT)


class ProblemPages:
    """Pages by slug, made once."""

    def __init__(self, keys: Idempotency) -> None:
        self._entries = {slug: _entry(PROBLEMS[slug], keys) for slug in sorted(PROBLEMS)}

    @property
    def slugs(self) -> list[str]:
        """Slugs of all problems."""
        return list(self._entries)

    async def index(self, x: Exchange) -> Reply:
        """All problems."""
        if _prefers_json(x):
            return Reply(200, msgspec.json.encode({"items": list(self._entries.values())}), _JSON)
        rows = "".join(
            f'<li><a href="/problems/{slug}">{escape(e["title"])}</a> ({e["status"]}): {escape(e["meaning"])}</li>'
            for slug, e in self._entries.items()
        )
        return Reply(200, _page("Problems", f"<ul>{rows}</ul>"), _HTML)

    async def page(self, x: Exchange) -> Reply:
        """One problem."""
        entry = self._entries[x.target.rpartition("/")[2]]
        if _prefers_json(x):
            return Reply(200, msgspec.json.encode(entry), _JSON)
        return Reply(200, _page(f"{entry['title']} ({entry['status']})", _text(entry)), _HTML)


def _entry(problem: type[Problem], keys: Idempotency) -> dict[str, Any]:
    meaning = " ".join((problem.__doc__ or "").split()).partition(" facts:")[0]
    entry = {
        "slug": problem.slug,
        "type": problem("").type_uri,
        "status": problem.status,
        "title": problem.title,
        "retryable": problem.retryable,
        "meaning": meaning,
        "fix": FIXES.get(problem.slug, "Read `detail`: it says what to do."),
        "example": problem_body(problem(meaning), correlation_id="7f3ac1d9"),
    }
    if problem.slug in _KEYED:
        entry["idempotency_policy"] = (
            f"POST and PATCH with effects need Idempotency-Key: a String of 1 to 255 characters, unique per tenant, client, method "
            f"and route. The first reply is kept for {keys.retention_h} hours and repeated with Idempotent-Replayed: true. The same "
            f"key with other content answers 422; while the first request runs, 409. What was refused before any effect does not "
            f"use up the key."
        )
    return entry


def _prefers_json(x: Exchange) -> bool:
    return "json" in (x.header(b"accept") or "")


def _text(entry: dict[str, Any]) -> str:
    parts = [f"<p>{escape(entry['meaning'])}</p>", f"<h2>How to fix it</h2><p>{escape(entry['fix'])}</p>"]
    if "idempotency_policy" in entry:
        parts.append(f"<h2>Idempotency keys</h2><p>{escape(entry['idempotency_policy'])}</p>")
    example = msgspec.json.format(msgspec.json.encode(entry["example"])).decode()
    parts.append(f"<h2>Example</h2><pre>{escape(example)}</pre>")
    parts.append('<p><a href="/problems">All problems</a></p>')
    return "".join(parts)


def _page(title: str, body: str) -> bytes:
    style = "body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}pre{overflow:auto}"
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title><style>{style}</style></head>'
    return f"{head}<body><main><h1>{escape(title)}</h1>{body}</main></body></html>".encode()
