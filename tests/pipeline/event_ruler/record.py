"""Record what AWS's matcher decides: of numbers, of keys that stand twice and of patterns that it refuses; of addresses and of `$or`.

    python tests/pipeline/event_ruler/record.py tests/pipeline/numbers_and_refusals.tsv.gz
    python tests/pipeline/event_ruler/record.py tests/pipeline/addresses_and_alternatives.tsv.gz

Needs Maven, which fetches event-ruler 2.1.0 from Maven Central, javac, and in JAVA_HOME a Java of 19 or newer: older ones write some doubles
with more digits than they need.
The pairs are the same in every run; `test_rule.py` holds `matches()` against the verdicts.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
ARTIFACT = "software.amazon.event.ruler:event-ruler:2.1.0"
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>eventlake</groupId><artifactId>verdicts</artifactId><version>1</version><dependencies><dependency>
{"".join(f"<{name}>{value}</{name}>" for name, value in zip(("groupId", "artifactId", "version"), ARTIFACT.split(":"), strict=True))}
</dependency></dependencies></project>"""

# fmt: off
NUMBERS = (
    "0", "-0", "0.0", "-0.0", "0e5", "1", "1.0", "1e0", "10E-1", "-1", "5", "5.0", "5.5", "0.1", "0.10", "1e-1", "0.1000001",
    "0.10000000000000001", "0.1000000000000000055511151231257827", "0.30000000000000004", "0.3", "100", "300", "5e9", "5000000000",
    "5000000000.1", "5000000001", "-5000000001", "6e9", "1e12", "1000000000000", "1e-10", "0.0000000001", "-1e-10", "1e-300", "1e-400",
    "0e-400", "1e300", "1e308", "1.7976931348623157e308", "1e309", "1e400", "-1e400", "1794045600123", "1794045600123.0",
    "1794045600.123", "1794045600.123456", "1794045600.1234567", "9007199254740991", "9007199254740992", "9007199254740993",
    "9007199254740994", "123456789012345678", "123456789012345680", "12345678901234567890", "12345678901234567000",
    "12345678901234567168", "1.2345678901234567e19", "1234567890123456789.5", "123456789012", "3.14159265358979", "3.141592653589793",
    "3.1415926535897932", "3.14159265358979312", "2.5E+3", "2500", "1e22", "10000000000000000000000", "1e23",
)
# fmt: on
OTHERS = ('"5"', '"a"', '"0.1"', "true", "null", '""')
OPERATORS = ("=", "<", "<=", ">", ">=")
WORDS = ('"a"', '""', '"tmp"', '"*.png"', '"a\\\\b"', '"10.0.0.0/8"', '"10.0.0.1"', '"\\u00e9*"')
OPERANDS = (
    *WORDS,
    "5",
    "1e400",
    "12345678901234567890",
    "true",
    "false",
    "null",
    "[]",
    "{}",
    '["a"]',
    '["a", "b"]',
    '["", "a"]',
    "[1]",
    "[1, 2]",
)
ITEMS = (*OPERANDS, *(f'"{name}"' for name in OPERATORS))
# fmt: off
ADDRESSES = (
    "10.0.0.7", "10.0.0.1", "10.00.0.007", "010.0.0.7", "0010.0.0.7", "10.0.0.0007", "00000000010.0.0.7", "10.0.0.256", "0256.0.0.1",
    "10.0.0.255", "10.0.255.255", "10.255.0.1", "11.0.0.0", "9.255.255.255", "0.0.0.0", "255.255.255.255", "32.1.13.184", "1.2.3.4",
    "10.0.7", "10..0.7", "10.0.0.7.", ".10.0.0.7", "10.0.0.7 ", "-1.0.0.0", "1.2.3.4.5", "0xa.0.0.7",
    "::", "0::0", "::1", "::00001", "::0001", "::10000", "0:0:0:0:0:0:0:1", "0:0:0:0:0:0:0:00001", "2001:db8::1", "2001:DB8:0:0:0:0:0:1",
    "2001:db8::ff", "2001:db8:0:1::", "2001:db9::", "0a00:0001::", "a00:7::", "0a01:0203:0:0:0:0:0:0", "ff00::1", "ffff::",
    "::ffff:a00:7", "::FFFF:0A00:0007", "::ffff:10.0.0.7", "::FFFF:10.0.0.7", "::10.0.0.7", "0:0:0:0:0:0:a00:7", "64:ff9b::a00:7",
    "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8", "1:2:3:4:5:6:7", "1::2::3", ":::", ":", "1:2",
    "12:30:45", "fe80::1%1", "[::1]", "::g", "aws.codepipeline", "",
)
# fmt: on
MASKS = (0, 1, 3, 4, 7, 8, 9, 15, 16, 24, 31, 32, 33, 64, 96, 104, 127, 128)
STATES = ("FAILED", "SUCCEEDED", "S", "")
NAMES = ("exactly", "prefix", "suffix", "equals-ignore-case", "wildcard", "numeric", "exists", "anything-but", "cidr", "contains", "Prefix")


