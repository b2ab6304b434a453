"""What held work exports: its operations."""

from contracts.process.held_desk import HeldDesk
from process_apis.held.commands import HeldCommands
from runtime.services import Services
from runtime.work.process import Process


def build(services: Services) -> Process:
    """The process `held`."""
    return Process(name="held", contract=HeldDesk, implementation=HeldCommands(services))
