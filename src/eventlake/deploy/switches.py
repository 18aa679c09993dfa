"""How a source is switched on: by which parameters and under which condition, in templates/root.yaml and templates/sources.yaml alike.

A source of the default bus is switched by a parameter of its title (`CodePipeline`: on or off), any other by naming its event bus.
"""

from __future__ import annotations

from eventlake.deploy.cloudformation import Tagged, Template, equals, is_set
from eventlake.deploy.parameters import database_parameter, event_bus_parameter
from eventlake.model import Source
from eventlake.stack_names import database_name, short_title


def switch(source: Source) -> str:
    """Return the condition under which a source is deployed."""
    return f"Has{short_title(source)}"


def condition(source: Source) -> Tagged:
    """Say when it holds."""
    return equals(short_title(source), "on") if source.bus == "default" else is_set(bus_name(source))


def bus_name(source: Source) -> str:
    """Return the name of the parameter that names its event bus."""
    return source.stack.event_bus_parameter or f"{short_title(source)}EventBusName"


def own_parameters(source: Source) -> Template:
    """Describe the parameters of a source: its switch, and the name of its database."""
    database = {database_name(source): database_parameter(source)}
    if source.bus != "default":
        return {bus_name(source): event_bus_parameter(source, optional=True), **database}
    onoff = {
        "Type": "String",
        "Default": "on" if source.stack.deployed else "off",
        "AllowedValues": ["on", "off"],
        "Description": f"Whether events of {source.title} are captured.",
    }
    return {short_title(source): onoff, **database}
