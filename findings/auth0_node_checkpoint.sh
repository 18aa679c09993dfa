#!/usr/bin/env bash
# A place in the log to begin at is dropped, or answered with nothing; never with an error.
#
# Version: auth0 7.1.0 (the Node SDK), Node 20 or newer.
# Expected: logs.list takes from and take, which its documentation describes as the way past 1,000 entries.
# Happens: they are dropped without a word, and the first pages are listed again. Given as queryParams they reach the API, whose answer, an array
#     as documented for a checkpoint, is taken for a page without entries: a loop over it ends at once, as if there were no logs.
# Seen: {from, take}: asks ?page=0&per_page=50&include_totals=true; queryParams: 2 entries answered, 0 given
# eventlake: asks the API itself, with from and take, and follows the link to the next page.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund auth0@7.1.0
cat > ask.mjs <<'END'
import assert from "node:assert";
import { ManagementClient } from "auth0";

const entry = { log_id: "90020261129120000000000000000000000000000000000000000001", type: "s", date: "2026-11-29T12:00:00.000Z" };
const asked = [];
// Answers as the Management API's documentation has it: a checkpoint's answer is an array, a page with totals an object.
globalThis.fetch = async (request) => {
  const url = new URL(request.url ?? request);
  asked.push(url.search);
  const page = { start: 0, limit: 50, length: 1, total: 1, logs: url.searchParams.get("page") === "0" ? [entry] : [] };
  const answer = url.searchParams.has("from") ? [entry, entry] : page;
  return new Response(JSON.stringify(answer), { headers: { "content-type": "application/json" } });
};

const logs = new ManagementClient({ domain: "tenant.example.com", token: "token" }).logs;
const listed = async (...given) => {
  asked.length = 0;
  let count = 0;
  for await (const _ of await logs.list(...given)) count += 1;
  console.log(JSON.stringify(given), asked[0], count);
  return [asked[0], count];
};

assert.deepEqual(await listed({ from: "900", take: 100 }), ["?page=0&per_page=50&include_totals=true", 1]);
assert.deepEqual(await listed({}, { queryParams: { from: "900", take: 100 } }), ["?page=0&per_page=50&include_totals=true&from=900&take=100", 0]);
END
node ask.mjs
