"""What breaks during a soak. Everything is done from outside: signals, switches of the simulated systems, servers, old rows."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import psutil
import psycopg
import redis

from runtime.data.embedded import running
from tests.support.demo import ROOT, Demo, request

_FAULTS = (
    "lost_response",
    "timeout",
    "too_many",
    "server_error",
    "token_expired",
    "lock",
    "late_index",
    "page_shift",
    "slow_job",
)
_AGAIN = """
update inbox set processed_at = null where (tenant, connection, delivery_id) in (
    select tenant, connection, delivery_id from inbox where processed_at is not null and kind = 'time.changed'
    order by random() limit %s)
"""
_BACK = """
update cursor set position = jsonb_build_object('since', now() - make_interval(hours => %s)) where starts_with(feed, 'time:')
"""
_RELAY_AGAIN = """
update outbox set relayed_at = null where (occurred_at, position) in (
    select occurred_at, position from outbox where relayed_at is not null order by random() limit %s)
"""


class Trouble:
    """`done` counts what was done."""

    def __init__(self, demo: Demo, dice: Random) -> None:
        self._demo, self._dice = demo, dice
        self.done: Counter[str] = Counter()
        self.second: subprocess.Popen[bytes] | None = None

    def act(self) -> None:
        """One thing that breaks."""
        acts: list[tuple[int, Callable[[], None]]] = [
            (12, self.fault), (4, lambda: self.kill("worker")), (3, lambda: self.kill("serve")), (3, self.kill_second),
            (1, lambda: self.kill("sandbox")), (2, self.pause_worker), (1, self.restart_postgres), (1, self.restart_valkey),
            (2, self.flush_redis), (3, self.jump_clock), (3, self.deliver_again), (2, self.relay_again), (2, self.end_sessions),
        ]  # fmt: skip
        (act,) = self._dice.choices([a for _, a in acts], [w for w, _ in acts])
        with suppress(OSError, psutil.Error, psycopg.Error, redis.RedisError):
            act()

    def fault(self) -> None:
        """A switch of a simulated system."""
        kind, system = (
            self._dice.choice(_FAULTS),
            self._dice.choice(("salesforce", "salesforce", "netsuite", "netsuite", "workday")),
        )
        armed = {"kind": kind, "times": self._dice.randint(1, 3), "after": self._dice.randrange(4)}
        if kind in ("timeout", "late_index", "slow_job"):
            armed["delay_s"] = self._dice.randint(1, 8)
        if kind == "too_many" and self._dice.random() < 0.5:
            armed["retry_after"] = self._dice.randint(1, 5)
        if kind == "lost_response" and self._dice.random() < 0.7:
            armed["method"] = self._dice.choice(("POST", "PUT", "PATCH"))
        if request("POST", f"{self._demo.systems[system]}/_sandbox/faults", body=armed).status == 201:
            self.done[f"fault {kind}"] += 1

    def kill(self, role: str) -> None:
        """SIGKILL; the supervisor starts another."""
        pid = self._demo.children().get(role)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            self.done[f"kill {role}"] += 1

    def kill_second(self) -> None:
        """SIGKILL the second worker, and start it again after a while or leave its slot to the other."""
        if self.second is not None and self.second.poll() is None:
            self.second.kill()
            self.second.wait()
            self.done["kill second worker"] += 1
        if self._dice.random() < 0.7:
            self.start_second()

    def start_second(self) -> None:
        """One more worker beside the supervisor's."""
        known = running(self._demo.state_dir)
        if known is None:
            return
        clean = {k: v for k, v in os.environ.items() if not k.startswith("LEDGERWAY_")}
        clean |= {
            "LEDGERWAY_DATABASE_URL": known.database_url,
            "LEDGERWAY_REDIS_URL": known.redis_url,
            "LEDGERWAY_STATE_DIR": str(self._demo.state_dir),
        }
        with (self._demo.state_dir / "log" / "second.log").open("ab") as log:
            command = [sys.executable, "-m", "gateway.cli.main", "worker"]
            self.second = subprocess.Popen(command, cwd=ROOT, env=clean, stdout=log, stderr=log)

    def pause_worker(self) -> None:
        """SIGSTOP: long enough for its slot to be taken, or only slow."""
        pid = self._demo.children().get("worker")
        if pid is None:
            return
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(self._dice.choice((2, 5, 20)))
        finally:
            os.kill(pid, signal.SIGCONT)
        self.done["pause worker"] += 1

    def restart_postgres(self) -> None:
        """SIGKILL or an immediate shutdown of the server; the supervisor starts it again."""
        pid = int((self._home() / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, self._dice.choice((signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)))
        self.done["restart postgres"] += 1
        time.sleep(15)

    def restart_valkey(self) -> None:
        """SIGKILL; the supervisor starts it again."""
        known = running(self._demo.state_dir)
        if known is None:
            return
        with redis.Redis.from_url(known.redis_url, protocol=2) as client:
            os.kill(int(client.info("server")["process_id"]), signal.SIGKILL)
        self.done["kill valkey"] += 1

    def flush_redis(self) -> None:
        """Counters, caches and wake-ups are gone."""
        known = running(self._demo.state_dir)
        if known is not None:
            with redis.Redis.from_url(known.redis_url, protocol=2) as client:
                client.flushall()
            self.done["flush redis"] += 1

    def jump_clock(self) -> None:
        """A simulated system's clock, up to a few hours forth, and back to ours."""
        system = self._dice.choice(("salesforce", "netsuite", "workday"))
        url = f"{self._demo.systems[system]}/_sandbox/clock"
        if self._dice.random() < 0.6:
            request("POST", url, body={"advance_s": self._dice.randint(60, 3 * 3600)})
        else:
            request("DELETE", url)
        self.done["jump clock"] += 1

    def deliver_again(self) -> None:
        """Old deliveries once more, in no order; or the time tool read again from some hours ago."""
        if self._dice.random() < 0.6:
            self.done["deliveries repeated"] += self._execute(_AGAIN, self._dice.randint(5, 60))
        else:
            self.done["feed read again"] += self._execute(_BACK, self._dice.randint(1, 48))

    def relay_again(self) -> None:
        """Published events offered to their subscribers once more."""
        self.done["events relayed again"] += self._execute(_RELAY_AGAIN, self._dice.randint(5, 60))

    def end_sessions(self) -> None:
        """Every database session is cut."""
        cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'ledgerway%%' or %s"
        self._execute(cut, False)
        self.done["sessions cut"] += 1

    def stop(self) -> None:
        """Nothing breaks any more: switches off, clocks right, the second worker goes in order."""
        for url in self._demo.systems.values():
            for switch in ("faults", "clock"):
                request("DELETE", f"{url}/_sandbox/{switch}")
        if self.second is not None and self.second.poll() is None:
            self.second.terminate()
            self.second.wait(60)

    def _execute(self, sql: str, value: object) -> int:
        known = running(self._demo.state_dir)
        if known is None:
            return 0
        with psycopg.connect(known.database_url, autocommit=True) as connection:
            return connection.execute(sql, (value,)).rowcount

    def _home(self) -> Path:
        home = (self._demo.state_dir / "servers-home").read_text().strip()
        return (self._demo.state_dir / home / "postgres").resolve()
