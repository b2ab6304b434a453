"""Finds the processes and binds what they serve."""

import importlib

from runtime import catalogue
from runtime.bind import Served, bind, serve_in_process
from runtime.services import Services
from runtime.work.process import Process

PREFIX = "/process/v1"


def processes(services: Services) -> tuple[Process, ...]:
    """Every process folder's export, by name."""
    return tuple(
        importlib.import_module(f"process_apis.{name}.process").build(services) for name in catalogue.processes()
    )


def served(found: tuple[Process, ...], services: Services) -> tuple[Served, ...]:
    """The operations of all processes at their addresses."""
    return tuple(
        operation
        for process in found
        if process.contract is not None
        for operation in serve_in_process(
            process.contract, bind(process.contract, process.implementation, services.clock), PREFIX
        )
    )
