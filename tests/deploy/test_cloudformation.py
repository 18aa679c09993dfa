from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.deploy.cloudformation import Tagged, attribute, equals, read_template, ref, sub, template_text, when
from eventlake.stack_names import logical_id

TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=40) | st.sampled_from(
    ["on", "no", "2012-10-17", "!Ref x", "a: b", "- a", "# c", "'", '"', "{a}", "${A}", "*", "&x", "1", "null", "", "a\nb\n", "x, y", "[z]"]
)


@given(
    st.recursive(
        TEXTS | st.booleans() | st.integers(), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
    )
)
def test_what_is_written_is_what_is_read(value: object) -> None:
    """Any text, also one that YAML would take for something else, comes back as it was."""
    assert read_template(template_text({"It": value}, "comment")) == {"It": value}


@given(TEXTS.filter(lambda text: text != ""))
def test_a_tagged_text_is_what_is_read(text: str) -> None:
    """An intrinsic function's argument needs no quotes in most cases, and has them in the others."""
    assert read_template(template_text({"It": sub(text), "List": [sub(text), "b"]}, "")) == {
        "It": {"Fn::Sub": text},
        "List": [{"Fn::Sub": text}, "b"],
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (ref("AWS::Region"), "It: !Ref AWS::Region\n"),
        (attribute("Lake", "Outputs.LogBucket"), "It: !GetAtt Lake.Outputs.LogBucket\n"),
        (when("HasKey", ref("KmsKeyArn")), "It: !If [HasKey, !Ref KmsKeyArn, !Ref 'AWS::NoValue']\n"),
        (Tagged("Not", [equals("Alarms", "on")]), "It: !Not [!Equals [!Ref Alarms, 'on']]\n"),
        ([{"Name": "a", "Type": "string"}], "It:\n  - {Name: a, Type: string}\n"),
        ("select 1\nfrom t\n", "It: |\n  select 1\n  from t\n"),
    ],
)
def test_a_template_is_written_as_a_person_would(value: object, text: str) -> None:
    """Short forms of intrinsic functions, short lists on one line, statements as blocks."""
    assert template_text({"It": value}, "") == text


def test_a_logical_id_is_made_of_words() -> None:
    """Names in snake case and with hyphens become what CloudFormation takes."""
    assert logical_id("pipeline_execution_state_change", "lost-Alarm") == "PipelineExecutionStateChangeLostAlarm"
