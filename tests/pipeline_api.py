"""The APIs of AWS's Developer Tools on a real socket, telling a history: every request and answer is checked against botocore's model."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import botocore.session
from botocore.validate import validate_parameters

ACCOUNT = "123456789012"
SERVICES = {"CodePipeline_20150709": "codepipeline", "CodeBuild_20161006": "codebuild", "CodeDeploy_20141006": "codedeploy"}
STATUSES = {
    "STARTED": "InProgress",
    "RESUMED": "InProgress",
    "STOPPING": "Stopping",
    "STOPPED": "Stopped",
    "CANCELED": "Cancelled",
    "FAILED": "Failed",
    "SUCCEEDED": "Succeeded",
    "SUPERSEDED": "Superseded",
}
RUNS = {"STARTED": "InProgress", "ABANDONED": "Abandoned", "CANCELED": "Abandoned", "FAILED": "Failed", "SUCCEEDED": "Succeeded"}

Json = dict[str, Any]
Event = Mapping[str, Any]


@dataclass
class Told:
    """What the APIs know: by region and pipeline the executions and runs of actions, the newest first; builds and deployments by region."""

    executions: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    actions: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    builds: dict[str, list[Json]] = field(default_factory=dict)
    deployments: dict[str, list[Json]] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Iterable[Event]) -> Told:
        """Return what CodePipeline's API would tell once these events have been sent."""
        executions: dict[str, Json] = {}
        runs: dict[str, Json] = {}
        found = cls()
        for event in events:
            detail = event["detail"]
            where = (event["region"], detail["pipeline"])
            if event["detail-type"].startswith("CodePipeline Pipeline"):
                if detail["execution-id"] not in executions:
                    found.executions.setdefault(where, []).insert(0, executions.setdefault(detail["execution-id"], _execution(event)))
                _told_of_execution(executions[detail["execution-id"]], event)
            elif event["detail-type"].startswith("CodePipeline Action"):
                if detail["action-execution-id"] not in runs:
                    found.actions.setdefault(where, []).insert(0, runs.setdefault(detail["action-execution-id"], _run(event)))
                _told_of_run(runs[detail["action-execution-id"]], event)
        for where, listed in found.executions.items():
            listed.sort(key=lambda one: one["startTime"], reverse=True)
            found.actions.setdefault(where, []).sort(key=lambda one: one["startTime"], reverse=True)
            for one in listed:
                _with_source(one, [run for run in found.actions[where] if run["pipelineExecutionId"] == one["pipelineExecutionId"]])
        return found


def _execution(event: Event) -> Json:
    detail = event["detail"]
    trigger = detail.get("execution-trigger", {})
    return {
        "pipelineExecutionId": detail["execution-id"],
        "startTime": datetime.fromisoformat(detail["start-time"]),
        "trigger": {"triggerType": trigger["trigger-type"], "triggerDetail": trigger["trigger-detail"]},
        "sourceRevisions": [],
        "executionType": "STANDARD",
        "executionMode": "SUPERSEDED",
    }


def _told_of_execution(one: Json, event: Event) -> None:
    detail = event["detail"]
    one["status"] = STATUSES[detail["state"]]
    one["lastUpdateTime"] = max(datetime.fromisoformat(event["time"]), one["startTime"])
    if "stop-execution-comments" in detail:
        one["stopTrigger"] = {"reason": detail["stop-execution-comments"]}
    trigger = detail.get("execution-trigger", {})
    if "commit-id" in trigger:
        one["_git"] = trigger


def _run(event: Event) -> Json:
    detail = event["detail"]
    given = {"actionTypeId": detail["type"], "region": detail["region"], "configuration": {}, "resolvedConfiguration": {}}
    return {
        "pipelineExecutionId": detail["execution-id"],
        "actionExecutionId": detail["action-execution-id"],
        "pipelineVersion": int(detail["version"]),
        "stageName": detail["stage"],
        "actionName": detail["action"],
        "startTime": datetime.fromisoformat(detail["start-time"]),
        "input": {**given, "inputArtifacts": detail.get("input-artifacts", [])},
    }


def _told_of_run(run: Json, event: Event) -> None:
    detail = event["detail"]
    run["status"] = RUNS[detail["state"]]
    run["lastUpdateTime"] = max(datetime.fromisoformat(event["time"]), run["startTime"])
    said = detail.get("execution-result", {})
    result = {
        "externalExecutionId": said.get("external-execution-id"),
        "externalExecutionSummary": said.get("external-execution-summary"),
        "externalExecutionUrl": said.get("external-execution-url"),
        "errorDetails": {"code": said["error-code"], "message": "failed"} if "error-code" in said else None,
    }
    run["output"] = {
        "executionResult": {name: value for name, value in result.items() if value is not None},
        "outputArtifacts": detail.get("output-artifacts", []),
        "outputVariables": detail.get("output-variables", {}),
    }


