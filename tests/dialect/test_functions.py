"""Functions of Athena, asked of the engine with the texts that people search."""

from decimal import Decimal

import pytest

from eventlake.conformance.fixture import FixtureEngine
from eventlake.errors import QueryFailedError, QueryRefusedError, QuerySyntaxError

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Mobile"


def test_the_sign_of_kelvin_is_a_k_without_regard_to_case(engine: FixtureEngine) -> None:
    """U+212A folds to k in Trino and in RE2; only `\\w` stays one of ASCII."""
    answer = engine.query("select regexp_like(x, '(?i)k'), regexp_like(x, '(?i)\\w') from (values '\u212a') t(x)")

    assert answer.rows == [(True, False)]


def test_a_text_with_a_sharp_s_is_refused_where_the_pattern_has_two(engine: FixtureEngine) -> None:
    """Trino takes it for ss, RE2 does not; a pattern without ss behind one another is answered."""
    assert engine.query("select regexp_like('Straße', '(?i)STR.*S?E')").rows == [(True,)]
    with pytest.raises(QueryRefusedError, match="without regard to case"):
        engine.query("select regexp_like('Straße', '(?i)STRASSE')")


def test_a_pattern_with_a_sharp_s_is_refused_without_regard_to_case(engine: FixtureEngine) -> None:
    """Trino takes it for ss too, RE2 does not."""
    with pytest.raises(QueryRefusedError, match="without regard to case"):
        engine.query("select regexp_like('STRASSE', '(?i)straße')")


def test_a_browser_is_found_without_regard_to_case(engine: FixtureEngine) -> None:
    """The capital K of every browser's KHTML is an ordinary letter."""
    assert engine.query(f"select regexp_like('{CHROME}', '(?i)mobile'), regexp_extract('{CHROME}', '(?i)chrome/(\\d+)', 1)").rows == [
        (True, "131")
    ]


@pytest.mark.parametrize(
    ("pattern", "group", "found"),
    [
        ("[0-9]+", 0, [None, None, "12", None, None]),
        ("[0-9]*", 0, ["", "", "", "", None]),
        ("x=(\\w*)", 1, [None, "", "12", None, None]),
        ("x=(\\w+)?.", 1, [None, None, "1", None, None]),
        ("(a)|x", 1, ["a", None, None, None, None]),
        ("([0-9]+)$", 1, [None, None, "12", None, None]),
    ],
)
def test_nothing_found_is_not_an_empty_match(pattern: str, group: int, found: list[str | None], engine: FixtureEngine) -> None:
    """RE2 gives an empty text for both, and for a group that took no part."""
    texts = "(values (1, 'a'), (2, 'x='), (3, 'x=12'), (4, ''), (5, null)) t(n, x)"
    assert engine.query(f"select regexp_extract(x, '{pattern}', {group}) from {texts} order by n").rows == [(text,) for text in found]


def test_two_ways_to_join_arrays_are_refused(engine: FixtureEngine) -> None:
    """A bare NULL beside an array may be an element or an array."""
    with pytest.raises(QuerySyntaxError, match="cast NULL"):
        engine.query("select array['a'] || null")


@pytest.mark.parametrize(
    "call", ["'a' || null", "null || 'a'", "concat('a', null)", "'a' || null || 'b'", "1 || null", "cast('a' as varchar(5)) || null"]
)
def test_a_bare_null_is_an_array_beside_a_value(call: str, engine: FixtureEngine) -> None:
    """Trino joins it as an array of such values."""
    answer = engine.query(f"select {call}")

    assert answer.rows == [(None,)]
    assert str(answer.types[0]).startswith("array(")


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("null || null", QuerySyntaxError),
        ("concat(null, null)", QuerySyntaxError),
        ("to_utf8('a') || null", QuerySyntaxError),
        ("type || null", QueryRefusedError),
        ("concat(type, null)", QueryRefusedError),
        ("upper('a') || null", QueryRefusedError),
        ("length('a' || null)", QueryRefusedError),
        ("coalesce('a' || null, 'x')", QuerySyntaxError),
    ],
)
def test_a_bare_null_beside_a_text_without_bounds_is_refused(call: str, error: type[Exception], engine: FixtureEngine) -> None:
    """Trino finds two ways to join them, or an array where a text is wanted."""
    with pytest.raises(error):
        engine.query(f"select {call} from auth0_logs")


