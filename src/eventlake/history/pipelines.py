"""The pipelines of an invented company: a dozen temperaments, and more of each when the company is large.

What a pipeline consists of and how it is used is data here; what happens to its executions is told in `executions`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from eventlake.history.load import ALWAYS, EVENING, NIGHTLY, OFFICE, Rhythm


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a stage.

    minutes: how long it takes at the median. fails: how often it fails. errors: what its provider then says; `{id}` is the external id.
    region: where it runs if not where the pipeline is. hangs: how often nobody answers it, so that it expires after a week.
    """

    name: str
    category: str
    provider: str
    minutes: float
    fails: float = 0.0
    errors: tuple[str, ...] = ()
    owner: str = "AWS"
    region: str = ""
    hangs: float = 0.0


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: groups of actions, one group after the other, the actions of a group side by side."""

    name: str
    groups: tuple[tuple[Action, ...], ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One pipeline and its habits.

    mode: SUPERSEDED, QUEUED or PARALLEL. triggers: trigger types with their shares. per_day: executions on a working day.
    retried: how often somebody retries a failed stage. rolls_back: `auto`, `hand` or nothing. stopped: how often somebody stops an
    execution. git: what its source is (`GitHub`, `GitLab`: events name the commit), or nothing. tags: whether tags start it.
    """

    name: str
    region: str
    stages: tuple[Stage, ...]
    per_day: float
    rhythm: Rhythm
    triggers: tuple[tuple[str, float], ...]
    mode: str = "SUPERSEDED"
    git: str = ""
    tags: bool = False
    offset_hours: int = 1
    retried: float = 0.4
    rolls_back: str = ""
    stopped: float = 0.01
    changed: float = 0.01
    """How often its structure is changed: its version goes up, and a running execution is canceled."""


def _one(*actions: Action) -> tuple[tuple[Action, ...], ...]:
    """Put actions one after the other."""
    return tuple((action,) for action in actions)


_BUILD = "Build terminated with state: FAILED. Phase: "
_COMMAND = "Code: COMMAND_EXECUTION_ERROR, Message: Error while executing command: "
_BUILD_ERRORS = (
    f"{_BUILD}BUILD, {_COMMAND}make. Reason: exit status 2",
    f"{_BUILD}DOWNLOAD_SOURCE, Code: YAML_FILE_ERROR, Message: wrong number of container tags, expected 1",
    "Build terminated with state: TIMED_OUT",
)
_TEST_ERRORS = (
    f"{_BUILD}POST_BUILD, {_COMMAND}pytest. Reason: exit status 1",
    f"{_BUILD}BUILD, Code: BUILD_TIMED_OUT, Message: Build has timed out.",
)
_DEPLOY_ERRORS = (
    "Deployment {id} failed",
    "The overall deployment failed because too many individual instances failed deployment.",
    "ECS Deployment attempt {id} failed: (service web) deployment circuit breaker: tasks failed to start.",
)
_STACK_ERRORS = (
    "Stack [prod-network] is in state [UPDATE_ROLLBACK_COMPLETE]: The following resource(s) failed to update: [RouteTable].",
    "CloudFormation stack update failed: Rate exceeded",
)
_FUNCTION_ERRORS = (
    'The function returned an error: {{"errorMessage": "timed out after 60.00 seconds"}}',
    "Execution failed: States.TaskFailed",
)

_GITHUB = Action("Source", "Source", "CodeStarSourceConnection", 0.08, 0.003, ("[GitHub] Could not access the branch main.",))
_GITLAB = replace(_GITHUB, errors=("[GitLab] The connection is not available.",))
_CODECOMMIT = Action("Source", "Source", "CodeCommit", 0.06, 0.002, ("The repository's branch main does not exist.",))
_BUCKET = Action("Source", "Source", "S3", 0.05, 0.004, ("Access Denied. The object with key 'dump/latest.zip' does not exist.",))
_APPROVAL = Action("Approve", "Approval", "Manual", 30.0, 0.05, hangs=0.0004)
_WEBHOOK = (("WebhookV2", 0.9), ("StartPipelineExecution", 0.1))


