"""What `sinks.toml` says, and what is wrong with it, without a secret in any sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventlake.errors import ConfigurationError
from eventlake.local.detecting.sinks import SINKS, read_sinks, require_known

SECRET = "https://hooks.example.com/T0/B0/s3cr3t"


def _write(folder: Path, text: str) -> None:
    (folder / SINKS).write_text(text, "utf-8")


def test_without_the_file_nobody_is_told(tmp_path: Path) -> None:
    """The table has the alerts all the same."""
    assert read_sinks(tmp_path) == ()


def test_each_kind_is_read(tmp_path: Path) -> None:
    """With the severity from which on it is told."""
    _write(
        tmp_path,
        f"""
[[sink]]
name = "chat"
kind = "webhook"
url = "{SECRET}"
form = "slack"
severity = "high"

[[sink]]
name = "flow"
kind = "webhook"
url_env = "FLOW"
form = "teams"

[[sink]]
name = "pager"
kind = "command"
argv = ["/usr/bin/page", "--now"]
severity = "critical"

[[sink]]
name = "log"
kind = "file"
path = "alerts.jsonl"
""",
    )
    sinks = read_sinks(tmp_path, {"FLOW": "http://127.0.0.1:9/x"})
    assert [(sink.name, sink.severity) for sink in sinks] == [("chat", "high"), ("flow", "low"), ("pager", "critical"), ("log", "low")]
    assert [
        [sink.name for sink in sinks if sink.wants(severity, "x")] for severity in ("information", "low", "medium", "high", "critical")
    ] == [
        [],
        ["flow", "log"],
        ["flow", "log"],
        ["chat", "flow", "log"],
        ["chat", "flow", "pager", "log"],
    ]


def test_a_sink_is_told_of_detections_that_it_names_whatever_their_severity(tmp_path: Path) -> None:
    """What is information reaches nobody else."""
    _write(tmp_path, "[[sink]]\nname = 'log'\nkind = 'file'\npath = 'x'\nseverity = 'high'\ndetections = ['rollback']")
    [sink] = read_sinks(tmp_path, {})
    assert [sink.wants("information", "rollback"), sink.wants("information", "stuck"), sink.wants("medium", "stuck")] == [
        True,
        False,
        False,
    ]
    require_known([sink], {"rollback", "stuck"})
    with pytest.raises(
        ConfigurationError, match=r'the sink "log" names the detection "rollback", which there is not. Did you mean "rollbacks"'
    ):
        require_known([sink], {"rollbacks"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sink = 1", "[[sink]]"),
        ("[sinks]", 'unknown key "sinks"'),
        ("[[sink]]\nkind = 'file'\npath = 'x'", '"name" is missing'),
        ("[[sink]]\nname = 'a b'\nkind = 'file'\npath = 'x'", '"name" is letters'),
        ("[[sink]]\nname = 'a'\nkind = 'mail'", '"kind" is one of file, command, webhook'),
        ("[[sink]]\nname = 'a'\nkind = 'file'\npath = 'x'\nurl = 'SECRET'", 'unknown key "url"'),
        ("[[sink]]\nname = 'a'\nkind = 'file'\npath = 'x'\nseverity = 'bad'", '"severity" is one of information, low'),
        ("[[sink]]\nname = 'a'\nkind = 'file'\npath = 'x'\ndetections = 'rollback'", '"detections" is a list of names'),
        ("[[sink]]\nname = 'a'\nkind = 'file'", '"path" is missing'),
        ("[[sink]]\nname = 'a'\nkind = 'command'\nargv = 'page SECRET'", '"argv" is the program'),
        ("[[sink]]\nname = 'a'\nkind = 'command'\nargv = []", '"argv" is the program'),
        ("[[sink]]\nname = 'a'\nkind = 'webhook'", 'name the webhook with "url"'),
        ("[[sink]]\nname = 'a'\nkind = 'webhook'\nurl = 'SECRET'\nurl_env = 'X'", 'name the webhook with "url"'),
        ("[[sink]]\nname = 'a'\nkind = 'webhook'\nurl_env = 'X'", 'the variable "X"'),
        ("[[sink]]\nname = 'a'\nkind = 'webhook'\nurl = 'http://hooks.example.com/s3cr3t'", "begins with https://"),
        ("[[sink]]\nname = 'a'\nkind = 'webhook'\nurl = 'file:///etc/s3cr3t'", "the URL of the webhook is none"),
        ("[[sink]]\nname = 'a'\nkind = 'webhook'\nurl = 'ftp://127.0.0.1/s3cr3t'", "begins with https://"),
        (
            "[[sink]]\nname = 'a'\nkind = 'webhook'\nurl = 'https://hooks.example.com/s3cr3t\\u000d\\u000aHost: x'",
            "the URL of the webhook is none",
        ),
        ('[[sink]]\nname = "a"\nkind = "webhook"\nurl = "https://hooks.example.com/s3cr3t\\r\\nHost: x"', "the URL of the webhook is none"),
        ("[[sink]]\nname = 'a'\nkind = 'webhook'\nurl = 'https://[s3cr3t/'", "the URL of the webhook is none"),
        ("[[sink]]\nname = 'a'\nkind = 'webhook'\nurl = 'https://x.example:s3cr3t/'", "the URL of the webhook is none"),
        ("[[sink]]\nname = 'a'\nkind = 'webhook'\nurl = 'SECRET'\nform = 'irc'", '"form" is one of event, slack, teams'),
        ("[[sink]]\nname = 'a'\nkind = 'file'\npath = 'x'\n[[sink]]\nname = 'a'\nkind = 'file'\npath = 'y'", 'two sinks are named "a"'),
        ("url = 'SECRET", "is not TOML"),
    ],
)
def test_what_is_wrong_is_said_without_a_secret(tmp_path: Path, text: str, words: str) -> None:
    """A URL, an argument and a line that cannot be read may be secret."""
    _write(tmp_path, text.replace("SECRET", SECRET))
    with pytest.raises(ConfigurationError) as error:
        read_sinks(tmp_path, {})
    assert words in str(error.value)
    assert "s3cr3t" not in str(error.value)
    assert str(error.value).endswith(".")