@pytest.mark.parametrize(
    "call", ["'a' || cast(null as varchar)", "concat('a', null, 'b')", "'a' || nullif('b', 'b')", "concat(type, cast(null as varchar))"]
)
def test_a_null_of_type_text_is_a_text(call: str, engine: FixtureEngine) -> None:
    """Cast, or of a function, it joins as texts do."""
    answer = engine.query(f"select {call} from auth0_logs limit 1")

    assert (answer.rows, str(answer.types[0])) == ([(None,)], "varchar")


def test_branches_of_a_case_stay_branches(engine: FixtureEngine) -> None:
    """What a pattern checks of a long expression is computed once without tearing the CASE apart."""
    long = "json_extract_scalar(x, '$[\"a\"]')"
    assert engine.query(f"select regexp_replace({long}, '^(b)(.*)$', '$2 $1') from (values '{{\"a\":\"bc\"}}') t(x)").rows == [("c b",)]


def test_an_inner_join_of_moments_in_two_zones_is_refused(engine: FixtureEngine) -> None:
    """Where two are equal Trino may show either side's in the zone of the other."""
    kinds = ("(select timestamp '2026-11-03 23:00:00 UTC' t)", "(select timestamp '2026-11-04 08:00:00 Asia/Tokyo' t)")

    assert engine.query(f"select hour(b.t) from {kinds[1]} a join {kinds[1]} b on a.t = b.t").rows == [(8,)]
    with pytest.raises(QueryRefusedError, match="several time zones"):
        engine.query(f"select hour(b.t) from {kinds[0]} a join {kinds[1]} b on a.t = b.t")


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        ("regexp_replace('ab', '(b*)', m -> '<' || m[1] || '>')", "<>a<b><>"),
        ("regexp_replace('axxb', 'x*', m -> 'z')", "zazzbz"),
        ("regexp_replace('a1b bb', '(\\d)?(b)*', m -> coalesce(m[1], '-') || coalesce(m[2], '+'))", "-+a1b-+ -b-+"),
        ("regexp_replace('', 'x*', m -> 'z')", "z"),
    ],
)
def test_a_lambda_replaces_what_may_match_nothing(call: str, shown: str, engine: FixtureEngine) -> None:
    """Between all letters there is a match of nothing."""
    assert engine.query(f"select {call}").rows == [(shown,)]


def test_a_lambda_on_ends_that_match_nothing_is_refused(engine: FixtureEngine) -> None:
    """RE2 is asked of pieces, which have ends of their own."""
    with pytest.raises(QueryRefusedError, match="with a lambda"):
        engine.query("select regexp_replace('a', 'x*$', m -> 'z')")


LONG = "(select rpad('a', 1024, 'a') || cast(i as varchar) x from unnest(sequence(1, 1100)) t(i))"


def test_a_list_beyond_a_mebibyte_fails(engine: FixtureEngine) -> None:
    """As in Trino, whose limit it is."""
    with pytest.raises(QueryFailedError, match="1,048,576"):
        engine.query(f"select listagg(x, ',') within group (order by x) from {LONG}")


def test_a_list_that_is_cut_is_refused(engine: FixtureEngine) -> None:
    """A shorter one is answered whatever becomes of a longer."""
    cut = "listagg(x, ',' on overflow truncate '...' with count) within group (order by x)"
    assert engine.query(f"select {cut} from (values 'a', 'b') t(x)").rows == [("a,b",)]
    with pytest.raises(QueryRefusedError, match="is cut"):
        engine.query(f"select {cut} from {LONG}")


