"""`erase` for a lake on AWS, with the rights of whoever types it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from eventlake.cli.settings import Settings
from eventlake.cli.show import show

if TYPE_CHECKING:
    from eventlake.backends.aws import Session
    from eventlake.cloud.deployment import Deployment
    from eventlake.cloud.erasing.finding import Found
    from eventlake.local.erasing.certificate import Certificate
    from eventlake.pipeline.erasing import Person


def erase_on_aws(current: Settings, identifiers: tuple[str, ...], *, dry_run: bool, is_agreed: Callable[[], bool], wait: int) -> None:
    """Erase a person, or show what would be erased. is_agreed: asks whether to go on. wait: minutes for which old bytes stay."""
    from eventlake.cli.opening import noting_on_aws, open_deployment
    from eventlake.cloud.erasing.eraser import Eraser

    deployment, session = open_deployment(current)
    person = _person(identifiers, deployment, session)
    eraser = Eraser(deployment, session, person, identifiers, wait=timedelta(minutes=wait))

    def tell_found(count: int) -> None:
        current.progress(f"{count:,} versions of objects looked at", is_done=False)

    found = eraser.look(tell_found) if dry_run else eraser.find(tell_found)
    _show_found(found, current)
    if dry_run:
        return
    if not found.is_any:
        current.say("Nothing in the lake names the person, and nothing is changed.")
        return
    if not is_agreed():
        current.say("Nothing is changed.")
        return
    with noting_on_aws(deployment, session, current):
        certificate, place = eraser.erase(found, lambda count: current.progress(f"{count:,} objects rewritten", is_done=False))
        eraser.require_gone()
    _say_done(certificate, place, current)
    for sentence in coming(deployment.parameters):
        current.say(sentence)


def coming(parameters: Mapping[str, str]) -> Iterator[str]:
    """Yield what a lake keeps of a person whose events come after the erasure. parameters: of its stack; none if they cannot be read."""
    if parameters and parameters.get("Tombstones") != "on":
        yield "An event of the person that comes from now on makes a row again: deploy the lake with Tombstones=on, which drops it."
    if parameters.get("KeepRawEvents") == "yes":
        yield (
            "Firehose keeps whole events that come from now on below raw/ as they came, whoever they are of: erase again after one came, or deploy "
            "the lake with KeepRawEvents=no."
        )


def _person(identifiers: tuple[str, ...], deployment: Deployment, session: Session) -> Person:
    """Return whom the identifiers name, under their pseudonyms too."""
    from eventlake.cloud.deployment import pseudonyms
    from eventlake.pipeline.erasing import Person

    keys = pseudonyms(deployment, session)
    return Person([*identifiers, *(one for name in identifiers for one in (keys.all_of(name) if keys is not None else ()))])


def _show_found(found: Found, current: Settings) -> None:
    rows: list[list[object]] = [
        [
            one.place.table,
            one.place.hour and str(one.place.hour),
            one.place.kind,
            str(one.version),
            one.named.own,
            one.named.mentions,
            len(one.going),
        ]
        for one in found.objects
    ]
    rows += [[None, None, "message", f"sqs:{one.queue}/{one.id}", None, None, 1] for one in found.messages]
    rows += [[None, None, "copy", str(path), None, None, 1] for path in found.copies]
    show(("table", "hour", "kind", "object", "own_rows", "mentions", "versions"), rows, current.form)
    for place in found.elsewhere:
        current.say(f"Hours that were taken over lie in {place}, which was not looked at: erase there by yourself.")


def _say_done(certificate: Certificate, place: str, current: Settings) -> None:
    current.say(f'{certificate.summary} No version of an object of the lake names the person any more. The certificate is "{place}".')
