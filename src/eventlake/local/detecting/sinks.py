"""Who is told of alerts: `sinks.toml` in the lake's folder -> sinks, each with the severity from which on it is told.

[[sink]]
name = "on-call"
kind = "webhook"                 # POST, as JSON; 2xx acknowledges
url_env = "ON_CALL_URL"          # or url = "https://..."; the URL is a secret: nothing shows it
form = "slack"                   # slack, teams, or event (the event as it is), the default
severity = "high"                # this and above; default low: what is information lies in the table alone
detections = ["rollback"]        # told of these as well, whatever their severity

[[sink]]
name = "pager"
kind = "command"                 # the event as JSON on stdin; exit code 0 acknowledges
argv = ["/usr/local/bin/page"]   # no shell

[[sink]]
name = "log"
kind = "file"                    # JSON lines
path = "alerts.jsonl"            # below the lake's folder, if it is no absolute path
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from eventlake.detections.header import SEVERITIES, SINKS_FROM
from eventlake.errors import ConfigurationError
from eventlake.local.detecting.messages import FORMS
from eventlake.local.detecting.receivers import CommandReceiver, FileReceiver, Receiver, WebhookReceiver
from eventlake.naming import nearest

SINKS = "sinks.toml"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_SHARED = ("name", "kind", "severity", "detections")
_KEYS = {"file": ("path",), "command": ("argv",), "webhook": ("url", "url_env", "form")}


@dataclass(frozen=True, slots=True)
class Sink:
    """One who is told: a name of the user's, from which severity on, what it is told by, and of which detections whatever their severity."""

    name: str
    severity: str
    receiver: Receiver
    detections: tuple[str, ...] = ()

    def wants(self, severity: str, detection: str) -> bool:
        """Return True if it is to be told of an alert of a detection that has this severity."""
        return detection in self.detections or SEVERITIES.index(severity) >= SEVERITIES.index(self.severity)


def read_sinks(lake: Path, environment: Mapping[str, str] | None = None) -> tuple[Sink, ...]:
    """Read the sinks of a lake; none if it has no such file. environment: where secrets may stand. Raises ConfigurationError."""
    file = lake / SINKS
    try:
        declared = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise ConfigurationError(f'"{file}" cannot be read: {error.strerror}.') from None
    except (ValueError, RecursionError):  # what is wrong may be shown with the line it stands in, which may hold a secret
        raise ConfigurationError(f'"{file}" is not TOML in UTF-8; see docs/alerts.md for what it holds.') from None
    return _sinks(file, declared, lake, os.environ if environment is None else environment)


def require_known(sinks: Sequence[Sink], detections: Collection[str]) -> None:
    """Raise ConfigurationError if a sink names a detection that there is not."""
    for sink in sinks:
        if unknown := next((name for name in sink.detections if name not in detections), None):
            raise ConfigurationError(
                f'{SINKS}: the sink "{sink.name}" names the detection "{unknown}", which there is not.{nearest(unknown, list(detections))} '
                "`eventlake detections` lists them."
            )


def _sinks(file: Path, declared: dict[str, Any], lake: Path, environment: Mapping[str, str]) -> tuple[Sink, ...]:  # TOML values
    entries = declared.get("sink", [])
    if unknown := next((key for key in declared if key != "sink"), None):
        raise ConfigurationError(f'"{file}": unknown key "{unknown}"; each sink begins with [[sink]].')
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigurationError(f'"{file}": each sink begins with [[sink]].')
    found = tuple(_Entry(f'"{file}", sink {number}', entry).sink(lake, environment) for number, entry in enumerate(entries, 1))
    names = [sink.name for sink in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigurationError(f'"{file}": two sinks are named "{twice}"; what each was told is kept by its name.')
    return found


class _Entry:
    """One sink as it is declared. Errors show no value: it may be a secret."""

    def __init__(self, where: str, values: Mapping[str, Any]) -> None:  # TOML values
        self._where = where
        self._values = values

    def sink(self, lake: Path, environment: Mapping[str, str]) -> Sink:
        name = self._text("name")
        if not _NAME.fullmatch(name):
            raise self._wrong('"name" is letters, digits, ".", "_" and "-", at most 64')
        self._where = f'{self._where} ("{name}")'
        kind = self._one_of("kind", tuple(_KEYS))
        self._only((*_SHARED, *_KEYS[kind]))
        severity = self._one_of("severity", SEVERITIES, SINKS_FROM)
        return Sink(name, severity, self._receiver(kind, lake, environment), self._detections())

    def _receiver(self, kind: str, lake: Path, environment: Mapping[str, str]) -> Receiver:
        if kind == "file":
            return FileReceiver(lake / self._text("path"))
        if kind == "command":
            return CommandReceiver(self._argv())
        return WebhookReceiver(self._url(environment), self._one_of("form", tuple(FORMS), "event"))

    def _detections(self) -> tuple[str, ...]:
        names = self._values.get("detections", [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise self._wrong('"detections" is a list of names; `eventlake detections` lists them')
        return tuple(names)

    def _argv(self) -> tuple[str, ...]:
        argv = self._values.get("argv")
        if not isinstance(argv, list) or not argv or not all(isinstance(word, str) and "\0" not in word for word in argv) or not argv[0]:
            raise self._wrong('"argv" is the program and its arguments, a list of texts')
        return tuple(argv)

    def _url(self, environment: Mapping[str, str]) -> str:
        if ("url" in self._values) == ("url_env" in self._values):
            raise self._wrong('name the webhook with "url", or with "url_env" the variable of the environment that holds it')
        if "url" in self._values:
            return self._checked(self._text("url"))
        variable = self._text("url_env")
        if not environment.get(variable):
            raise self._wrong(f'the variable "{variable}" of "url_env" is not set where the lake is served')
        return self._checked(environment[variable])

    def _checked(self, url: str) -> str:
        """Return a URL that alerts may go to: encrypted, or on this machine."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host, parts = None, urlsplit("")
        if not host or not url.isascii() or not url.isprintable() or " " in url:
            raise self._wrong("the URL of the webhook is none")
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_own(host)):
            raise self._wrong("the URL of a webhook begins with https://; http:// is for this machine, localhost or 127.0.0.1")
        return url

    def _text(self, key: str) -> str:
        value = self._values.get(key)
        if not isinstance(value, str) or not value:
            raise self._wrong(f'"{key}" is missing, or no text')
        return value

    def _one_of(self, key: str, known: Sequence[str], default: str | None = None) -> str:
        value = self._values.get(key, default)
        if value not in known:
            raise self._wrong(f'"{key}" is one of {", ".join(known)}')
        return str(value)

    def _only(self, known: Sequence[str]) -> None:
        if unknown := next((key for key in self._values if key not in known), None):
            raise self._wrong(f'unknown key "{unknown}".{nearest(unknown, known)} Keys: {", ".join(known)}')

    def _wrong(self, what: str) -> ConfigurationError:
        return ConfigurationError(f"{self._where}: {what}.")


def _is_own(host: str) -> bool:
    """Return True if a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
