#!/usr/bin/env bash
# The second EventBridge speaks another protocol than the first, and cannot be asked in JSON.
#
# Version: boto3 1.44.8, botocore 1.44.8, service eventbridgev2 (API version 2025-05-15).
# Expected: as the service `events`, to which the AWS CLI and all SDKs speak JSON 1.1, with X-Amz-Target; a proxy, a mock or a gateway for the one serves the other.
# Happens: the model names CBOR as its only protocol: the body is binary, the operation is in the path, there is no X-Amz-Target.
#     The service is signed as `events`, so credentials and policies do not tell the two apart either.
# Seen: events: application/x-amz-json-1.1 / AWSEvents.ListEventBuses; eventbridgev2: application/cbor /service/AWSEventsV2/operation/ListEventBuses None
# eventlake: its bus speaks the first protocol, and docs/eventbridge-v2.md says what the second would take.
. "$(dirname "$0")/with_packages.bash" boto3==1.44.8 botocore==1.44.8
env/bin/python - <<'END'
import boto3

class Stop(Exception):
    pass

def asked(service):
    sent = []

    def look(request, **_):
        sent.append(request)
        raise Stop

    client = boto3.client(service, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b", endpoint_url="http://127.0.0.1:9")
    client.meta.events.register("before-send", look)
    try:
        client.list_event_buses()
    except Stop:
        pass
    (request,) = sent
    headers = {name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
    told = headers["content-type"], request.url.partition(":9")[2], headers.get("x-amz-target")
    print(service, *told, client.meta.service_model.metadata["signingName"] if service != "events" else "")
    return told

assert asked("events") == ("application/x-amz-json-1.1", "/", "AWSEvents.ListEventBuses")
assert asked("eventbridgev2") == ("application/cbor", "/service/AWSEventsV2/operation/ListEventBuses", None)
END