def _build(minutes: float, fails: float, name: str = "Build", provider: str = "CodeBuild") -> Action:
    return Action(name, "Compute" if provider == "Commands" else "Build", provider, minutes, fails, _BUILD_ERRORS)


def _test(minutes: float, fails: float, name: str = "Test", provider: str = "CodeBuild") -> Action:
    return Action(name, "Test", provider, minutes, fails, _TEST_ERRORS)


def _deploy(minutes: float, fails: float, name: str = "Deploy", provider: str = "ECS", region: str = "") -> Action:
    errors = _STACK_ERRORS if provider == "CloudFormation" else _DEPLOY_ERRORS
    return Action(name, "Deploy", provider, minutes, fails, errors, region=region)


def _invoke(minutes: float, fails: float, name: str, provider: str) -> Action:
    return Action(name, "Invoke", provider, minutes, fails, _FUNCTION_ERRORS)


_WORLD = tuple(_deploy(3, 0.015, f"Deploy-{region}", "AppConfig", region) for region in ("us-east-1", "eu-west-1", "ap-northeast-1"))

_TEMPERAMENTS = (
    Pipeline(
        "checkout-api", "eu-central-1",
        (
            Stage("Source", _one(_GITHUB)),
            Stage("Build", _one(_build(4, 0.03))),
            Stage("Test", ((_test(3, 0.02, "Unit"), _test(6, 0.03, "Contract")),)),
            Stage("Approve", _one(_APPROVAL)),
            Stage("Deploy", _one(_deploy(5, 0.02), _test(1, 0.02, "Smoke"))),
        ),
        9, OFFICE, _WEBHOOK, git="GitHub", rolls_back="auto",
    ),
    Pipeline(
        "web-shop", "eu-central-1",
        (
            Stage("Source", _one(_GITHUB)),
            Stage("Build", _one(_build(7, 0.05))),
            Stage("Test", _one(_test(12, 0.16, "Browser"))),
            Stage("Staging", _one(_deploy(4, 0.02, provider="CodeDeploy"))),
            Stage("Production", _one(replace(_APPROVAL, minutes=12), _deploy(6, 0.03, provider="CodeDeploy"))),
        ),
        14, OFFICE, _WEBHOOK, git="GitHub", retried=0.8, rolls_back="hand",
    ),
    Pipeline(
        "payments", "eu-west-1",
        (
            Stage("Source", _one(_CODECOMMIT)),
            Stage("Build", _one(_build(9, 0.02), _test(15, 0.02, "Audit"))),
            Stage("Approve", ((replace(_APPROVAL, name="Risk", minutes=300, fails=0.14), replace(_APPROVAL, name="Lead", minutes=80)),)),
            Stage("Deploy", _one(_deploy(11, 0.02, provider="CodeDeploy"))),
        ),
        3, OFFICE, (("CloudWatchEvent", 0.8), ("StartPipelineExecution", 0.2)), retried=0.3,
    ),
    Pipeline(
        "search-index", "eu-central-1",
        (
            Stage("Source", _one(_BUCKET)),
            Stage("Index", _one(_build(85, 0.06, "Crawl"), _invoke(1.5, 0.03, "Publish", "Lambda"))),
        ),
        1.2, NIGHTLY, (("CloudWatchEvent", 0.97), ("StartPipelineExecution", 0.03)), mode="QUEUED", retried=0.5, stopped=0.03,
    ),
    Pipeline(
        "mobile-app", "us-west-2",
        (
            Stage("Source", _one(_GITLAB)),
            Stage("Build", ((_build(38, 0.05, "Android"), _build(44, 0.07, "Apple")),)),
            Stage("Test", _one(_test(55, 0.08, "Devices", "DeviceFarm"))),
            Stage("Release", _one(replace(_APPROVAL, minutes=200), _deploy(2, 0.01, "Upload", "S3"))),
        ),
        2, OFFICE, _WEBHOOK, git="GitLab", tags=True, offset_hours=-8, stopped=0.06,
    ),
    Pipeline(
        "data-lake", "eu-central-1",
        (
            Stage("Source", _one(_BUCKET)),
            Stage("Deploy", _one(_deploy(6, 0.05, "Stack", "CloudFormation"), _invoke(48, 0.07, "Backfill", "StepFunctions"))),
        ),
        3, ALWAYS, (("PollForSourceChanges", 1.0),), mode="QUEUED", retried=0.2,
    ),
    Pipeline(
        "network", "us-east-1",
        (
            Stage("Source", _one(_GITHUB)),
            Stage("Plan", _one(_deploy(3, 0.06, "ChangeSet", "CloudFormation"))),
            Stage("Apply", _one(replace(_APPROVAL, minutes=150, fails=0.12, hangs=0.004), _deploy(14, 0.09, "Execute", "CloudFormation"))),
        ),
        1.6, OFFICE, (("WebhookV2", 0.5), ("StartPipelineExecution", 0.5)), git="GitHub", offset_hours=-5, stopped=0.08,
    ),
    Pipeline(
        "login", "eu-west-1",
        (
            Stage("Source", _one(_GITHUB)),
            Stage("Check", ((_build(2, 0.04, "Lint", "Commands"), _test(5, 0.04)),)),
            Stage("Deploy", _one(_deploy(4, 0.03))),
        ),
        7, OFFICE, _WEBHOOK, mode="PARALLEL", git="GitHub", rolls_back="auto",
    ),
    Pipeline(
        "legacy-billing", "us-east-1",
        (
            Stage("Source", _one(_CODECOMMIT)),
            Stage("Build", _one(replace(_build(21, 0.2), provider="Jenkins", owner="Custom", hangs=0.004))),
            Stage("Deploy", _one(_deploy(18, 0.22, provider="CodeDeploy"))),
        ),
        2.5, OFFICE, (("CloudWatchEvent", 0.6), ("StartPipelineExecution", 0.4)), retried=0.85, offset_hours=-5, changed=0.03,
    ),
    Pipeline(
        "docs-site", "eu-west-1",
        (
            Stage("Source", _one(_GITHUB)),
            Stage("Publish", _one(_build(1.2, 0.02, "Render", "Commands"), _deploy(0.4, 0.01, "Upload", "S3"))),
        ),
        6, EVENING, _WEBHOOK, git="GitHub", retried=0.1,
    ),
    Pipeline(
        "ranking-model", "us-west-2",
        (
            Stage("Source", _one(_GITLAB)),
            Stage("Train", _one(_invoke(170, 0.12, "Train", "StepFunctions"), _test(20, 0.1, "Evaluate"))),
            Stage("Deploy", _one(replace(_APPROVAL, minutes=60), _deploy(9, 0.03, provider="CloudFormation"))),
        ),
        1.3, OFFICE, _WEBHOOK, git="GitLab", offset_hours=-8, stopped=0.1, retried=0.3,
    ),
    Pipeline(
        "edge-config", "us-east-1",
        (
            Stage("Source", _one(_GITHUB)),
            Stage("Canary", _one(_deploy(2, 0.03, "Canary", "AppConfig"))),
            Stage("World", (_WORLD,)),
        ),
        5, OFFICE, _WEBHOOK, git="GitHub", rolls_back="auto", mode="QUEUED", offset_hours=-5,
    ),
)  # fmt: skip

_DOMAINS = ("north", "south", "partner", "b2b", "staff", "loyalty", "returns", "stores", "media", "travel", "energy", "press")


def pipelines(scale: float) -> list[Pipeline]:
    """Return the company's pipelines: a dozen up to scale 1, with fewer executions below it; a dozen more for each 1 above it."""
    dozens = max(1, round(scale))
    share = scale / dozens
    return [
        replace(pipeline, name=_name(pipeline.name, dozen), per_day=pipeline.per_day * share)
        for dozen in range(dozens)
        for pipeline in _TEMPERAMENTS
    ]


def _name(name: str, dozen: int) -> str:
    if dozen == 0:
        return name
    again, domain = divmod(dozen - 1, len(_DOMAINS))
    return f"{_DOMAINS[domain]}-{name}" + (f"-{again + 1}" if again else "")
