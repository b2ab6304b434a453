"""The command line in this process against a product made of prepared answers, on a real socket."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest

from contracts import wire
from gateway.cli.main import main

TOKEN = "/oauth/token"


class Said(NamedTuple):
    """What a command line left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


class Asked(NamedTuple):
    """A request that arrived."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


class Product:
    """Answers `(method, path)` with what was prepared: an object, `(status, object)`, or a list of those, the last one again."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Any] = {("POST", TOKEN): {"access_token": "issued"}}
        self.asked: list[Asked] = []
        self.headers: dict[str, str] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def on(self, method: str, path: str, *answers: Any) -> None:
        self.answers[method, path] = list(answers)

    def requests(self, path: str) -> list[Asked]:
        return [one for one in self.asked if one.path == path]

    def answer(self, asked: Asked) -> tuple[int, bytes]:
        self.asked.append(asked)
        prepared = self.answers.get(
            (asked.method, asked.path), (404, {"code": "not-found", "detail": "Nothing there."})
        )
        if isinstance(prepared, list):
            prepared = prepared.pop(0) if len(prepared) > 1 else prepared[0]
        status, value = prepared if isinstance(prepared, tuple) else (200, prepared)
        return status, wire.encode(value)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        product = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                target = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, target.path, parse_qs(target.query), headers, body)
                status, answer = product.answer(asked)
                if status == 0:  # the answer is lost
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in product.headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer if status != 204 else b"")

            do_GET = do_POST = do_DELETE = _serve  # noqa: N815  names of the standard library

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        return Handler


@pytest.fixture
def product() -> Iterator[Product]:
    made = Product()
    yield made
    made.server.shutdown()
    made.server.server_close()


Run = Callable[..., Said]


@pytest.fixture
def ledgerway(
    product: Product, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs a command line; the state directory is an empty one."""
    monkeypatch.setenv("LEDGERWAY_URL", product.url)
    monkeypatch.setenv("LEDGERWAY_STATE_DIR", str(tmp_path))
    monkeypatch.setattr("gateway.cli.following.LOOK_EVERY_S", 0.01)
    monkeypatch.setattr("runtime.telemetry.configure", lambda *_: None)  # the log of this process stays as it is

    def run(*argv: str) -> Said:
        code = main(argv)
        return Said(code, *capsys.readouterr())

    return run


def problem(status: int, code: str, detail: str = "No.") -> tuple[int, dict[str, Any]]:
    return status, {
        "type": f"/problems/{code}",
        "status": status,
        "code": code,
        "detail": detail,
        "correlation_id": "c0ffee",
    }
