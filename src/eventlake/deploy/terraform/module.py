"""A template as a Terraform module: parameters are variables, conditions locals, nested stacks modules."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from eventlake.deploy.cloudformation import Template
from eventlake.deploy.parameters import LAKE_NAME
from eventlake.deploy.terraform.arguments import Apart
from eventlake.deploy.terraform.bodies import Body, Resource, kind_of, resources
from eventlake.deploy.terraform.expressions import Address, Scope, expression, snake, value
from eventlake.deploy.terraform.variables import variable, variables

STACK = "AWS::CloudFormation::Stack"
ROOT = "root.yaml"
COMMENT = "Written by `eventlake terraform` from the CloudFormation templates; changes made here are overwritten."
REQUIREMENTS = {"required_version": ">= 1.9", "required_providers": {"aws": {"source": "hashicorp/aws", "version": "~> 6.66"}}}
"""1.9 is the first Terraform whose variables may ask something of each other; 6.66 the provider whose schema the arguments are compared with."""

_ACCOUNT = "object({ account_id = string, region = string, partition = string, dns_suffix = string })"


def module(path: str, templates: Mapping[str, Template]) -> Template:
    """Write the module of a template. path: of the template, below templates/, as all of them are named.

    Raises ConfigurationError for what has no counterpart in Terraform.
    """
    template = templates[path]
    scope = _scope(path, template)
    own = {name: resource for name, resource in template["Resources"].items() if resource["Type"] != STACK}
    stacks = {name: resource for name, resource in template["Resources"].items() if resource["Type"] == STACK}
    found = [one for name, resource in own.items() for one in _awaiting(name, resource, template, scope)]
    outputs = {snake(name): _output(output, scope) for name, output in template.get("Outputs", {}).items()}
    written = {
        "//": COMMENT,
        "terraform": REQUIREMENTS,
        "variable": {**_given(path, templates, scope), **variables(template, scope)},
        "locals": {snake(name): f"${{{expression(part, scope)}}}" for name, part in template.get("Conditions", {}).items()},
        "resource": _by_type(found),
        "module": {snake(name): _nested(path, resource, templates, scope) for name, resource in stacks.items()},
        "output": outputs,
    }
    if path == ROOT:
        _add_root(written, template, scope)
    return {name: part for name, part in written.items() if part}


def folder_of(path: str) -> str:
    """Return the folder of a template's module, below that of them all."""
    return "." if path == ROOT else f"modules/{path.removesuffix('.yaml')}"


def _scope(path: str, template: Template) -> Scope:
    bare = Scope(path, template["Parameters"], {}, "", "")
    addresses = {name: _address(name, resource, bare) for name, resource in template["Resources"].items()}
    root = path == ROOT
    return Scope(path, template["Parameters"], addresses, "local.aws" if root else "var.aws", "var.name")


def _address(name: str, resource: Template, scope: Scope) -> Address:
    counted = "Condition" in resource
    if resource["Type"] == STACK:
        return Address(f"module.{snake(name)}", counted, "", None)
    kind = kind_of(name, resource, scope)
    return Address(f"{kind.type}.{snake(name)}", counted, kind.value, kind.attributes)


def _awaiting(name: str, resource: Template, template: Template, scope: Scope) -> list[Resource]:
    """Write a resource and what it waits for: what the template says, and the rights of a role, which CloudFormation makes with the role."""
    said = resource.get("DependsOn", [])
    first = [scope.resources[one].address for one in ([said] if isinstance(said, str) else said)]
    for other in sorted(_referred(resource.get("Properties", {}), template) - {name}):
        first += [right.address for right in _rights(other, template, scope)]
    found = resources(name, resource, scope)
    if first:
        found[0].body["depends_on"] = first
    return found


def _rights(name: str, template: Template, scope: Scope) -> Iterator[Resource]:
    """Yield what comes with a resource before others may use it."""
    resource = template["Resources"][name]
    if resource["Type"] == STACK:
        return
    before = {part.type for part in kind_of(name, resource, scope).arguments.values() if isinstance(part, Apart) and part.before}
    yield from (one for one in resources(name, resource, scope) if one.type in before) if before else ()


