"""The APIs of a history, asked as the commands ask them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unittest import mock

from eventlake.apis.aws.asking import Asked
from eventlake.apis.aws.codepipeline import PipelineHistory, pipelines
from eventlake.apis.aws.derived import Place
from eventlake.apis.aws.together import Together
from eventlake.backends.aws import Session
from eventlake.interfaces import Page
from pipeline_api import Api, Told, listening

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "id",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_CONFIG_FILE": "none",
    "AWS_SHARED_CREDENTIALS_FILE": "none",
}


@contextmanager
def api_of(events: Sequence[Mapping[str, Any]]) -> Iterator[Api]:
    """Tell what CodePipeline's API knows once these events have been sent."""
    with mock.patch.dict(os.environ, CREDENTIALS), listening(Told.of(events)) as api:
        yield api


def history(
    api: Api, region: str, account: str, since: datetime, until: datetime | None = None, pauses: list[float] | None = None
) -> Together:
    """The history of every pipeline of a region. pauses: takes how long it waited, in place of waiting."""
    said: list[float] = [] if pauses is None else pauses
    asked = Asked(Session(None, region, api.url), "codepipeline", Place(account, region), said.append)
    return Together(f"of/{region}", {name: PipelineHistory(asked, name, since, until) for name in pipelines(asked)})


def events_of(pages: Iterator[Page]) -> list[dict[str, Any]]:
    """The events of pages."""
    return [json.loads(body) for page in pages for body in page.events]
