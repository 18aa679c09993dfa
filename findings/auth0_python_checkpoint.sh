#!/usr/bin/env bash
# The client's own documentation tells how to page logs from a checkpoint, and the client cannot.
#
# Version: auth0-python 6.8.0.
# Expected: logs.list takes from and take, which its docstring describes as the way past 1,000 entries.
# Happens: it has no such parameters. Given as additional query parameters they reach the API, whose answer, an array as documented for a
#     checkpoint, is a ParsingError: only the object that include_totals asks for is read, and it is always asked for.
# Seen: TypeError: unexpected keyword argument 'take'; then /logs?page=0&per_page=50&include_totals=true&from=900&take=100 and ParsingError
# eventlake: asks the API itself, with from and take, and follows the link to the next page.
. "$(dirname "$0")/with_packages.bash" auth0-python==6.8.0
env/bin/python - <<'END'
import http.server
import json
import threading
from auth0.management import Auth0

ENTRY = {"log_id": "90020261129120000000000000000000000000000000000000000001", "type": "s", "date": "2026-11-29T12:00:00.000Z"}
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

assert "**from:**" in logs.list.__doc__ and "**take:**" in logs.list.__doc__
assert [entry.type for entry in logs.list()] == ["s"]
try:
    logs.list(take=100)
    raise SystemExit("It takes `take` now.")
except TypeError as error:
    print("TypeError:", error)
asked.clear()
try:
    logs.list(request_options={"additional_query_parameters": {"from": "900", "take": 100}})
    raise SystemExit("It reads a checkpoint's answer now.")
except ParsingError:
    print(asked, "ParsingError")
assert "from=900" in asked[0]
END