def _referred(part: Any, template: Template) -> set[str]:  # a part of a template
    """Return the resources that a part of a template refers to by name or attribute."""
    if isinstance(part, dict):
        names = {str(part.get("Ref")), part.get("Fn::GetAtt", [""])[0], *re.findall(r"\$\{(\w+)", str(part.get("Fn::Sub", "")))}
        own = {name for name in template["Resources"] if name in names}
        return own.union(*(_referred(inner, template) for inner in part.values()))
    if isinstance(part, list):
        return {name for inner in part for name in _referred(inner, template)}
    return set()


def _given(path: str, templates: Mapping[str, Template], scope: Scope) -> dict[str, Template]:
    """Write the variables that have no parameter: the lake's name, where it is deployed, and the functions' code."""
    if path == ROOT:
        named = variable("name", LAKE_NAME, scope)
        return {"name": named}
    given: dict[str, Template] = {"aws": {"type": _ACCOUNT, "description": "Where the lake is deployed."}}
    if _has_code(path, templates):
        given["code"] = {"type": "string", "description": "Path of the archive with the functions' code."}
    return given


def _has_code(path: str, templates: Mapping[str, Template]) -> bool:
    """Return True if there are functions in a template, or in one nested in it."""
    found = templates[path]["Resources"].values()
    nested = (_template_of(path, resource) for resource in found if resource["Type"] == STACK)
    return any(resource["Type"] == "AWS::Lambda::Function" for resource in found) or any(_has_code(inner, templates) for inner in nested)


def _template_of(path: str, stack: Template) -> str:
    """Return the path of a nested stack's template."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), stack["Properties"]["TemplateURL"]))


def _nested(path: str, stack: Template, templates: Mapping[str, Template], scope: Scope) -> Body:
    """Write a nested stack. It waits for the whole of those whose outputs it takes, as CloudFormation does."""
    inner = _template_of(path, stack)
    source = posixpath.relpath(folder_of(inner), folder_of(path))
    body: Body = {"source": source if source.startswith(".") else f"./{source}"}
    if "Condition" in stack:
        body["count"] = f"${{local.{snake(stack['Condition'])} ? 1 : 0}}"
    parameters = stack["Properties"]["Parameters"]
    body |= {"aws": f"${{{scope.aws}}}"}
    if _has_code(inner, templates):
        body["code"] = "${path.module}/functions.zip" if path == ROOT else "${var.code}"
    body |= {snake(name): value(part, scope) for name, part in parameters.items()}
    others = sorted(_referred(parameters, templates[path]))
    return {**body, **({"depends_on": [scope.resources[one].address for one in others]} if others else {})}


def _output(output: Template, scope: Scope) -> Template:
    return {"description": output["Description"], "value": f"${{{_told(output, scope)}}}"}


def _told(output: Template, scope: Scope) -> str:
    """Write the value of an output; null where its condition does not hold."""
    written = expression(output["Value"], scope)
    return f"(local.{snake(output['Condition'])} ? {written} : null)" if "Condition" in output else written


def _by_type(found: list[Resource]) -> dict[str, dict[str, Body]]:
    """Write resources by their types and names. Each name is taken once: a template's is, and a part's begins with it."""
    written: dict[str, dict[str, Body]] = {}
    for resource in found:
        written.setdefault(resource.type, {})[resource.name] = resource.body
    return written


def _add_root(written: Template, template: Template, scope: Scope) -> None:
    """Add where the lake is deployed, and a stack that holds nothing but its outputs, by which `--lake aws:NAME` finds it."""
    written["data"] = {"aws_caller_identity": {"current": {}}, "aws_region": {"current": {}}, "aws_partition": {"current": {}}}
    where = {
        "account_id": "${data.aws_caller_identity.current.account_id}",
        "region": "${data.aws_region.current.region}",
        "partition": "${data.aws_partition.current.partition}",
        "dns_suffix": "${data.aws_partition.current.dns_suffix}",
    }
    outputs = {name: f"${{{_told(output, scope)}}}" for name, output in template["Outputs"].items()}
    written["locals"] |= {"aws": where, "outputs": outputs}
    shown = "{for name, value in local.outputs : name => { Value = value } if value != null}"
    nothing = 'Lake = { Type = "AWS::CloudFormation::WaitConditionHandle" }'
    text = f'Description = "eventlake - where to find the lake that Terraform deployed.", Resources = {{ {nothing} }}, Outputs = {shown}'
    stack = {"name": "${var.name}", "template_body": f"${{jsonencode({{ {text} }})}}"}
    written["resource"] = {"aws_cloudformation_stack": {"lake": stack}}
