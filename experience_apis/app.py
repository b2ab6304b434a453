"""Finds the views and binds what they serve."""

import importlib

from runtime import catalogue
from runtime.bind import Served, bind, serve_in_process
from runtime.services import Services
from runtime.work.process import Process

PREFIX = "/experience/v1"


def views(services: Services) -> tuple[Process, ...]:
    """Every view folder's export, by name."""
    return tuple(importlib.import_module(f"experience_apis.{name}.view").build(services) for name in catalogue.views())


def served(found: tuple[Process, ...], services: Services) -> tuple[Served, ...]:
    """The operations of all views at their addresses."""
    return tuple(
        operation
        for view in found
        if view.contract is not None
        for operation in serve_in_process(
            view.contract, bind(view.contract, view.implementation, services.clock), PREFIX
        )
    )