def _with_source(execution: Json, runs: Sequence[Json]) -> None:
    """Tell of a Git commit where the API does: as a revision, and as the settings of the source's action."""
    git = execution.pop("_git", None)
    source = next((run for run in runs if run["input"]["actionTypeId"]["category"] == "Source"), None)
    if git is None or source is None:
        return
    summary = json.dumps({"ProviderType": git["provider-type"], "CommitMessage": git["commit-message"]})
    execution["sourceRevisions"] = [{"actionName": source["actionName"], "revisionId": git["commit-id"], "revisionSummary": summary}]
    settings = {"FullRepositoryId": git["full-repository-name"], "ConnectionArn": git["connection-arn"]}
    if "branch-name" in git:
        settings["BranchName"] = git["branch-name"]
    source["input"]["resolvedConfiguration"] = settings


@dataclass
class Api:
    """The APIs while they listen. calls: what was asked. refuse: says of a call by its number and operation why it fails, code and words."""

    told: Told
    url: str = ""
    calls: list[str] = field(default_factory=list)
    refuse: Callable[[int, str], tuple[str, str] | None] = lambda number, operation: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, operation: str, region: str, given: Mapping[str, Any]) -> Json:
        """Return the answer of an operation, named as the APIs name them."""
        match operation:
            case "ListPipelines":
                names = sorted(name for where, name in self.told.executions if where == region)
                return {"pipelines": [{"name": name, "version": 1, "pipelineType": "V2"} for name in names]}
            case "ListPipelineExecutions":
                listed = self.told.executions[region, given["pipelineName"]]
                return _paged("pipelineExecutionSummaries", listed, given.get("maxResults", 100), given)
            case "ListActionExecutions":
                wanted = given.get("filter", {}).get("pipelineExecutionId")
                runs = self.told.actions[region, given["pipelineName"]]
                chosen = [run for run in runs if wanted in (None, run["pipelineExecutionId"])]
                return _paged("actionExecutionDetails", chosen, given.get("maxResults", 100), given)
            case "ListBuilds" | "ListBuildsForProject":
                ids = [one["id"] for one in self.told.builds.get(region, []) if given.get("projectName") in (None, one["projectName"])]
                return _paged("ids", ids, 100, given)
            case "BatchGetBuilds":
                return {"builds": [one for one in self.told.builds[region] if one["id"] in given["ids"]]}
            case "ListDeployments":
                during = given.get("createTimeRange", {})
                ids = [one["deploymentId"] for one in self.told.deployments.get(region, []) if _is_within(one["createTime"], during)]
                return _paged("deployments", ids, 100, given)
            case "BatchGetDeployments":
                return {"deploymentsInfo": [one for one in self.told.deployments[region] if one["deploymentId"] in given["deploymentIds"]]}
        raise AssertionError(operation)


def _is_within(moment: datetime, during: Mapping[str, float]) -> bool:
    return during.get("start", 0) <= moment.timestamp() <= during.get("end", 1e12)


def _paged(name: str, listed: Sequence[Any], size: int, given: Mapping[str, Any]) -> Json:
    begin = int(given.get("nextToken", 0))
    more = {"nextToken": str(begin + size)} if begin + size < len(listed) else {}
    return {name: list(listed[begin : begin + size]), **more}


@contextmanager
def listening(told: Told) -> Iterator[Api]:
    """Answer for the APIs, and for STS, on a port of this machine."""
    api = Api(told)
    session = botocore.session.get_session()
    models = {name: session.get_service_model(name) for name in SERVICES.values()}

    checked: set[tuple[str, str, bytes]] = set()

    class Handler(BaseHTTPRequestHandler):
        """Speaks AWS's JSON protocol, and STS's own."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Answer one call."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if "X-Amz-Target" not in self.headers:
                assert parse_qs(body.decode())["Action"] == ["GetCallerIdentity"]
                self._send(200, _IDENTITY.encode(), "text/xml")
                return
            prefix, operation = self.headers["X-Amz-Target"].split(".")
            region = self.headers["Authorization"].split("Credential=")[1].split("/")[2]
            given = json.loads(body)
            with api.lock:
                api.calls.append(operation)
                refusal = api.refuse(len(api.calls), operation)
            if refusal is None and (name := given.get("pipelineName")) and (region, name) not in api.told.executions:
                refusal = ("PipelineNotFoundException", f"Account '{ACCOUNT}' does not have a pipeline with name '{name}'")
            if refusal is not None:
                said: Json = {"__type": refusal[0], "message": refusal[1]}
                self._send(400, json.dumps(said).encode())
                return
            answer = api.answer(operation, region, given)
            if (region, operation, body) not in checked:
                checked.add((region, operation, body))
                validate_parameters(answer, models[SERVICES[prefix]].operation_model(operation).output_shape)
            self._send(200, json.dumps(answer, default=datetime.timestamp).encode())

        def _send(self, status: int, body: bytes, kind: str = "application/x-amz-json-1.1") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        api.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield api
        server.shutdown()


_IDENTITY = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{ACCOUNT}:user/nadia</Arn><UserId>AIDA</UserId><Account>{ACCOUNT}</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""
