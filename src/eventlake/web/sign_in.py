"""Lets a browser in where the bus has a token: a form takes the token once, then a cookie shows that its owner knew it.

The cookie holds a fingerprint of the token, never the token: it opens the page, and sends no event.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from eventlake.local.bus.answer import Answer, HttpError, Message, Receive, Send, answer_to, respond
from eventlake.local.bus.guard import COOKIE, Guard
from eventlake.web.answers import HTML, answer
from eventlake.web.elements import element
from eventlake.web.sending import form_of
from eventlake.web.shell import document, sentence
from eventlake.web.static import static

PATH = "/sign-in"
_LONGEST = 4096


class SignIn:
    """The ASGI application for those who have shown no token."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer the form, what it is painted with, or that a token is wanted."""
        path, method = scope["path"], scope["method"]
        if (painted := static(path)) is not None and method in {"GET", "HEAD"}:
            await respond(send, painted)
        elif path == PATH and method == "POST":
            await respond(send, self._tried(await form_of(receive, _LONGEST)))
        elif b"text/html" in dict(scope["headers"]).get(b"accept", b""):
            await respond(send, _form(401))
        else:
            await respond(send, answer_to(_wanted(), to_aws=False))

    def _tried(self, body: bytes) -> Answer:
        """Return the way in with its cookie for who gave the token, else the form again."""
        given = parse_qs(body.decode("latin-1")).get("token", [""])[0]
        if not self._guard.is_token(given.encode()):
            return _form(403, "This is not the token; it is what EVENTLAKE_TOKEN held when the bus was started.")
        cookie = f"{COOKIE}={self._guard.fingerprint}; HttpOnly; SameSite=Strict; Path=/".encode()
        return answer(303, HTML, b"", (b"location", b"/"), (b"set-cookie", cookie))


def _wanted() -> HttpError:
    return HttpError(401, "This bus wants a token: Authorization: Bearer TOKEN.", [(b"www-authenticate", b"Bearer")])


def _form(status: int, problem: str = "") -> Answer:
    field = element("label", "Token ", element("input", type="password", name="token", autocomplete="current-password", required=True))
    form = element("form", field, element("button", "Sign in"), action=PATH, method="post", class_="sign-in")
    shown = sentence(problem, is_problem=True) if problem else None
    return answer(status, HTML, document("Sign in", element("main", element("h1", "eventlake"), shown, form)))
