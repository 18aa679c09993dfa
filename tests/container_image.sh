#!/usr/bin/env bash
# Builds the image of the Containerfile with buildah, and runs what it says: a bus that answers, takes an event, shows it in SQL and ends by SIGTERM.
# Needs root, buildah and debootstrap. No registry of images is asked: a Debian 12 with its own Python 3.11 stands in the place of the base image, so
# what is tried is each step of the Containerfile, not its base. PIP_* variables, the files they name and proxies are passed on to the build.
#
#   tests/container_image.sh
#   ROOT=/var/tmp/bare tests/container_image.sh   keeps the Debian there, to begin from the next time
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
root=${ROOT:-$work/root}
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs XDG_RUNTIME_DIR=$work
export EVENTLAKE_TOKEN=a-token-of-this-test-alone
store=(--root "$work/store" --runroot "$work/run")

clean_up() {
    buildah "${store[@]}" rm --all >/dev/null 2>&1 || true
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT

. "$here/tests/debian.bash"
rm -f "$root"/usr/lib/python3*/EXTERNALLY-MANAGED # the base image has a Python that is nobody's but pip's
ln -sf python3 "$root/usr/bin/python"

echo "Making the base ..."
base=$(buildah "${store[@]}" from scratch)
buildah "${store[@]}" add --quiet "$base" "$root" / >/dev/null
buildah "${store[@]}" config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$base"
buildah "${store[@]}" commit --quiet "$base" localhost/base >/dev/null
buildah "${store[@]}" rm "$base" >/dev/null

echo "Building the image ..."
buildah "${store[@]}" bud --quiet --format docker --from localhost/base "${settings[@]/#/--env=}" --tag eventlake "$here" >/dev/null
buildah "${store[@]}" inspect --type image --format '{{.Docker.Config.User}} {{.Docker.Config.Entrypoint}} {{.Docker.Config.Cmd}} {{.Docker.Config.StopSignal}} {{.Docker.Config.Healthcheck}}{{"\n"}}' eventlake

echo "Running it ..."
container=$(buildah "${store[@]}" from eventlake)
buildah "${store[@]}" run --env EVENTLAKE_TOKEN="$EVENTLAKE_TOKEN" "$container" -- sh -euc '
    id -un
    eventlake serve --host 0.0.0.0 &
    bus=$!
    until python -c "from urllib.request import urlopen; urlopen(\"http://127.0.0.1:8787/healthz\", timeout=3)" 2>/dev/null; do sleep 0.2; done
    printf "%s\n" "{\"id\": \"1\", \"source\": \"aws.codepipeline\", \"detail-type\": \"CodePipeline Pipeline Execution State Change\",
        \"time\": \"2026-01-01T00:00:00Z\", \"detail\": {\"pipeline\": \"web\", \"state\": \"SUCCEEDED\"}}" | tr -d "\n" >event.json
    eventlake send event.json --bus http://127.0.0.1:8787
    until eventlake query "select pipeline, state from pipeline_execution_state_change" --output csv --quiet | grep web,SUCCEEDED; do sleep 0.2; done
    kill -TERM $bus
    wait $bus
    ls /lake'
echo "The bus ended with 0."
