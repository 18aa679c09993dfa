"""Who and what logs in: users in several countries with their habits, applications, machines, administrators.

Each gives the values that fill the shapes of log entries, ready-made, because a user has many entries.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from eventlake.history.names import ABROAD, PLACES, Person, Place, hexadecimal, identifier, person, token
from eventlake.history.shape import encoded, escaped, members

Values = dict[str, str]
"""Values for the holes of a log entry's shape."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """An Auth0 tenant and the log stream that sends its entries. old: its stream writes isMobile, not is_mobile."""

    name: str
    source: str
    old: bool

    @property
    def hostname(self) -> str:
        """Return its host name."""
        return f"{self.name}.eu.example.com"

    def values(self) -> Values:
        """Return what all its entries say."""
        return {"tenant": self.name, "source": self.source, "hostname": self.hostname}


def tenant(random: Random, name: str, *, old: bool) -> Tenant:
    """Invent a tenant with that name."""
    return Tenant(name, f"aws.partner/auth0.com/{name}-{identifier(random)}/auth0.logs", old)


@dataclass(frozen=True, slots=True)
class Application:
    """Something people log in to. kind: `spa`, `web` or `native`."""

    name: str
    kind: str
    client_id: str
    sdk: str
    audience: str = "https://api.shop.example.com"

    def values(self) -> Values:
        """Return what entries of its logins say; `scope` is an array or a text, as its SDK sends it, and so is `auth0_client`."""
        sdk = {"name": self.sdk, "version": "2.1.3"}
        return {
            "client_id": self.client_id,
            "client_name": self.name,
            "audience": self.audience,
            "scope": encoded(["openid", "profile", "email"] if self.kind == "spa" else "openid profile email offline_access"),
            "auth0_client": encoded([sdk] if self.kind == "native" else sdk),
        }


@dataclass(frozen=True, slots=True)
class Machine:
    """A program that gets its own access tokens: how often, in minutes."""

    name: str
    client_id: str
    minutes: int
    audience: str
    scope: str
    ip: str

    def values(self) -> Values:
        """Return what entries of its tokens say."""
        return {
            "client_id": self.client_id,
            "client_name": self.name,
            "audience": self.audience,
            "scope": encoded(self.scope),
            "auth0_client": encoded({"name": "auth0-python", "version": "4.7.1"}),
            "user_id": "",
            "user_name": "",
            "identity_user_id": "",
            "ip": self.ip,
            "location": "",
            "mobile": "",
            "organization": "",
            "user_agent": "python-requests/2.32.3",
        }


@dataclass(frozen=True, slots=True)
class Device:
    """What somebody logs in with."""

    user_agent: str
    mobile: bool
    ja3: str
    ja4: str

    def values(self, *, old: bool) -> Values:
        """Return what entries from it say."""
        flag = "isMobile" if old else "is_mobile"
        return {"user_agent": self.user_agent, "mobile": members({flag: self.mobile}), "ja3": self.ja3, "ja4": self.ja4}


_USER_AGENTS = (
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", False),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0", False),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Safari/604.1", True),
    ("Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36", True),
    ("Firefox 143.0.0 / Linux 0.0.0", False),
)


def device(random: Random) -> Device:
    """Invent a browser on somebody's desk or in their pocket."""
    user_agent, mobile = random.choice(_USER_AGENTS)
    return Device(user_agent, mobile, hexadecimal(random, 32), f"t13d1516h2_{hexadecimal(random, 12)}_{hexadecimal(random, 12)}")


@dataclass(frozen=True, slots=True)
class Spot:
    """An IP address and where it is; country None where Auth0 could not tell."""

    ip: str
    country: str | None
    location: str

    def values(self) -> Values:
        """Return what entries from there say."""
        return {"ip": self.ip, "location": self.location}


def spot(place: Place, ip: str) -> Spot:
    """Return an address at a place."""
    known = {
        "ip": ip,
        "city_name": place.city,
        "country_code": place.country,
        "country_name": place.country_name,
        "continent_code": place.continent,
        "time_zone": place.zone,
        "latitude": place.latitude,
        "longitude": place.longitude,
    }
    return Spot(ip, place.country, members({"location_info": known}))


def somewhere(ip: str) -> Spot:
    """Return an address whose place Auth0 does not know."""
    return Spot(ip, None, members({"location_info": {}}))


def home_spot(random: Random, place: Place, number: int) -> Spot:
    """Return an address of a user's own, at home or in a hotel."""
    return spot(place, f"2001:db8:{place.network:x}:{number:x}::{1 + random.randrange(0xFFFE):x}")


@dataclass(frozen=True, slots=True)
class Connection:
    """How users prove who they are: a database, a social login, a company's own provider."""

    name: str
    id: str
    strategy: str
    strategy_type: str

    def values(self) -> Values:
        """Return what entries of logins through it say."""
        return {"connection": self.name, "connection_id": self.id, "strategy": self.strategy, "strategy_type": self.strategy_type}


