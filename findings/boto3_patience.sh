#!/usr/bin/env bash
# A minor version of boto3 waits a fiftieth of the time for a server that starts again.
#
# Version: boto3 and botocore 1.43.106 against 1.44.8, nothing configured.
# Expected: a minor version keeps the patience of a client: five attempts, seconds apart.
# Happens: since 1.44 the mode is `standard`, and where no answer came at all it makes three attempts and waits some tens of milliseconds between them:
#     a server that is away for a second is a failed call, which it was not before.
# Seen: 1.43.106: legacy, 5 attempts, 4.9 to 11.7 s; 1.44.8: standard, 3 attempts, 0.08 to 0.16 s
# eventlake: makes its own attempts with either version, and docs/operations.md tells senders what to set.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset AWS_RETRY_MODE AWS_MAX_ATTEMPTS
export AWS_CONFIG_FILE=/dev/null
cat > ask.py <<'END'
import socket, threading, time
import boto3, botocore

listener = socket.create_server(("127.0.0.1", 0))
times = []

def hang_up():
    while True:
        listener.accept()[0].close()
        times.append(time.monotonic())

threading.Thread(target=hang_up, daemon=True).start()
address = f"http://127.0.0.1:{listener.getsockname()[1]}"
client = boto3.client("events", endpoint_url=address, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
begin = time.monotonic()
try:
    client.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])
except botocore.exceptions.HTTPClientError:
    pass
print(f"{botocore.__version__}: {client.meta.config.retries['mode']}, {len(times)} attempts, {time.monotonic() - begin:.2f} s")
assert len(times) == {"1.43.106": 5, "1.44.8": 3}[botocore.__version__]
END
for version in 1.43.106 1.44.8; do
    python3 -m venv "$version"
    "$version/bin/pip" install -q --disable-pip-version-check "boto3==$version" "botocore==$version"
    "$version/bin/python" ask.py
done