def numbers_and_refusals(chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield pairs of pattern and event: numbers, odd operators, wildcards."""
    for _ in range(3000):
        yield _in_detail(_pattern_of_numbers(chance)), _in_detail(_event_of_numbers(chance))
    for _ in range(1500):
        yield _in_detail(f'"a": [{_odd_operator(chance)}]'), _in_detail('"a": "tmp"')
    for _ in range(500):
        yield _in_detail(f'"a": [{_wildcards(chance)}]'), _in_detail('"a": "a:b:/c"')


def addresses_and_alternatives(chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield pairs of pattern and event: addresses in every spelling, and `$or` before and behind conditions of the same fields."""
    for _ in range(3000):
        values = [chance.choice(ADDRESSES) for _ in range(chance.choice((1, 1, 1, 2)))]
        yield _in_detail(f'"a": [{_condition_of_addresses(chance)}]'), _in_detail(f'"a": {json.dumps(values if values[1:] else values[0])}')
    for _ in range(1500):
        event = {name: state for name in "abc" if (state := chance.choice(STATES))}
        yield _in_detail(_alternatives(chance, 2)), _in_detail(json.dumps(event)[1:-1])


def _condition_of_addresses(chance: random.Random) -> str:
    drawn, address = chance.random(), json.dumps(chance.choice(ADDRESSES))
    if drawn < 0.3:
        return address
    if drawn < 0.8:
        return f'{{"cidr": "{chance.choice(ADDRESSES)}/{chance.choice(MASKS)}"}}'
    operator = chance.choice(("anything-but", "prefix", "suffix", "equals-ignore-case", "exactly"))
    return f'{{"{operator}": {address}}}'


def _alternatives(chance: random.Random, deeper: int) -> str:
    """Write one to three members, an `$or` among them at most."""
    members = [f'"{name}": [{_condition_of_states(chance)}]' for name in chance.sample("abc", chance.randint(0, 2))]
    if deeper and (not members or chance.random() < 0.8):
        ways = ", ".join(f"{{{_alternatives(chance, deeper - 1)}}}" for _ in range(chance.choice((2, 2, 3))))
        members.insert(chance.randint(0, len(members)), f'"$or": [{ways}]')
    return ", ".join(members) or f'"a": [{_condition_of_states(chance)}]'


def _condition_of_states(chance: random.Random) -> str:
    return chance.choice(('"FAILED"', '"SUCCEEDED"', '{"prefix": "S"}', '{"exists": false}', '{"exists": true}', '{"anything-but": "S"}'))


def _in_detail(members: str) -> str:
    return f'{{"detail": {{{members}}}}}'


def _number(chance: random.Random) -> str:
    drawn = chance.random()
    if drawn < 0.75:
        return chance.choice(NUMBERS)
    if drawn < 0.85:
        return str(chance.randint(-(10 ** chance.randint(1, 21)), 10 ** chance.randint(1, 21)))
    if drawn < 0.95:
        return f"{chance.choice(('', '-'))}{chance.randint(0, 99)}.{chance.randint(1, 10 ** chance.randint(1, 19))}"
    return f"{chance.randint(1, 10 ** chance.randint(1, 17))}e{chance.randint(-330, 310)}"


def _pattern_of_numbers(chance: random.Random) -> str:
    first = f'"a": [{", ".join(_condition(chance) for _ in range(chance.choice((1, 1, 1, 2, 3))))}]'
    drawn = chance.random()
    if drawn < 0.08:
        return f'{first}, "a": [{_condition(chance)}]'
    if drawn < 0.16:
        return f'"$or": [{{{first}}}, {{"a": [{_condition(chance)}]}}]'
    return first if drawn < 0.9 else f'{first}, "b": [{_condition(chance)}]'


def _condition(chance: random.Random) -> str:
    drawn = chance.random()
    if drawn < 0.3:
        return _number(chance)
    if drawn < 0.6:
        return f'{{"numeric": ["{chance.choice(OPERATORS)}", {_number(chance)}]}}'
    if drawn < 0.75:
        lower, upper = sorted((_number(chance) for _ in range(2)), key=float)
        return f'{{"numeric": ["{chance.choice((">", ">="))}", {lower}, "{chance.choice(("<", "<="))}", {upper}]}}'
    if drawn < 0.9:
        return f'{{"anything-but": {chance.choice((_number(chance), f"[{_number(chance)}, {_number(chance)}]"))}}}'
    return chance.choice((*OTHERS, '{"exists": true}', '{"exists": false}', '{"anything-but": "a"}'))


def _event_of_numbers(chance: random.Random) -> str:
    value = _number(chance) if chance.random() < 0.85 else chance.choice(OTHERS)
    drawn = chance.random()
    if drawn < 0.25:
        return f'"a": {value}, "a": {_number(chance)}'
    if drawn < 0.35:
        return f'"a": [{value}, {_number(chance)}]'
    return f'"a": {value}' + (f', "b": {_number(chance)}' if drawn > 0.7 else "")


def _odd_operator(chance: random.Random) -> str:
    members = [f'"{chance.choice(NAMES)}": {_operand(chance, 2)}' for _ in range(1 if chance.random() < 0.93 else 2)]
    return f"{{{', '.join(members)}}}"


def _operand(chance: random.Random, deeper: int) -> str:
    drawn = chance.random()
    if deeper and drawn < 0.45:
        inner = f'{{"{chance.choice(NAMES)}": {_operand(chance, deeper - 1)}}}'
        return inner if drawn < 0.35 else f'["a", {inner}]'
    if drawn < 0.6:
        return f"[{', '.join(chance.choice(ITEMS) for _ in range(chance.randint(1, 4)))}]"
    if drawn < 0.7:
        return f'["{chance.choice(OPERATORS)}", {_number(chance)}]'
    return chance.choice(OPERANDS)


def _wildcards(chance: random.Random) -> str:
    texts = [
        "".join(chance.choice(("*:", "*", "a", "/", ":", "*a", "b*")) for _ in range(chance.randint(1, 9)))
        for _ in range(chance.randint(1, 3))
    ]
    written = ['"' + text.replace("**", "*") + '"' for text in texts]
    if chance.random() < 0.3:
        return f'{{"anything-but": {{"wildcard": [{", ".join(written)}]}}}}'
    return ", ".join(f'{{"wildcard": {text}}}' for text in written)


def verdicts(lines: list[str]) -> list[str]:
    """Ask the matcher of each `pattern TAB event`."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "pom.xml").write_text(POM, "utf-8")
        subprocess.run(["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"], cwd=folder, check=True)
        subprocess.run(["javac", "-d", ".", "-cp", "lib/*", str(HERE / "Verdicts.java")], cwd=folder, check=True)
        command = [java(), "-cp", f"{folder}/lib/*:{folder}", "Verdicts"]
        ran = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, encoding="utf-8", check=True)
    return ran.stdout.splitlines()


def java() -> str:
    """Return the program that runs Java: that of JAVA_HOME where it is set."""
    return str(Path(os.environ["JAVA_HOME"], "bin", "java")) if "JAVA_HOME" in os.environ else "java"


SETS = {"numbers_and_refusals.tsv.gz": numbers_and_refusals, "addresses_and_alternatives.tsv.gz": addresses_and_alternatives}


def main() -> None:
    """Write the pairs of a set with their verdicts to the file that is named."""
    pairs = SETS[Path(sys.argv[1]).name](random.Random(2026))
    decided = verdicts([f"{pattern}\t{event}" for pattern, event in pairs])
    with gzip.GzipFile(sys.argv[1], "wb", mtime=0) as written:
        written.write("".join(f"{line}\n" for line in decided).encode())


if __name__ == "__main__":
    main()
