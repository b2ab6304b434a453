"""Serves every port operation of every connection."""

from runtime.bind import Served
from runtime.ports import Ports, system_operations


def served(ports: Ports) -> tuple[Served, ...]:
    """The operations of all ports at their addresses; a tenant's connections say which vendor answers."""
    return system_operations(ports)
