#!/usr/bin/env bash
# One machine's token in a page of logs, and none of the page's entries is read.
#
# Version: auth0-python 6.8.0.
# Expected: what the tenant logs can be read; a field that has another type than the model says costs that field at most.
# Happens: in entries about tokens of machines (seccft, feccft) `scope` may be an array of scopes; the model says str, and the
#     whole page is a ParsingError, so every later page is out of reach too.
# Seen: scope "read:users": 1 entry; scope ["read:users", "read:logs"]: ParsingError
# eventlake: takes either; the scopes of an array are joined by blanks.
. "$(dirname "$0")/with_packages.bash" auth0-python==6.8.0
env/bin/python - <<'END'
import http.server
import json
import threading
from auth0.management import Auth0

ENTRY = {"log_id": "90020261129120000000000000000000000000000000000000000001", "type": "seccft", "date": "2026-11-29T12:00:00.000Z", "scope": "read:users"}
asked = []

class Api(http.server.BaseHTTPRequestHandler):
    """Answers as the Management API's documentation has it: a checkpoint's answer is an array, a page with totals an object."""

    def do_GET(self):
        asked.append(self.path)
        page = {"start": 0, "limit": 50, "length": 1, "total": 1, "logs": [ENTRY] if "page=0" in self.path else []}
        body = json.dumps([ENTRY] if "from=" in self.path else page).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
threading.Thread(target=server.serve_forever, daemon=True).start()
logs = Auth0(base_url=f"http://127.0.0.1:{server.server_port}", token="token").logs

from auth0.management.core.parse_error import ParsingError

assert [entry.scope for entry in logs.list()] == ["read:users"]
ENTRY["scope"] = ["read:users", "read:logs"]
try:
    list(logs.list())
    raise SystemExit("It reads an array now.")
except ParsingError as error:
    print("ParsingError of status", error.status_code)
END
