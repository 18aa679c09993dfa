"""How a source is switched on: by which parameters and under which condition, in templates/root.yaml and templates/sources.yaml alike.

A source of the default bus is switched by a parameter of its title (`CodePipeline`: on or off), any other by naming its event bus; a source
that has a webhook also by naming the secret with its tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

from eventlake.deploy.cloudformation import Tagged, Template, equals, is_set
from eventlake.deploy.parameters import database_parameter, event_bus_parameter, webhook_parameter
from eventlake.model import Source
from eventlake.stack_names import database_name, short_title, webhook_name


def switch(source: Source) -> str:
    """Return the condition under which a source is deployed."""
    return f"Has{short_title(source)}"


def condition(source: Source) -> Tagged:
    """Say when it holds."""
    on_bus = equals(short_title(source), "on") if source.bus == "default" else is_set(bus_name(source))
    return on_bus if source.webhook is None else Tagged("Or", [on_bus, is_set(webhook_name(source))])


def webhook_switch(source: Source) -> str:
    """Return the condition under which its webhook is deployed."""
    return f"Has{short_title(source)}Webhook"


def conditions(sources: Sequence[Source]) -> Template:
    """Describe the conditions of these sources and of their webhooks."""
    of_webhooks = {webhook_switch(source): is_set(webhook_name(source)) for source in sources if source.webhook is not None}
    return {switch(source): condition(source) for source in sources} | of_webhooks


def bus_name(source: Source) -> str:
    """Return the name of the parameter that names its event bus."""
    return source.stack.event_bus_parameter or f"{short_title(source)}EventBusName"


def own_parameters(source: Source) -> Template:
    """Describe the parameters of a source: its switch, and the name of its database."""
    database = {database_name(source): database_parameter(source)}
    if source.webhook is not None:
        database[webhook_name(source)] = webhook_parameter(source)
    if source.bus != "default":
        return {bus_name(source): event_bus_parameter(source, optional=True), **database}
    onoff = {
        "Type": "String",
        "Default": "on" if source.stack.deployed else "off",
        "AllowedValues": ["on", "off"],
        "Description": f"Whether events of {source.title} are captured.",
    }
    return {short_title(source): onoff, **database}
