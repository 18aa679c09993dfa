from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from eventlake.deploy.cloudformation import Template, read_template
from eventlake.deploy.root_stack import root_stack_text
from eventlake.deploy.terraform.expressions import Scope
from eventlake.deploy.terraform.variables import variable, variables
from eventlake.errors import ConfigurationError
from eventlake.sources import load

ROOT = read_template(root_stack_text(load()))
SCOPE = Scope("root.yaml", ROOT["Parameters"], {}, "local.aws", "var.name")


def test_a_parameter_is_a_variable_of_its_type_and_default() -> None:
    """Numbers stay numbers, and a text that is no one else's business is sensitive."""
    found = variables(ROOT, SCOPE)
    assert found["buffering_hints_size_in_mbs"]["type"] == "number"
    assert found["buffering_hints_size_in_mbs"]["default"] == 64
    assert found["alert_webhook_url"]["sensitive"] is True
    assert found["log_format"]["validation"] == [
        {"condition": '${contains(["parquet", "json"], var.log_format)}', "error_message": "log_format is one of parquet, json."}
    ]


@pytest.mark.parametrize("parameter", [{"Type": "List<Number>"}, {"Type": "String", "NoEchos": True}])
def test_a_parameter_that_is_not_known_is_refused(parameter: Template) -> None:
    """A constraint that Terraform is not told would let through what CloudFormation refuses."""
    with pytest.raises(ConfigurationError, match=r"the parameter Size says .* not known"):
        variable("Size", parameter, SCOPE)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"buffering_hints_size_in_mbs": 5}, "With LogFormat parquet BufferingHintsSizeInMBs is 64 or more"),
        ({"buffering_hints_size_in_mbs": 129}, "buffering_hints_size_in_mbs is from 1 to 128."),
        ({"kms_key_arn": "alias/mine"}, "kms_key_arn: The ARN of a KMS key, or nothing."),
        ({"log_retention_days": 2}, "log_retention_days is one of 1, 3, 5"),
        ({"buffering_hints_size_in_mbs": 5, "log_format": "json"}, ""),
    ],
)
def test_terraform_refuses_what_cloudformation_refuses(given: dict[str, Any], message: str, tmp_path: Path) -> None:
    """A value that a parameter does not take ends a plan before anything is made, the rules between two parameters too."""
    (tmp_path / "main.tf.json").write_text(json.dumps({"variable": variables(ROOT, SCOPE)}))
    (tmp_path / "terraform.tfvars.json").write_text(json.dumps(given))
    done = subprocess.run(["terraform", "plan", "-no-color"], cwd=tmp_path, capture_output=True, text=True, check=False)
    said = re.sub(r"[\s│]+", " ", done.stderr)
    assert message in said
    assert (done.returncode == 0) == (message == "")