def test_a_product_of_decimals_is_computed_in_as_many_digits_as_it_has(engine: FixtureEngine) -> None:
    """DuckDB multiplies decimals of 18 digits in 64 bits, and fails where Trino has more."""
    answer = engine.query("select x * x, try(x * x), (x * x) + x from (values decimal '99999999.99') t(x)")

    product = Decimal("9999999998000000.0001")
    assert answer.rows == [(product, product, product + Decimal("99999999.99"))]


def test_a_map_made_of_two_keeps_the_order_of_their_keys(engine: FixtureEngine) -> None:
    """`map_zip_with` begins with the first map's keys, `map_concat` with the last one's."""
    maps = "map(array['q','a'], array[1,2]), map(array['z','q','b'], array[5,6,7])"

    assert engine.query(f"select map_keys(map_zip_with({maps}, (k, x, y) -> 1)), map_keys(map_concat({maps}))").rows == [
        (["q", "a", "z", "b"], ["z", "q", "b", "a"])
    ]


def test_a_comparator_that_contradicts_itself_is_refused(engine: FixtureEngine) -> None:
    """What Trino's sort makes of it hangs on its steps; of equal elements it may say what it likes."""
    assert engine.query("select array_sort(array[3,1,3,2], (a, b) -> if(a < b, 1, -1))").rows == [([3, 3, 2, 1],)]
    with pytest.raises(QueryRefusedError, match="contradicts itself"):
        engine.query("select array_sort(array[3,null,2], (a, b) -> if(a < b, 1, if(a = b, 0, -1)))")


def test_the_keys_of_json_object_stand_in_the_order_of_a_hash_map(engine: FixtureEngine) -> None:
    """Trino collects them in Java's HashMap; with ABSENT ON NULL that order hangs on the NULLs once there are many."""
    many = ", ".join(f"'a{number}': 1" for number in range(1, 15))

    assert engine.query("select json_object('b': 1, 'a': 2, 'zebra': 3, 'pipeline': 5)").rows == [('{"zebra":3,"pipeline":5,"a":2,"b":1}',)]
    assert engine.query(f"select json_object({many})").rows == [
        ('{"a11":1,"a10":1,"a13":1,"a12":1,"a14":1,"a1":1,"a2":1,"a3":1,"a4":1,"a5":1,"a6":1,"a7":1,"a8":1,"a9":1}',)
    ]
    with pytest.raises(QueryRefusedError, match="more than 12 keys"):
        engine.query(f"select json_object({many} absent on null)")


def test_json_stands_in_json_without_quotes(engine: FixtureEngine) -> None:
    """What JSON_OBJECT, JSON_ARRAY and JSON_QUERY give is JSON to the call around them; what JSON_VALUE gives is text."""
    parts = """json_object('b': 1), (json_array(1, 'x')), json_query('{"a":[2]}', 'lax $.a'), json_value('{"a":"y"}', 'lax $.a')"""

    assert engine.query(f"select json_array({parts})").rows == [('[{"b":1},[1,"x"],[2],"y"]',)]


def test_a_decimal_in_a_json_path_is_compared_and_nothing_else(engine: FixtureEngine) -> None:
    """Athena computes with all its digits, and gives them: `$.a + 1.5` is the text 2.5 there. A double is what it is here."""
    assert engine.query("""select json_exists('{"a":-3}', 'lax $.a ? (@ < -1.5)'), json_value('{"a":1}', 'lax $.a + 1.5e0')""").rows == [
        (True, "2.5E0")
    ]
    for path in ("$.a + 1.5", "2.50 * $.a", "1.5", "-1.5"):
        with pytest.raises(QueryRefusedError, match=r"outside of comparisons .* write \d.5\d?e0"):
            engine.query(f"""select json_value('{{"a":1}}', 'lax {path}')""")


