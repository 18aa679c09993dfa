"""Invented people, places and things: nobody here exists, addresses are of example.com and of the ranges set aside for documentation.

Ranges: https://www.rfc-editor.org/rfc/rfc5737 and https://www.rfc-editor.org/rfc/rfc3849
"""

from __future__ import annotations

import unicodedata
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from random import Random

ACCOUNT = "123456789012"

FIRST_NAMES = (
    "Ada", "Amaru", "Anouk", "Aziza", "Bela", "Bo", "Caio", "Chiara", "Dagny", "Dilan", "Edda", "Emeka", "Farah", "Finn", "Gal", "Hana",
    "Ilse", "Imre", "Inés", "Jasper", "Jun", "Kaja", "Kenji", "Lars", "Leïla", "Mads", "Mira", "Nadim", "Noa", "Odile", "Oskar", "Pia",
    "Quinn", "Rafi", "Ruta", "Sade", "Søren", "Tariq", "Tove", "Ulla", "Vikram", "Wanda", "Xia", "Yara", "Zoë", "Željko",
)  # fmt: skip

LAST_NAMES = (
    "Abara", "Almqvist", "Bakker", "Barroso", "Castellan", "Czerny", "Dahlke", "Duarte", "Eklöf", "Engel", "Fonseca", "Fujita", "Gerhardt",
    "Grieg", "Haddad", "Holm", "Ibarra", "Ito", "Jansen", "Jovanić", "Kaplan", "Krüger", "Lindqvist", "Lopes", "Marek", "Mensah", "Nakata",
    "Novak", "Okafor", "Oliveira", "Petrov", "Quist", "Rahman", "Rossi", "Sahin", "Strand", "Takeda", "Thorsen", "Urban", "Vargas",
    "Vester", "Weiss", "Xu", "Yilmaz", "Zieliński",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody invented: a name to show, a name for addresses."""

    name: str
    slug: str

    @property
    def email(self) -> str:
        """Return the address, at example.com."""
        return f"{self.slug}@example.com"


def person(random: Random, number: int = 0) -> Person:
    """Invent somebody; a number other than 0 makes the address differ from those of the same name."""
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    return Person(f"{first} {last}", f"{_plain(first)}.{_plain(last)}{number or ''}")


_LETTERS = str.maketrans({"ø": "o", "ł": "l"})


def _plain(name: str) -> str:
    """Write a name in lower-case ASCII."""
    return unicodedata.normalize("NFKD", name.lower().translate(_LETTERS)).encode("ascii", "ignore").decode()


@dataclass(frozen=True, slots=True)
class Place:
    """A city: where people are when they log in."""

    city: str
    country: str
    country_name: str
    continent: str
    zone: str
    offset_hours: int
    """How far its winter time is ahead of UTC."""
    latitude: float
    longitude: float
    network: int
    """Its part of 2001:db8::/32."""


PLACES = (
    Place("Hamburg", "DE", "Germany", "EU", "Europe/Berlin", 1, 53.55, 9.99, 0x49),
    Place("Leeds", "GB", "United Kingdom", "EU", "Europe/London", 0, 53.8, -1.55, 0x44),
    Place("Lyon", "FR", "France", "EU", "Europe/Paris", 1, 45.76, 4.84, 0x33),
    Place("Portland", "US", "United States", "NA", "America/Los_Angeles", -8, 45.52, -122.68, 0x1),
    Place("Recife", "BR", "Brazil", "SA", "America/Recife", -3, -8.05, -34.9, 0x55),
    Place("Pune", "IN", "India", "AS", "Asia/Kolkata", 5, 18.52, 73.86, 0x91),
    Place("Sendai", "JP", "Japan", "AS", "Asia/Tokyo", 9, 38.27, 140.87, 0x81),
    Place("Malmö", "SE", "Sweden", "EU", "Europe/Stockholm", 1, 55.61, 13.0, 0x46),
)
"""Where users live, the most populous first."""

ABROAD = (
    Place("Lagos", "NG", "Nigeria", "AF", "Africa/Lagos", 1, 6.45, 3.39, 0x234),
    Place("Hanoi", "VN", "Vietnam", "AS", "Asia/Ho_Chi_Minh", 7, 21.03, 105.85, 0x84),
    Place("Chișinău", "MD", "Moldova", "EU", "Europe/Chisinau", 2, 47.01, 28.86, 0x373),
    Place("Quito", "EC", "Ecuador", "SA", "America/Guayaquil", -5, -0.18, -78.47, 0x593),
)
"""Where attackers seem to be, and where nobody lives."""

COMMITS = (
    "Round prices half up", "Retry the payment webhook", "Fix flaky clock in tests", "Bump base image", 'Say "out of stock" sooner',
    "Cache the catalogue for 60 s", "Drop support for TLS 1.0", "Übersetze die Fehlerseite", "Speed up the search index", "Log order ids",
    "Remove dead feature flag", "Move secrets to the vault", "Handle an empty basket\\cart", "Add health check", "Correct a typo",
)  # fmt: skip

STOP_COMMENTS = (
    "Wrong branch, sorry", "Stopping the deployment for an update", "Superseded by the hotfix", "Load test is running in prod",
    "Costs too much, see the budget alert", "Freeze until Monday",
)  # fmt: skip

REJECTIONS = (
    "Rejected: the load test is not done", "Please add the migration first", "Not on a Friday", "Release notes are missing",
    "Numbers of the canary look wrong", "No",
)  # fmt: skip


def hexadecimal(random: Random, digits: int) -> str:
    """Return so many random hexadecimal digits."""
    return f"{random.getrandbits(4 * digits):0{digits}x}"


def identifier(random: Random) -> str:
    """Return a random UUID, version 4."""
    digits = f"{random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def token(random: Random, length: int) -> str:
    """Return so many random characters, as in client ids and session ids; a multiple of four."""
    return urlsafe_b64encode(random.randbytes(length * 3 // 4)).decode()
