"""The connections to a bus: how long each may keep it waiting, how much may come before a request is known, and how many there are.

A thin layer over uvicorn's protocol, which bounds none of it. It costs a request nothing: what arrives is counted, and a round once a second
looks at who keeps the bus waiting. Who sends slowly is answered 408, who sends endless headers 431; where there are too many connections,
those go that were silent longest, never one that the bus is at work for.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from eventlake.local.bus.answer import Answer, HttpError, RawHeaders, answer_to, written
from eventlake.local.bus.at_once import Way
from eventlake.local.bus.exchange import Exchange
from eventlake.local.bus.guard import HEAD_LIMIT_BYTES, too_large_head
from eventlake.local.bus.sender import Sender, sender_at
from eventlake.local.bus.whole import Head, Whole

_PLAIN_PATH = re.compile(rb"/[\w./-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Limits:
    """What senders may do.

    patience_s: how long the bus waits for headers, and for a body of which nothing comes. hurried_s: how long while requests hold as much
    as they may. rate: how many bytes of a body buy a second. connections: how many may be open.
    """

    patience_s: float = 20.0
    hurried_s: float = 2.0
    rate: int = 16 << 10
    connections: int = 1000


class Connections:
    """All connections to a bus. is_crowded: tells whether requests hold as much as they may. told: hears of too many, once.

    way_of: gives, of the headers of a `POST /`, what takes it without the application if it comes in one piece; None if nothing does.
    """

    def __init__(
        self,
        limits: Limits,
        is_crowded: Callable[[], bool],
        told: Callable[[str], None],
        way_of: Callable[[RawHeaders], Way | None] = lambda _headers: None,
    ) -> None:
        self.limits = limits
        self.way_of = way_of
        self.open: OrderedDict[Connection, None] = OrderedDict()
        """Whoever was silent longest first."""
        self._of: Counter[Sender] = Counter()
        self._is_crowded = is_crowded
        self._told = told
        self._are_many = False

    def protocol(self, **options: Any) -> Connection:  # what uvicorn's server gives its protocol
        """Make the protocol of a new connection."""
        return Connection(self, **options)

    def add(self, connection: Connection) -> bool:
        """Take a new connection in, if need be for the one that was silent longest; False if there is none such."""
        self.open[connection] = None
        self._of[connection.sender] += 1
        if len(self.open) <= self.limits.connections:
            return True
        self._tell_of_many()
        silent = self._silent_beside(connection)
        if silent is not None:
            self.forget(silent)  # it closes in a later turn; in this one it makes room once
            silent.give_up("The bus keeps as many connections as it can; this one was silent longest.", 503)
        return silent is not None

    def _silent_beside(self, connection: Connection) -> Connection | None:
        """Return the connection that was silent longest, of the sender that has the most if there is any of it; None if none waits."""
        most = max(self._of.values())
        waiting = (one for one in self.open if one.is_waited_for() and one is not connection)
        first = next(waiting, None)
        if first is None or self._of[first.sender] == most:
            return first
        return next((one for one in waiting if self._of[one.sender] == most), first)

    def forget(self, connection: Connection) -> None:
        """Leave out a connection that is closed, or will be."""
        if connection in self.open:
            del self.open[connection]
            self._of[connection.sender] -= 1
            if not self._of[connection.sender]:
                del self._of[connection.sender]

    def heard(self, connection: Connection) -> None:
        """Take note that something came from a connection."""
        if connection in self.open:
            self.open.move_to_end(connection)

    def look(self, seconds: float) -> None:
        """Look at all connections, so many seconds after the last time, and give up those that kept the bus waiting too long."""
        patience = self.limits.hurried_s if self._is_crowded() else self.limits.patience_s
        for connection in list(self.open):
            connection.look(seconds, patience)
        if len(self.open) < self.limits.connections * 0.9:
            self._are_many = False

    def end(self) -> None:
        """Give up the requests that are not here yet: the bus ends."""
        for connection in list(self.open):
            if connection.is_waited_for():
                connection.give_up("The bus ends; send it again when it is back.", 503)

    def _tell_of_many(self) -> None:
        if not self._are_many:
            self._are_many = True
            self._told(
                f"{self.limits.connections:,} connections are open, as many as the bus keeps: for a new one, the one goes that was silent longest."
            )


class Connection(HttpToolsProtocol):
    """One connection: uvicorn's, watched."""

    def __init__(self, connections: Connections, **options: Any) -> None:  # what uvicorn's server gives its protocol
        super().__init__(**options)
        self.headers = []
        self.scope = {"headers": []}  # type: ignore[typeddict-item]  # until a request begins
        self._all = connections
        self.sender: Sender = self
        self._patience_s = connections.limits.patience_s
        self._arrived = 0
        self._unsent = 0
        self._asked = False
        self._heading = False
        self._bodiless = 0
        """How many bytes came since the last of a body, or since the request began."""
        self._way: Way | None = None
        """Where the request leads that is being read; None if to the application."""
        self._body = b""
        self._is_reading = False
        """True from the first byte of a request to its last."""
        self._head: Head | None = None
        """That of the last request that came in one piece."""
        self._kept_s: float | None = None
        """For how long the connection is kept since it was answered; None if something came since."""
        self._last_word: bytes | None = None
        """What is said, before the connection is closed, once all that was asked is answered; None while it goes on."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take the connection in, or say that there is no room."""
        super().connection_made(transport)
        if self.client is not None:
            self.sender = sender_at(*self.client)
        if not self._all.add(self):
            self._answer(_later("The bus is at work for as many senders as it can; send it again in a second.", 503))

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._all.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what came; give up where headers do not end, those behind a body in chunks and what is said of a chunk among them."""
        if self._last_word is not None:
            return
        self._all.heard(self)
        self._kept_s = None
        self._arrived += len(data)
        if self._is_another(data):
            return
        self._bodiless += len(data)
        self._read(data)
        if self._bodiless > HEAD_LIMIT_BYTES:
            self._refuse_head()

    def _is_another(self, data: bytes) -> bool:
        """Take a request of which all but the body is known, without reading it; return False for any other."""
        if self._head is None or self._is_reading or not self._may_be_taken():
            return False
        body = self._head.body_of(data)
        return body is not None and self._is_taken(self._head.way, body)

    def _read(self, data: bytes) -> None:
        """Read on; what is not whole then goes to the application, as it comes."""
        begins, self._head = not self._is_reading, None
        self._feed(data)
        if self._way is not None and self._is_reading:
            self._give_to_application()
        elif self._way is not None and begins:
            self._head = Head.of(data, len(self._body), self._way)
        if not self._is_reading:
            self._body = b""

    def _feed(self, data: bytes) -> None:
        """Have it parsed; the answer to what is no HTTP."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
        except httptools.HttpParserUpgrade as ended:
            if self._is_offered_another():
                self._stay(data[ended.args[0] :])
            else:  # CONNECT, which is refused: what follows is for somebody else
                self._last_word = b""

    def _stay(self, rest: bytes) -> None:
        """Read a request that offers another protocol as one that does not, its body too: https://www.rfc-editor.org/rfc/rfc9110#section-7.8."""
        line = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        headers = [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
        self._feed(b"\r\n".join([line, *headers, b"", rest]))

    def on_message_begin(self) -> None:
        """Begin to wait for headers."""
        self._heading = self._is_reading = True
        self._way, self._body = None, b""
        self._bodiless = 0
        self._patience_s = self._all.limits.patience_s
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin to wait for the body; what follows it is none of the headers, so that no proxy is passed by."""
        self._heading = False
        self._bodiless = 0
        self._patience_s = self._all.limits.patience_s
        if self._is_offered_another():
            return
        if not self.url.startswith(b"/"):
            self._believe_target()
        if self.url == b"/" and self._may_be_taken() and self._is_plain():
            self._way = self._all.way_of(self.headers)
        if self._way is None:
            self._begin()
        self.headers = []

    def _begin(self) -> None:
        """Begin the application's answer to a request whose headers are here, or let it wait for its turn."""
        self._name_request()
        is_idle, self.cycle = self._is_idle(), Exchange.of(self)
        if is_idle:
            self._start_asgi_task(self.cycle, self.app)
        else:  # sent before the answer to the last one: it waits for its turn
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))
        self._asked = True

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._bodiless = 0
        if self._way is None:
            super().on_body(body)
        else:
            self._body += body

    def on_message_complete(self) -> None:
        """End the request."""
        if self._is_offered_another():  # the parser leaves its body out
            return
        self._bodiless = 0
        self._is_reading = False
        if self._way is None:
            super().on_message_complete()
        elif not self._is_taken(self._way, self._body):
            self._give_to_application()
            super().on_message_complete()

    def _is_taken(self, way: Way, body: bytes) -> bool:
        """Have a whole request answered without the application; return False if it is to answer."""
        request = Whole()
        if not way(body, self.sender, partial(self._answered, request)):
            return False
        self.cycle, self._asked = request, True  # type: ignore[assignment]  # it has all that uvicorn asks of one
        return True

    def _give_to_application(self) -> None:
        """Let the application answer a request after all, of which some of the body may be here."""
        self._way = None
        self._begin()
        if self._body:
            super().on_body(self._body)

    def _answered(self, request: Whole, answer: Answer) -> None:
        """Send the answer to a whole request."""
        request.response_complete = True
        if not self.transport.is_closing():
            ending = [] if request.keep_alive else [(b"connection", b"close")]
            self.transport.write(written(answer, [*self.server_state.default_headers, *ending]))
            if not request.keep_alive:
                self.transport.close()
        self.on_response_complete()

    def on_response_complete(self) -> None:
        """Go on with a request that waits for its turn, or keep the connection; as uvicorn does, without a timer for each answer."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline and not (self._last_word is not None and self.pipeline[-1][0].more_body):
            self._start_asgi_task(*self.pipeline.pop())
        elif self._last_word is not None:
            self._hang_up(self._last_word)
        else:
            self._kept_s = 0.0

    def eof_received(self) -> bool:  # type: ignore[override]  # True keeps the connection, as asyncio has it
        """Keep the connection for the answers that it owes: whoever has asked all that he wants may end his half of it, and listen."""
        if self._owes_answers():
            self._last_word = self._last_word or b""
        return self._owes_answers()

    def is_waited_for(self) -> bool:
        """Return True if the bus waits for the other side: for a request, for the rest of one, or to take an answer."""
        is_to_send = self._heading or self._is_idle() or self._has_body_to_come()
        return self._is_behind() or (is_to_send and self._last_word is None)

    def look(self, seconds: float, patience_s: float) -> None:
        """Take the seconds that passed off the patience, and give up where it ends; what came of a body buys some back."""
        arrived, self._arrived = self._arrived, 0
        taken, self._unsent = max(self._unsent - self._to_send(), 0), self._to_send()
        if self._kept_s is not None and self._is_between_requests():
            self._kept_s += seconds
            if self._kept_s > self.timeout_keep_alive:
                self.transport.close()
        if self._is_between_requests() or not self.is_waited_for():
            self._patience_s = self._all.limits.patience_s
            return
        if not self._heading:
            self._patience_s += (arrived + taken) / self._all.limits.rate
        self._patience_s = min(self._patience_s, patience_s) - seconds
        if self._patience_s < 0:
            self.give_up("The rest of the request did not come in time; send it again.", 408)

    def give_up(self, sentence: str, status: int) -> None:
        """End the connection, with an answer where part of a request is here, and none in the middle of another answer."""
        if self._is_behind():
            self.transport.abort()
        elif self._heading or (self._has_body_to_come() and not self.cycle.response_started):
            self._answer(_later(sentence, status))
        else:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request as everything else is answered."""
        self._answer(HttpError(400, f"This is no HTTP request: {msg.rstrip('.').lower()}.", [(b"connection", b"close")]))

    def _answer(self, error: HttpError) -> None:
        """Answer and hang up, whatever else the other side sends: behind the answers to what was asked before."""
        self._heading, self._way = False, None
        if self._last_word is None and not self.transport.is_closing():
            self._last_word = written(answer_to(error, to_aws=self._speaks_aws()))
            if not self._owes_answers():
                self._hang_up(self._last_word)

    def _hang_up(self, last_word: bytes) -> None:
        if last_word:
            self.transport.write(last_word)
        self.transport.close()

    def _refuse_head(self) -> None:
        """Answer that headers are too large; hang up without a word where the request is answered."""
        if self._heading or not self.cycle.response_started:
            self._answer(too_large_head())
        else:
            self.transport.close()

    def _name_request(self) -> None:
        """Say in the request's scope what is asked of which path, as uvicorn does it; a plain path is not parsed."""
        url, scope = self.url, self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        version = self.parser.get_http_version()
        if version != "1.1":
            scope["http_version"] = version
        if _PLAIN_PATH.fullmatch(url):
            path, query = url, b""
        else:
            parsed = httptools.parse_url(url)
            path, query = parsed.path, parsed.query or b""
        scope["path"] = unquote(path.decode("ascii"))
        scope["raw_path"] = path
        scope["query_string"] = query

    def _believe_target(self) -> None:
        """Put the host of a target that is a whole URL for that of the header: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2."""
        host = b"host", self.url.partition(b"//")[2].partition(b"/")[0]
        names = [name for name, _ in self.headers]
        at = names.index(b"host") if b"host" in names else len(names)
        self.headers[at : at + 1] = [host]

    def _speaks_aws(self) -> bool:
        return any(name == b"x-amz-target" for name, _ in self.scope["headers"])

    def _may_be_taken(self) -> bool:
        """Return True if nothing is asked that is not answered, and answers are taken."""
        return self._is_idle() and not self.flow.write_paused

    def _is_plain(self) -> bool:
        """Return True for a request of which HTTP wants nothing but an answer to its body."""
        parser = self.parser
        asks = self.expect_100_continue or not parser.should_keep_alive()
        return not asks and parser.get_method() == b"POST" and parser.get_http_version() == "1.1"

    def _is_offered_another(self) -> bool:
        """Return True if the request that is read would rather go on in another protocol, as HTTP/2 or a WebSocket."""
        return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"

    def _is_idle(self) -> bool:
        return not self._asked or self.cycle.response_complete

    def _owes_answers(self) -> bool:
        """Return True if a request that came whole is not answered."""
        return bool(self.pipeline) or not (self._is_idle() or self.cycle.more_body)

    def _is_between_requests(self) -> bool:
        """Return True if an answer was taken and nothing came since."""
        return self._kept_s is not None and not self._heading and not self._is_behind()

    def _has_body_to_come(self) -> bool:
        """Return True if the bus reads a body that is not whole; not where it does not read on because it is at work."""
        return not self._is_idle() and self.cycle.more_body and not self.flow.read_paused

    def _is_behind(self) -> bool:
        """Return True if an answer waits to be taken."""
        return self._to_send() > 0

    def _to_send(self) -> int:
        return self.transport.get_write_buffer_size()


def _later(sentence: str, status: int) -> HttpError:
    """Return the answer to a request that may come again on another connection."""
    return HttpError(status, sentence, [(b"retry-after", b"1"), (b"connection", b"close")])
