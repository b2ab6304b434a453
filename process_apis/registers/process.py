"""What the registers export: their commands, and the sweep that tells of missed deadlines."""

from contracts.process.registers import Registers
from process_apis.registers import exceptions
from process_apis.registers.commands import RegisterCommands
from process_apis.registers.unit import Unit
from runtime.services import Services
from runtime.work.calls import system_call
from runtime.work.process import Process
from runtime.work.sweeps import Sweep
from runtime.work.unit import unit_of_work


def build(services: Services) -> Process:
    """The process `registers`."""

    async def deadlines() -> None:
        for tenant in services.ports.connections.tenants():
            async with unit_of_work(services.database) as connection:
                unit = Unit(connection, system_call(tenant, "system:deadlines"), services.clock.now())
                await exceptions.breach(unit)

    return Process(
        name="registers",
        contract=Registers,
        implementation=RegisterCommands(services),
        sweeps=(Sweep("deadlines", 60, deadlines),),
    )