def test_try_does_not_hide_that_there_is_no_order(engine: FixtureEngine) -> None:
    """Trino does not support it, which TRY lets through."""
    for two in ("array[null, 1] < array[2, 1]", "row(1, null) < row(1, 2)"):
        with pytest.raises(QueryFailedError, match="has no order"):
            engine.query(f"select try({two})")


def test_json_parse_sorts_the_keys_of_nested_objects(engine: FixtureEngine) -> None:
    """An object in which a key occurs twice is not shown: DuckDB keeps both."""
    nested = """'{"b":1,"a":{"d":[{"z":1,"y":2}],"c":2}}'"""

    assert engine.query(f"select json_format(json_parse(x)) from (values {nested}) t(x)").rows == [
        ('{"a":{"c":2,"d":[{"y":2,"z":1}]},"b":1}',)
    ]
    with pytest.raises(QueryRefusedError, match="occurs twice"):
        engine.query("""select json_parse(x) from (values '{"a":{"x":1,"y":2,"x":3}}') t(x)""")


def test_json_of_many_levels_is_shown_or_refused_within_its_memory(engine: FixtureEngine) -> None:
    """Arrays have no keys to sort; objects beyond what a structure may have are refused by name."""
    arrays, objects = "[" * 20_000 + "]" * 20_000, '{"a":' * 5_000 + "1" + "}" * 5_000

    assert engine.query(f"select json_parse('{arrays}')").rows == [(arrays,)]
    with pytest.raises(QueryRefusedError, match="more than 128 levels"):
        engine.query(f"select json_parse('{objects}')")


def test_an_index_before_the_first_element_is_null(engine: FixtureEngine) -> None:
    """`json_array_get` counts from the end, and ends there."""
    assert engine.query("select json_array_get('[1,2]', -2), json_array_get('[1,2]', -3)").rows == [("1", None)]


def test_parts_of_a_time_are_read(engine: FixtureEngine) -> None:
    """By their functions and by EXTRACT."""
    answer = engine.query("select hour(t), minute(t), extract(second from t), millisecond(t) from (values time '10:05:03.25') v(t)")

    assert answer.rows == [(10, 5, 3, 250)]


def test_nothing_is_unnested_from_a_bare_null(engine: FixtureEngine) -> None:
    """A NULL has no items, and no type that had some."""
    with pytest.raises(QuerySyntaxError, match="UNNEST wants an array or a map, not unknown"):
        engine.query("select * from unnest(null)")


@pytest.mark.parametrize(
    ("call", "way_out"),
    [
        ("approx_percentile(x, w, 0.5)", "repeat each row w times"),
        ("approx_percentile(x, w, 0.5, 0.01)", "repeat each row w times"),
        ("approx_percentile(x, w, array[0.5, 0.9])", "repeat each row w times"),
        ("numeric_histogram(10, x)", "width_bucket"),
        ("numeric_histogram(10, x, w)", "width_bucket"),
        ("value_at_quantile(tdigest_agg(x), 0.9)", "approx_percentile"),
        ("cardinality(merge(approx_set(x)))", "approx_"),
    ],
)
def test_sketches_are_refused_with_the_way_out(call: str, way_out: str, engine: FixtureEngine) -> None:
    """Athena's answers come from a sketch of the values, between which it interpolates: 1.8 of a 1 once and a 2 five times."""
    with pytest.raises(QueryRefusedError, match=way_out):
        engine.query(f"select {call} from (values (1e0, 1), (2e0, 5)) t(x, w)")


def test_a_percentile_with_weights_may_be_asked_of_repeated_rows(engine: FixtureEngine) -> None:
    """As the refusal says; a Trino 476 gives 30.0 and 20.0 too."""
    answer = engine.query(
        "select approx_percentile(x, 0.5), approx_percentile(x, 0.3) from (values (1e1, 3), (2e1, 1), (3e1, 4), (4e1, 2)) t(x, w) "
        "cross join unnest(sequence(1, w))"
    )

    assert answer.rows == [(30.0, 20.0)]
