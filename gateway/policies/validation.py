"""The request against the caller's scopes and the operation's types: all violations in one problem, no layer reached, no key used up."""

import re

from msgspec import Struct

from contracts.problems import (
    InvalidRequest,
    NotAcceptable,
    PreconditionFailed,
    PreconditionRequired,
    UnsupportedMedia,
)
from gateway.challenges import permit
from gateway.exchange import Exchange
from runtime.http.replies import Reply
from runtime.http.selection import PARAMETER

WHEN_STORE_IS_AWAY = "open"  # keeps nothing

CREATE_ONLY = (0,)
_UNCONDITIONAL = ("GET", "HEAD", "POST")
_CONDITIONS = (b"if-match", b"if-none-match")
_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
# A space belongs to one place only, so that no list takes longer than its length.
_TAGS = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,(?:[ \t]*{_TAG})?)*[ \t]*\Z")
_VERSION = re.compile(r"""(?<!W/)"r(0|[1-9][0-9]{0,17})"(?=[ \t,]|\Z)""")
_JSON_RANGES = ("application/json", "application/*", "*/*")


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing to set: the operation's types are the rule."""


def on_request(x: Exchange, config: Config) -> None:
    """Check the scope, decode path, query and body, and open a cursor.

    Raises Forbidden, NotAcceptable and the problems of `runtime.http.arguments`.
    """
    permit(x)
    fields = x.request_headers
    if b"accept" in fields and not accepts_json(x.header(b"accept")):
        raise NotAcceptable("Answers are application/json; accept that or */*.")
    if b"content-type" in x.repeated:
        raise InvalidRequest("Content-Type is given more than once; give it once.")
    if b"content-encoding" in fields and x.body:
        _refuse_coded(x)
    x.arguments = x.at().decoder.decode(x.params, x.query, x.header(b"content-type"), x.body)
    x.fields = x.arguments.pop(PARAMETER, None)
    if x.arguments.get("cursor") is not None:
        x.arguments["cursor"] = x.services.cursors.opened(x, x.arguments["cursor"])
    if x.method not in _UNCONDITIONAL or b"if-match" in fields:
        if b"if-match" in x.repeated:
            raise InvalidRequest("If-Match is given more than once; list the tags in one.")
        x.expected_versions = expected_versions(x.method, x.header(b"if-match"), x.header(b"if-none-match"))


def _refuse_coded(x: Exchange) -> None:
    coding = (x.header(b"content-encoding") or "identity").strip()
    if coding.lower() != "identity":
        x.headers.append(("accept-encoding", "identity"))
        raise UnsupportedMedia(
            f"The body is coded as {coding[:40]}; send it as it is, without Content-Encoding.",
            accept=["application/json"],
        )


def on_response(x: Exchange, config: Config) -> None:
    """A reader's conditions: another version than the expected one is 412, the version that is known already 304."""
    if x.method not in ("GET", "HEAD") or x.request_headers.keys().isdisjoint(_CONDITIONS):
        return
    reply, known = x.reply, (x.header(b"if-none-match") or "").strip()
    tag = None if reply is None or reply.status != 200 else next((v for n, v in reply.headers if n == "etag"), None)
    if tag is None:
        return
    if x.expected_versions is not None and tag not in (f'"r{version}"' for version in x.expected_versions):
        raise PreconditionFailed(f"This is {tag} by now; read it without If-Match.")
    if known == "*" or tag in (
        t.strip().removeprefix("W/") for t in known.split(",")
    ):  # weak ones match, RFC 9110 13.1.2
        x.reply = Reply(304, b"", (("etag", tag),))


def accepts_json(accept: str | None) -> bool:
    """Whether JSON is among the media ranges with a weight above 0; the most specific range counts (RFC 9110 12.5.1)."""
    if accept is None or accept in _JSON_RANGES:
        return True
    weights = dict(_ranges(accept))
    return next((weights[r] > 0 for r in _JSON_RANGES if r in weights), not weights)


def _ranges(accept: str) -> list[tuple[str, int]]:
    found = []
    for item in accept.lower().split(","):
        media, *parameters = (part.strip() for part in item.split(";"))
        weight = next((p[2:].strip() for p in parameters if p.startswith("q=")), "1")
        if media:
            found.append((media, 0 if re.fullmatch(r"0(\.0{0,3})?", weight) else 1))
    return found


def expected_versions(method: str, if_match: str | None, if_none_match: str | None) -> tuple[int, ...] | None:
    """What `If-Match` says: the versions in `"r17", "r18"`, None for `*` and where nothing is said.

    PUT, PATCH and DELETE need it; PUT with `If-None-Match: *` creates only, which is version 0.
    Raises PreconditionRequired, PreconditionFailed for tags that cannot match, InvalidRequest for what is no tag.
    """
    if if_match is not None:
        return None if if_match.strip() == "*" else _versions(if_match)
    if method == "PUT" and if_none_match is not None and if_none_match.strip() == "*":
        return CREATE_ONLY
    if method in ("PUT", "PATCH", "DELETE"):
        raise PreconditionRequired("Say which version you change: send If-Match with the ETag you read.")
    return None


def _versions(text: str) -> tuple[int, ...]:
    if not _TAGS.match(text):
        raise InvalidRequest(f'If-Match is {text[:60]!r}; send entity tags, for example "r17", or *.')
    found = tuple(map(int, _VERSION.findall(text)))
    if not found:
        raise PreconditionFailed("If-Match has no tag of ours, or only weak ones; send the ETag you read.")
    return found