@dataclass(slots=True, eq=False)
class User:
    """One user: who, where, with what, and how often they have logged in.

    second_factor: whether a push to the phone is asked for. travelling: whether the user is on the way and cannot log in.
    """

    person: Person
    number: int
    place: Place
    spot: Spot
    device: Device
    connection: Connection
    second_factor: bool
    organization: tuple[str, str] | None
    identity: str
    logins: int = 0
    travelling: bool = False
    values: Values = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return what the user types in, an address."""
        return self.person.email

    @property
    def id(self) -> str:
        """Return Auth0's id of the user."""
        return f"{self.connection.strategy}|{self.identity}"

    @property
    def is_at_home(self) -> bool:
        """Return True if the user is in the country where they live, as far as Auth0 can tell."""
        return not self.travelling and self.spot.country == self.place.country


DATABASE = Connection("Username-Password-Authentication", "con_Zq3T8wPfK1dB7uNs", "auth0", "database")
SOCIAL = Connection("google-oauth2", "con_Yb5R2vHgL9sC4xMe", "google-oauth2", "social")
ENTERPRISE = Connection("hillside-saml", "con_Xc6W1nJkD8fA3tQr", "samlp", "enterprise")

OFFICE = "192.0.2.10"
"""The address that everybody in the company's office has."""

_ORGANIZATIONS = (("org_Hs7Kp2Wm9Tz4Lc1V", "hillside"), ("org_Rd3Nf8Qx5Bv6Jg0Y", "riverbank"))


def population(random: Random, count: int, *, old: bool) -> list[User]:
    """Invent so many users; the first ones log in most often. old: how their tenant's stream writes `is_mobile`."""
    return [new_user(random, number, old=old) for number in range(1, count + 1)]


def new_user(random: Random, number: int, *, old: bool) -> User:
    """Invent one more user; no two have the same number."""
    place = PLACES[int(random.random() ** 2 * len(PLACES))]
    connection = random.choices((DATABASE, SOCIAL, ENTERPRISE), (70, 18, 12))[0]
    organization = random.choice(_ORGANIZATIONS) if connection is ENTERPRISE or random.random() < 0.1 else None
    where = spot(place, OFFICE) if place is PLACES[0] and random.random() < 0.15 else home_spot(random, place, number)
    if random.random() < 0.02:
        where = somewhere(where.ip)
    identity = _identity(random, connection, number)
    user = User(person(random, number), number, place, where, device(random), connection, random.random() < 0.3, organization, identity)
    user.values = identity_values(user, old=old)
    return user


def _identity(random: Random, connection: Connection, number: int) -> str:
    if connection is DATABASE:
        return hexadecimal(random, 24)
    return str(random.randrange(10**20, 10**21)) if connection is SOCIAL else f"hillside|{number}"


def identity_values(user: User, *, old: bool) -> Values:
    """Return what entries say of who a user is and how they come in; where from is another matter."""
    named = dict(zip(("organization_id", "organization_name"), user.organization or (), strict=False))
    return {
        "user_id": user.id,
        "user_name": user.name,
        "identity_user_id": user.identity,
        "organization": members(named),
        "organization_name": named.get("organization_name", ""),
        **user.connection.values(),
        **user.device.values(old=old),
    }


def unknown_user(name: str) -> Values:
    """Return what entries say of a name that no user has."""
    nobody = {"user_id": "", "identity_user_id": "", "organization": "", "organization_name": ""}
    return {**nobody, "user_name": escaped(name), **DATABASE.values()}


def applications(random: Random) -> list[Application]:
    """Return what people log in to, the most used first."""
    return [
        Application("Web Shop", "spa", token(random, 32), "auth0-spa-js"),
        Application("Customer Portal", "web", token(random, 32), "nextjs-auth0"),
        Application("Shop App", "native", token(random, 32), "Auth0.swift"),
    ]


def machines(random: Random) -> list[Machine]:
    """Return what gets tokens by itself."""
    stock, orders = "https://stock.example.com", "https://orders.example.com"
    return [
        Machine("Order Worker", token(random, 32), 60, orders, "read:orders update:orders", "203.0.113.20"),
        Machine("Nightly Reports", token(random, 32), 1440, orders, "read:orders", "203.0.113.21"),
        Machine("Partner Sync", token(random, 32), 180, stock, "read:stock", "203.0.113.22"),
        Machine("Stock Robot", token(random, 32), 120, stock, "read:stock update:stock", "203.0.113.23"),
    ]


ABROAD_SPOTS = tuple(spot(place, f"198.51.100.{10 + 60 * index}") for index, place in enumerate(ABROAD))
"""One address in each country where nobody lives."""
