"""Several requests in one call: composite, whose parts may build on each other, and batch, whose parts may not.

Source: REST API Developer Guide (Composite, Composite Batch).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from runtime.http.simulate import Request, Response, from_json, to_json

from .errors import OrgError
from .org import Org
from .rest import Caller, Operation, body_of

MOST_REQUESTS = 25
_FORBIDDEN_HEADERS = {"accept", "authorization", "content-type"}
_REFERENCE = re.compile(r"@\{([A-Za-z]\w*)((?:\.\w+|\[\d+\])+)\}")
_HALTED = (
    "PROCESSING_HALTED",
    "The transaction was rolled back since another operation in the same transaction failed.",
)

Run = Callable[[Org, Caller, Request], Response]
Result = dict[str, Any]


class _Undo(Exception):
    """Ends the transaction around parts that must happen all or not at all."""


def composite(run: Run) -> Operation:
    """POST /composite, its parts carried out by `run`."""

    def operation(org: Org, caller: Caller, request: Request) -> Response:
        body = body_of(request)
        parts = _parts(body.get("compositeRequest"))
        done = _Composite(org, caller, request, run)
        try:
            with org.store.transaction():
                answers = [done.part(part) for part in parts]
                if body.get("allOrNone") is True and done.failed:
                    raise _Undo
        except _Undo:
            answers = [answer if answer is done.failed else _halted(answer) for answer in answers]
        return Response.of(200, {"compositeResponse": answers})

    return operation


def _halted(answer: Result) -> Result:
    body = [{"errorCode": _HALTED[0], "message": _HALTED[1]}]
    return {**answer, "body": body, "httpHeaders": {}, "httpStatusCode": 400}


def _parts(given: Any) -> list[dict[str, Any]]:
    """The subrequests, or one refusal of the whole call before any work."""
    if not isinstance(given, list) or not given or not all(isinstance(part, dict) for part in given):
        raise OrgError(400, "JSON_PARSER_ERROR", "compositeRequest must be an array of subrequests")
    if len(given) > MOST_REQUESTS:
        message = f"Limit of {MOST_REQUESTS} subrequests exceeded"
        raise OrgError(400, "LIMIT_EXCEEDED", message)
    names = [part.get("referenceId") for part in given]
    if not all(isinstance(name, str) and name for name in names):
        raise OrgError(400, "JSON_PARSER_ERROR", "Missing required field: referenceId")
    if len(set(names)) != len(names):
        raise OrgError(400, "INVALID_REFERENCE_ID", "Duplicate reference id. referenceId must be unique")
    for part in given:
        headers = part.get("httpHeaders") or {}
        if any(name.lower() in _FORBIDDEN_HEADERS for name in headers):
            message = "Subrequests may not set the headers Accept, Authorization or Content-Type"
            raise OrgError(400, "INVALID_HTTP_HEADER", message)
        if not isinstance(part.get("method"), str) or not isinstance(part.get("url"), str):
            raise OrgError(400, "JSON_PARSER_ERROR", "Missing required field: method or url")
    return given


class _Composite:
    """The parts of one composite in order, later ones reading the answers of earlier ones."""

    def __init__(self, org: Org, caller: Caller, request: Request, run: Run) -> None:
        self._org, self._caller, self._request, self._run = org, caller, request, run
        self._answers: dict[str, Any] = {}
        self.failed: Result | None = None

    def part(self, part: Mapping[str, Any]) -> Result:
        name = part["referenceId"]
        try:
            url, body = self._filled(part["url"]), self._filled(part.get("body"))
            answer = self._run(self._org, self._caller, subrequest(self._request, part, url, body))
        except OrgError as error:
            answer = error.response()
        decoded = from_json(answer.body) if answer.body else None
        headers = {key: value for key, value in answer.headers if key == "Location"}
        result = {"body": decoded, "httpHeaders": headers, "httpStatusCode": answer.status, "referenceId": name}
        if answer.status < 300:
            self._answers[name] = decoded
        elif self.failed is None:
            self.failed = result
        return result

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if not isinstance(value, str):
            return value
        only = _REFERENCE.fullmatch(value)
        return self._found(only) if only else _REFERENCE.sub(lambda match: str(self._found(match)), value)

    def _found(self, match: re.Match[str]) -> Any:
        value: Any = self._answers.get(match[1])
        for step in re.findall(r"\.(\w+)|\[(\d+)\]", match[2]):
            try:
                value = value[step[0]] if step[0] else value[int(step[1])]
            except (KeyError, IndexError, TypeError):
                value = None
        if value is None:
            message = f"Invalid reference specified. No value for {match[0][2:-1]} found in {match[1]}"
            raise OrgError(400, "PROCESSING_HALTED", message)
        return value


def subrequest(outer: Request, part: Mapping[str, Any], url: str, body: Any) -> Request:
    """The request a part stands for."""
    path, _, query = url.partition("?")
    return msgspec.structs.replace(
        outer,
        method=str(part["method"]).upper(),
        path=path,
        target=url,
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers={key.lower(): str(value) for key, value in (part.get("httpHeaders") or {}).items()},
        body=b"" if body is None else to_json(body),
        params={},
    )


def batch(run: Run) -> Operation:
    """POST /composite/batch: independent requests, optionally halted at the first failure."""

    def operation(org: Org, caller: Caller, request: Request) -> Response:
        body = body_of(request)
        parts = body.get("batchRequests")
        if not isinstance(parts, list) or not 0 < len(parts) <= MOST_REQUESTS:
            raise OrgError(400, "LIMIT_EXCEEDED", f"batchRequests: between 1 and {MOST_REQUESTS} subrequests")
        results: list[Result] = []
        for part in parts:
            failed = any(result["statusCode"] >= 300 for result in results)
            results.append(
                _halted_item() if failed and body.get("haltOnError") else _item(org, caller, request, part, run)
            )
        has_errors = any(result["statusCode"] >= 300 for result in results)
        return Response.of(200, {"hasErrors": has_errors, "results": results})

    return operation


def _halted_item() -> Result:
    error = {"errorCode": "BATCH_PROCESSING_HALTED", "message": "Batch processing halted per request"}
    return {"statusCode": 412, "result": [error]}


def _item(org: Org, caller: Caller, request: Request, part: Any, run: Run) -> Result:
    if not isinstance(part, dict) or not isinstance(part.get("url"), str) or not isinstance(part.get("method"), str):
        raise OrgError(400, "JSON_PARSER_ERROR", "Missing required field: method or url")
    url = part["url"] if part["url"].startswith("/") else f"/services/data/{part['url']}"
    answer = run(org, caller, subrequest(request, part, url, part.get("richInput")))
    return {"statusCode": answer.status, "result": from_json(answer.body) if answer.body else None}
