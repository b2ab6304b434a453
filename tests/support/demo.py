"""A running `ledgerway demo` for tests: real processes, real sockets, a state directory of its own; and a plain HTTP client."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

ROOT = Path(__file__).parents[2]


@dataclass
class Answer:
    """Status, headers with lower-case names, decoded body."""

    status: int
    headers: dict[str, str]
    body: Any


def request(
    method: str, url: str, *, headers: dict[str, str] | None = None, body: Any = None, form: Any = None
) -> Answer:
    """One HTTP request; an error status is an answer too."""
    data, kind = None, {}
    if form is not None:
        data, kind = urllib.parse.urlencode(form).encode(), {"content-type": "application/x-www-form-urlencoded"}
    elif body is not None:
        data, kind = json.dumps(body).encode(), {"content-type": "application/json"}
    asked = urllib.request.Request(url, data=data, method=method, headers={**kind, **(headers or {})})
    try:
        with urllib.request.urlopen(asked, timeout=60) as got:
            return _answer(got.status, got.headers, got.read())
    except urllib.error.HTTPError as error:
        return _answer(error.code, error.headers, error.read())


def _answer(status: int, headers: Any, raw: bytes) -> Answer:
    body: Any = raw
    with suppress(ValueError):
        body = json.loads(raw) if raw else None
    return Answer(status, {k.lower(): v for k, v in headers.items()}, body)


def until(ask: Callable[[], Any], what: str, seconds: float = 60, every: float = 0.25) -> Any:
    """The first truthy answer."""
    ends = time.monotonic() + seconds
    while True:
        found = ask()
        if found:
            return found
        assert time.monotonic() < ends, f"not within {seconds} s: {what}"
        time.sleep(every)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Demo:
    """A product that was started. `api` calls it as a persona."""

    def __init__(self, state_dir: Path, process: subprocess.Popen[bytes], url: str, said: Path) -> None:
        self.state_dir, self.process, self.url, self._said = state_dir, process, url, said
        self._tokens: dict[str, str] = {}

    @property
    def said(self) -> str:
        """What the supervisor said so far."""
        return self._said.read_text()

    @property
    def systems(self) -> dict[str, str]:
        """Plain addresses of the simulated systems by name."""
        known = json.loads((self.state_dir / "demo.json").read_text())
        return {s["name"]: f"http://127.0.0.1:{s['port']}" for s in known["systems"]}

    def token(self, persona: str) -> str:
        """An access token of a persona, asked for once."""
        if persona not in self._tokens:
            basic = b64encode(f"{persona}:sandbox-{persona}".encode()).decode()
            form = {"grant_type": "client_credentials"}
            got = request("POST", f"{self.url}/oauth/token", headers={"authorization": f"Basic {basic}"}, form=form)
            assert got.status == 200, got
            self._tokens[persona] = got.body["access_token"]
        return self._tokens[persona]

    def api(self, persona: str, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One call; writes carry a fresh idempotency key unless one is given."""
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        if method == "POST":
            named.setdefault("idempotency-key", f'"{uuid4()}"')
            body = {} if body is None and "empty" not in named else body
        named["authorization"] = f"Bearer {self.token(persona)}"
        return request(method, self.url + path, headers=named, body=body)

    def children(self) -> dict[str, int]:
        """Process ids of the roles by name."""
        import psutil

        found, line = {}, []
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):
                line = child.cmdline()
            role = next((r for r in ("serve", "worker", "sandbox") if r in line), None)
            if role:
                found[role] = child.pid
        return found

    def fault(self, system: str, **fault: Any) -> None:
        """Arm a fault switch."""
        got = request("POST", f"{self.systems[system]}/_sandbox/faults", body=fault)
        assert got.status == 201, got

    def stop(self) -> int:
        """End it in order."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


@contextmanager
def demo(state_dir: Path, port: int | None = None, **environment: str) -> Iterator[Demo]:
    """Start the product, wait until it says that it is ready, stop it at the end."""
    port = port or free_port()
    said = state_dir.with_name(f"{state_dir.name}-said-{uuid4().hex[:6]}.log")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERWAY_")} | environment
    command = [sys.executable, "-m", "gateway.cli.main", "demo", "--port", str(port), "--state-dir", str(state_dir)]
    with said.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=clean, stdout=output, stderr=output)
    running = Demo(state_dir, process, f"http://127.0.0.1:{port}", said)
    try:
        until(lambda: "Ledgerway is ready" in running.said or process.poll() is not None, "ready", 600)
        assert process.poll() is None, running.said
        yield running
    finally:
        if process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                running.stop()
        if process.poll() is None:
            process.kill()
            process.wait()
