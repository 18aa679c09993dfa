-- What Trino does in one function and DuckDB in several, as DuckDB's macros; a statement creates those it uses.
-- failure('text', x) and refusal('text', x) stand for SQL that fails with the text and the value of x, see failures.py.
-- A parameter is put in wherever it is named, so what is costly is named once.

-- casts
el_integer_text(s) :=
  CASE
    WHEN s IS NULL OR regexp_full_match(s, '[+-]?[0-9]+') THEN s
    ELSE failure('Not a whole number: ', s)
  END;
el_double_text(s) :=
  CASE
    WHEN s IS NULL OR regexp_full_match(s, '\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[dDfF]?\s*') THEN rtrim(trim(s), 'dDfF')
    WHEN regexp_full_match(s, '\s*[+-]?(NaN|Infinity)\s*') THEN trim(s)
    ELSE failure('Not a number: ', s)
  END;
el_decimal_text(s) :=
  CASE
    WHEN s IS NULL OR regexp_full_match(s, '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?') THEN s
    ELSE failure('Not a decimal: ', s)
  END;
el_boolean(s) :=
  CASE
    WHEN s IS NULL THEN NULL
    WHEN lower(s) IN ('t', 'true', '1') THEN true
    WHEN lower(s) IN ('f', 'false', '0') THEN false
    ELSE failure('Not a boolean: ', s)
  END;
el_date_text(s) :=
  CASE
    WHEN s IS NULL OR regexp_full_match(s, '\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}\s*') THEN s
    ELSE failure('Not a date: ', s)
  END;
el_moment_text(s) :=
  CASE
    WHEN s IS NULL OR regexp_full_match(s,
      '\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]{1,12})?)?)?\s*') THEN CASE
      WHEN regexp_full_match(trim(s), '.* [0-9]{1,2}:[0-9]{1,2}') THEN trim(s) || ':00'
      ELSE s
    END
    ELSE failure('Not a timestamp: ', s)
  END;
el_fitting(s, n) := CASE WHEN s IS NULL OR length(s) <= n THEN s ELSE failure('Too long for its varchar: ', s) END;
el_to_digits(t, step) := make_timestamp(el_floor(epoch_us(t) + step // 2, step));
el_floor(n, step) := n - ((n % step) + step) % step;
el_finite(x) := CASE WHEN isnan(x) OR isinf(x) THEN failure('Not a whole number: ', x) ELSE x END;
el_double_to_text(x) :=
  CASE
    WHEN x IS NULL THEN NULL
    WHEN isnan(x) THEN 'NaN'
    WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END
    ELSE CASE WHEN signbit(x) THEN '-' ELSE '' END || CASE
      WHEN x = 0 THEN '0.0E0'
      ELSE el_scientific(split_part(split_part(CAST(abs(x) AS VARCHAR), 'e', 1), '.', 1),
        split_part(split_part(CAST(abs(x) AS VARCHAR), 'e', 1), '.', 2), coalesce(TRY_CAST(split_part(CAST(abs(x) AS VARCHAR), 'e',
          2) AS INTEGER), 0))
    END
  END;
el_scientific(whole, fraction, e) :=
  CASE
    WHEN whole <> '0' THEN el_mantissa(rtrim(whole || fraction, '0')) || 'E' || CAST(length(whole) - 1 + e AS VARCHAR)
    ELSE el_mantissa(trim(fraction, '0')) || 'E' || CAST(e - (length(fraction) - length(ltrim(fraction, '0'))) - 1 AS VARCHAR)
  END;
el_mantissa(digits) :=
  substring(digits, 1, 1) || '.' || CASE WHEN length(digits) > 1 THEN substring(digits, 2) ELSE '0' END;

-- arithmetic
el_rounded_quotient(n, d) := n // d + ((n % d) * 2) // d;
el_whole_quotient(n, d) := n // d;
el_double_modulo(a, b) := CASE WHEN b = 0 THEN CAST('NaN' AS DOUBLE) ELSE a % b END;
el_whole_days(t) :=
  CASE
    WHEN t = date_trunc('day', t) THEN CAST(t AS DATE)
    ELSE failure('Hours, minutes or seconds cannot be added to a date: ', t)
  END;
el_interval_between(a, b) := to_microseconds(el_floor(epoch_us(a), 1000) - el_floor(epoch_us(b), 1000));

-- zones
el_offset_label(m) :=
  CASE
    WHEN m = 0 THEN 'UTC'
    ELSE CASE WHEN m < 0 THEN '-' ELSE '+' END || lpad(CAST(abs(m) // 60 AS VARCHAR), 2, '0') || ':'
      || lpad(CAST(abs(m) % 60 AS VARCHAR), 2, '0')
  END;
el_iso8601(s) :=
  CASE
    WHEN s IS NULL THEN NULL
    WHEN length(s) IN (20, 24) AND s[11] = 'T' AND s[-1] = 'Z' AND s[5] = '-' AND s[14] = ':' THEN CAST(s AS TIMESTAMP)
    WHEN regexp_full_match(s,
      '[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?(T[0-9]{2}(:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?')
        THEN date_trunc('millisecond', el_iso_wall(s)) - to_minutes(el_iso_offset(s))
    ELSE failure('Not an ISO 8601 timestamp: ', s)
  END;
el_iso_wall(s) :=
  CAST(el_iso_date(regexp_extract(s, '^[0-9-]+')) || ' ' || substring(regexp_extract(s, 'T([0-9:.,]+)', 1) || substring('00:00:00',
    length(regexp_extract(s, 'T([0-9:]+)', 1)) + 1), 1, 15) AS TIMESTAMP);
el_iso_date(d) := d || substring('0000-01-01', length(d) + 1);
el_iso_offset(s) :=
  CASE
    WHEN regexp_matches(s, 'T.*[+-]') THEN (CASE WHEN regexp_extract(s, 'T.*([+-])', 1) = '-'
      THEN -1 ELSE 1 END) * (CAST(regexp_extract(s, 'T.*[+-]([0-9]{2})', 1) AS INTEGER) * 60 + coalesce(TRY_CAST(regexp_extract(s,
        'T.*[+-][0-9]{2}:?([0-9]{2})$', 1) AS INTEGER), 0))
    ELSE 0
  END;
el_utc(t, minutes) :=
  CASE
    WHEN t IS NULL OR minutes = 0 THEN t
    ELSE refusal('A timestamp with an offset of its own, passed on to another row or query: ', t)
  END;

-- text
el_substring(s, i, n) :=
  CASE
    WHEN i > 0 THEN CASE WHEN n > 0 THEN substring(s, i, n) WHEN n IS NULL THEN NULL ELSE substring(s, 1, 0) END
    WHEN i < 0 AND length(s) + i >= 0 THEN CASE
      WHEN n > 0 THEN substring(s, length(s) + i + 1, n)
      WHEN n IS NULL THEN NULL
      ELSE substring(s, 1, 0)
    END
    WHEN i IS NULL OR n IS NULL THEN NULL
    ELSE substring(s, 1, 0)
  END;
el_trim(s) :=
  trim(s, chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(28) || chr(29) || chr(30) || chr(31) || ' ' || chr(5760)
    || chr(8192) || chr(8193) || chr(8194) || chr(8195) || chr(8196) || chr(8197) || chr(8198) || chr(8200) || chr(8201)
      || chr(8202) || chr(8232) || chr(8233) || chr(8287) || chr(12288));
el_ltrim(s) :=
  ltrim(s, chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(28) || chr(29) || chr(30) || chr(31) || ' ' || chr(5760)
    || chr(8192) || chr(8193) || chr(8194) || chr(8195) || chr(8196) || chr(8197) || chr(8198) || chr(8200) || chr(8201)
      || chr(8202) || chr(8232) || chr(8233) || chr(8287) || chr(12288));
el_rtrim(s) :=
  rtrim(s, chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(28) || chr(29) || chr(30) || chr(31) || ' ' || chr(5760)
    || chr(8192) || chr(8193) || chr(8194) || chr(8195) || chr(8196) || chr(8197) || chr(8198) || chr(8200) || chr(8201)
      || chr(8202) || chr(8232) || chr(8233) || chr(8287) || chr(12288));
el_reverse(s) := array_to_string(list_reverse(regexp_extract_all(s, '(?s).')), '');
el_letters(s) := regexp_extract_all(s, '(?s).');
el_upper(s) :=
  CASE
    WHEN contains(s, 'ß') THEN CASE
      WHEN contains(s, 'ẞ') THEN refusal('upper() of both sharp s: ', s)
      ELSE replace(upper(s), 'ẞ', 'ß')
    END
    ELSE upper(s)
  END;
el_split(s, d) :=
  CASE
    WHEN d = '' THEN failure('The delimiter of split is empty')
    WHEN d IS NULL THEN NULL
    ELSE string_split(s, d)
  END;
el_split_limit(s, d, n) :=
  CASE
    WHEN d = '' OR n <= 0 THEN failure('The delimiter of split is empty or its limit not positive')
    WHEN len(string_split(s, d)) <= n THEN string_split(s, d)
    WHEN s IS NULL OR d IS NULL OR n IS NULL THEN NULL
    ELSE list_append(string_split(s, d)[1:n - 1], array_to_string(string_split(s, d)[n:], d))
  END;
el_split_part(s, d, i) :=
  CASE
    WHEN i <= 0 THEN failure('The index of split_part must be 1 or more: ', i)
    WHEN d = '' THEN CASE WHEN i > length(s) THEN NULL ELSE el_letters(s)[i] END
    ELSE string_split(s, d)[i]
  END;
el_replace(s, a, b) :=
  CASE
    WHEN a = '' THEN CASE
      WHEN s IS NULL OR b IS NULL THEN NULL
      ELSE b || array_to_string(list_transform(el_letters(s), lambda c: c || b), '')
    END
    ELSE replace(s, a, b)
  END;
el_lpad(s, n, p) :=
  CASE
    WHEN p = '' OR n < 0 THEN failure('lpad wants a length from 0 and some padding')
    WHEN n > 1000000 THEN refusal('lpad to more than a million characters: ', n)
    ELSE lpad(s, CAST(least(n, 1000000) AS INTEGER), p)
  END;
el_rpad(s, n, p) :=
  CASE
    WHEN p = '' OR n < 0 THEN failure('rpad wants a length from 0 and some padding')
    WHEN n > 1000000 THEN refusal('rpad to more than a million characters: ', n)
    ELSE rpad(s, CAST(least(n, 1000000) AS INTEGER), p)
  END;
el_chr(n) :=
  CASE
    WHEN n BETWEEN 0 AND 1114111 AND NOT n BETWEEN 55296 AND 57343 THEN chr(CAST(n AS INTEGER))
    WHEN n IS NULL THEN NULL
    ELSE failure('Not a Unicode code point: ', n)
  END;
el_codepoint(s) :=
  CASE
    WHEN length(s) = 1 OR s IS NULL THEN unicode(s)
    ELSE failure('codepoint wants one character: ', s)
  END;
el_plain(s) :=
  CASE
    WHEN s IS NULL OR length(s) = strlen(s) THEN s
    ELSE refusal('Text outside ASCII in this function: ', s)
  END;
el_url(u) :=
  regexp_full_match(u, '([A-Za-z][A-Za-z0-9+.-]*:)?[^\s\x00-\x1f\"<>\\^`{}|]*') AND NOT regexp_matches(u,
    '^[^/?#:]*:$|%($|.$|[^0-9A-Fa-f]|.[^0-9A-Fa-f])');
el_url_decode(s) :=
  CASE
    WHEN regexp_matches(s, '%($|.$|[^0-9A-Fa-f]|.[^0-9A-Fa-f])') THEN failure('Not an encoded text: ', s)
    ELSE url_decode(replace(s, '+', ' '))
  END;
el_url_path(u) :=
  CASE
    WHEN regexp_matches(u, '^(?:[^:/?#]+:)?//') THEN regexp_extract(u, '^(?:[^:/?#]+:)?//[^/?#]*(/[^?#]*)?', 1)
    WHEN regexp_matches(u, '^[^:/?#]+:/') THEN regexp_extract(u, '^[^:/?#]+:(/[^?#]*)', 1)
    ELSE regexp_extract(u, '^([^:?#]*)(?:[?#]|$)', 1)
  END;
el_url_host(u) :=
  CASE
    WHEN regexp_full_match(el_authority(u), '([^@]*@)?([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?')
      THEN regexp_extract(el_authority(u), '^(?:[^@]*@)?([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])', 1)
    ELSE ''
  END;
el_authority(u) := regexp_extract(u, '^(?:[^:/?#]+:)?//([^/?#]*)', 1);
el_url_port(u) :=
  CASE
    WHEN el_url_host(u) <> '' THEN TRY_CAST(regexp_extract(el_authority(u), ':([0-9]+)$', 1) AS BIGINT)
  END;
el_strpos_nth(s, a, n) :=
  CASE
    WHEN n <= 0 THEN refusal('strpos() from the end: ', n)
    WHEN len(string_split(s, a)) <= n THEN 0
    ELSE length(array_to_string(string_split(s, a)[1:n], a)) + 1
  END;

-- arrays and maps
el_subscript(a, i) :=
  CASE
    WHEN i IS NULL OR a IS NULL THEN NULL
    WHEN i < 1 OR i > len(a) THEN failure('A subscript is out of range: ', i)
    ELSE a[i]
  END;
el_element_at(a, i) := CASE WHEN i = 0 THEN failure('The index of element_at must not be 0') ELSE a[i] END;
el_map_value(m, k) :=
  CASE
    WHEN m IS NULL OR k IS NULL THEN NULL
    WHEN list_contains(map_keys(m), k) THEN m[k]
    ELSE failure('The map has no such key: ', k)
  END;
el_map_element(m, k) := m[k];
el_has_null(a) := len(list_filter(a, lambda x: x IS NULL)) > 0;
el_contains(a, x) :=
  CASE
    WHEN a IS NULL OR x IS NULL THEN NULL
    WHEN list_contains(a, x) THEN true
    WHEN el_has_null(a) THEN NULL
    ELSE false
  END;
el_array_equal(a, b) :=
  CASE
    WHEN a IS NULL OR b IS NULL THEN NULL
    WHEN len(a) <> len(b) THEN false
    WHEN len(list_filter(list_zip(a, b), lambda p: p[1] <> p[2])) > 0 THEN false
    WHEN el_has_null(a) OR el_has_null(b) THEN NULL
    ELSE true
  END;
el_ordered(a) := CASE WHEN el_has_null(a) THEN failure('An array with a NULL has no order') ELSE a END;
el_distinct(a) := list_transform([a], lambda q: list_filter(q, lambda x, i: NOT el_seen(q[1:i - 1], x)))[1];
el_seen(a, x) :=
  CASE
    WHEN x IS NULL THEN len(list_filter(a, lambda y: y IS NULL)) > 0
    ELSE coalesce(list_contains(a, x), false)
  END;
el_intersect(a, b) :=
  CASE
    WHEN a IS NULL OR b IS NULL THEN NULL
    ELSE el_distinct(list_transform([{'a': a, 'b': b}], lambda q: list_filter(q.a, lambda z: el_seen(q.b, z)))[1])
  END;
el_except(a, b) :=
  CASE
    WHEN a IS NULL OR b IS NULL THEN NULL
    ELSE el_distinct(list_transform([{'a': a, 'b': b}], lambda q: list_filter(q.a, lambda z: NOT el_seen(q.b, z)))[1])
  END;
el_union(a, b) := CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE el_distinct(list_concat(a, b)) END;
el_overlap(a, b) :=
  CASE
    WHEN a IS NULL OR b IS NULL THEN NULL
    WHEN len(list_filter(a, lambda z: z IS NOT NULL AND coalesce(list_contains(b, z), false))) > 0 THEN true
    WHEN (el_has_null(a) AND len(b) > 0) OR (el_has_null(b) AND len(a) > 0) THEN NULL
    ELSE false
  END;
el_array_max(a) := CASE WHEN el_has_null(a) THEN NULL ELSE list_max(a) END;
el_greatest(a) := coalesce(list_max(list_filter(a, lambda x: NOT isnan(x))), list_max(a));
el_greatest_of(a) := CASE WHEN el_has_null(a) THEN NULL ELSE el_greatest(a) END;
el_array_min(a) := CASE WHEN el_has_null(a) THEN NULL ELSE list_min(a) END;
el_position(a, x) := CASE WHEN a IS NULL OR x IS NULL THEN NULL ELSE coalesce(list_position(a, x), 0) END;
el_remove(a, x) := CASE WHEN a IS NULL OR x IS NULL THEN NULL ELSE list_filter(a, lambda z: coalesce(z <> x, true)) END;
el_slice(a, i, n) :=
  CASE
    WHEN a IS NULL OR i IS NULL OR n IS NULL THEN NULL
    WHEN i = 0 OR n < 0 THEN failure('slice wants a start other than 0 and a length from 0')
    WHEN n = 0 OR abs(i) > len(a) THEN a[1:0]
    WHEN i > 0 THEN a[i:i + n - 1]
    ELSE a[len(a) + i + 1:len(a) + i + n]
  END;
el_sort(a) := list_sort(a, 'ASC', 'NULLS LAST');
el_sequence(a, b, step) :=
  CASE
    WHEN step = 0 OR (step > 0 AND b < a) OR (step < 0 AND b > a)
      THEN failure('The step of sequence does not lead from its start to its stop')
    WHEN (b - a) // step >= 10000 THEN failure('A sequence has at most 10,000 elements')
    ELSE generate_series(a, CASE WHEN (b - a) // step >= 10000 THEN a ELSE b END, step)
  END;
el_repeat(x, n) :=
  CASE
    WHEN n < 0 OR n > 10000 THEN failure('repeat makes 0 to 10,000 elements: ', n)
    WHEN n IS NULL THEN NULL
    ELSE list_transform(range(greatest(least(n, 10000), 0)), lambda i: x)
  END;
el_map(k, v) :=
  CASE
    WHEN k IS NULL OR v IS NULL THEN NULL
    WHEN len(k) <> len(v) THEN failure('The keys and values of a map differ in number')
    WHEN el_has_null(k) THEN failure('A key of a map is NULL')
    WHEN len(list_distinct(k)) < len(k) THEN failure('A key of a map occurs twice')
    ELSE map(k, v)
  END;
el_split_to_map(s, a, b) :=
  CASE
    WHEN s IS NULL OR a IS NULL OR b IS NULL THEN NULL
    WHEN a = '' OR b = '' OR a = b THEN failure('The delimiters of split_to_map must be two and not empty')
    WHEN len(list_filter(el_pairs(s, a), lambda p: len(string_split(p, b)) <> 2)) > 0
      THEN failure('split_to_map wants one delimiter in each entry: ', s)
    ELSE el_map(list_transform(el_pairs(s, a), lambda p: string_split(p, b)[1]), list_transform(el_pairs(s, a),
      lambda p: string_split(p, b)[2]))
  END;
el_pairs(s, a) :=
  CASE
    WHEN ends_with(s, a) THEN string_split(s, a)[1:-2]
    WHEN s = '' THEN []
    ELSE string_split(s, a)
  END;
el_any(b) :=
  CASE
    WHEN b IS NULL THEN NULL
    WHEN list_contains(b, true) THEN true
    WHEN el_has_null(b) THEN NULL
    ELSE false
  END;
el_every(b) :=
  CASE
    WHEN b IS NULL THEN NULL
    WHEN list_contains(b, false) THEN false
    WHEN el_has_null(b) THEN NULL
    ELSE true
  END;
el_pairs_to_map(p) :=
  CASE
    WHEN p IS NULL THEN NULL
    ELSE map_from_entries(list_transform(list_distinct(list_transform(p, lambda e: e.k)), lambda k: row(k, list_filter(p,
      lambda e: e.k = k)[1].v)))
  END;
el_pairs_to_multimap(p) :=
  CASE
    WHEN p IS NULL THEN NULL
    ELSE map_from_entries(list_transform(list_distinct(list_transform(p, lambda e: e.k)), lambda k: row(k,
      list_transform(list_filter(p, lambda e: e.k = k), lambda e: e.v))))
  END;
el_counts(m) := map_from_entries(list_transform(map_entries(m), lambda e: row(e.key, CAST(e.value AS BIGINT))));

-- numbers
el_truncate(x) := CASE WHEN isinf(x) OR isnan(x) THEN x ELSE trunc(x) END;
el_ln(x) :=
  CASE
    WHEN x = 0 THEN CAST('-Infinity' AS DOUBLE)
    WHEN x < 0 THEN CAST('NaN' AS DOUBLE)
    ELSE ln(x)
  END;
el_log10(x) :=
  CASE
    WHEN x = 0 THEN CAST('-Infinity' AS DOUBLE)
    WHEN x < 0 THEN CAST('NaN' AS DOUBLE)
    ELSE log10(x)
  END;
el_from_base(s, b) :=
  CASE
    WHEN s IS NULL OR b IS NULL THEN NULL
    WHEN b < 2 OR b > 36 THEN failure('A radix is from 2 to 36: ', b)
    WHEN NOT regexp_full_match(s, '[+-]?[0-9A-Za-z]{1,30}') OR len(list_filter(el_digits(s), lambda d: d > b)) > 0
      THEN failure('Not a number in this radix: ', s)
    ELSE CAST(CASE WHEN starts_with(s, '-') THEN -1 ELSE 1 END * list_reduce(list_transform(el_digits(s),
      lambda d: {'v': CAST(d - 1 AS HUGEINT), 'b': b}), lambda x, y: {'v': x.v * y.b + y.v, 'b': y.b}).v AS BIGINT)
  END;
el_digits(s) :=
  list_transform(el_letters(lower(ltrim(s, '+-'))), lambda c: strpos('0123456789abcdefghijklmnopqrstuvwxyz', c));
el_bit_count(x, bits) :=
  CASE
    WHEN bits < 2 OR bits > 64 OR (bits < 64 AND (x >= (1::HUGEINT << (bits - 1)::INTEGER)
      OR x < -(1::HUGEINT << (bits - 1)::INTEGER))) THEN failure('The number does not fit into these bits: ', x)
    ELSE CAST(bit_count(x) AS BIGINT) - CASE WHEN x < 0 THEN 64 - bits ELSE 0 END
  END;
el_to_base(x, b) :=
  CASE
    WHEN b < 2 OR b > 36 THEN failure('A radix is from 2 to 36: ', b)
    ELSE CASE WHEN x < 0 THEN '-' ELSE '' END || lower(to_base(abs(x), CAST(b AS INTEGER)))
  END;
el_java_double(x) :=
  CASE
    WHEN x IS NULL THEN NULL
    WHEN isnan(x) OR isinf(x) OR x = 0 THEN CASE
      WHEN x = 0 THEN CASE WHEN signbit(x) THEN '-0.0' ELSE '0.0' END
      ELSE el_double_to_text(x)
    END
    WHEN abs(x) >= 0.001 AND abs(x) < 10000000 THEN CAST(x AS VARCHAR)
    ELSE el_double_to_text(x)
  END;
el_width_bucket(x, low, high, n) :=
  CASE
    WHEN x IS NULL OR low IS NULL OR high IS NULL OR n IS NULL THEN NULL
    WHEN n <= 0 OR low = high OR isnan(x) OR isinf(low) OR isinf(high) THEN failure('width_bucket wants two bounds and a positive count, not ', n)
    WHEN low < high THEN el_bucket(x - low, high - low, n)
    ELSE el_bucket(low - x, low - high, n)
  END;
el_bucket(x, width, n) :=
  CASE WHEN x < 0 THEN 0 WHEN x >= width THEN n + 1 ELSE CAST(floor(n * x / width) AS BIGINT) + 1 END;

-- json
el_json_closed(s) :=
  length(translate(s, '}]', '')) <= length(translate(s, '{[', '')) AND regexp_matches(s, '^\s*[{\[]');
el_json_numbers(j) :=
  replace(replace(replace(regexp_replace(j, '("(?:[^"\\]|\\.)*")|(-?[0-9][0-9.eE+-]*)', '\1' || chr(1) || '\2' || chr(2), 'g'),
    chr(1) || chr(2), ''), chr(1), '"'), chr(2), '"');
el_json_text(j, p) :=
  CASE json_type(j, p)
    WHEN 'VARCHAR' THEN j ->> p
    WHEN 'BOOLEAN' THEN j ->> p
    WHEN 'OBJECT' THEN NULL
    WHEN 'ARRAY' THEN NULL
    WHEN 'NULL' THEN NULL
    WHEN 'BIGINT' THEN j ->> p
    WHEN 'UBIGINT' THEN CASE WHEN (j ->> p) = '0' THEN el_json_numbers(j) ->> p ELSE j ->> p END
    ELSE el_number(el_json_numbers(j) ->> p)
  END;
el_number(s) := CASE WHEN regexp_matches(s, '^-?[0-9]') THEN s END;
el_json_part(j, p) :=
  CASE
    WHEN json_type(j, p) = 'DOUBLE' THEN el_number(CAST(json_extract(j, p) AS VARCHAR))
    ELSE CAST(json_extract(j, p) AS VARCHAR)
  END;
el_json_path(p) :=
  CASE
    WHEN p IS NULL OR regexp_full_match(p, '\$(\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]+\])*') THEN p
    ELSE refusal('A JSON path in a column that is more than names and numbers: ', p)
  END;
el_json_parse(s) :=
  CASE
    WHEN s IS NULL THEN NULL
    WHEN NOT json_valid(s) OR regexp_matches(s, '^[^"]*(NaN|Infinity|nan|inf)|,\s*[\]}]')
      THEN failure('Not JSON: ', substring(s, 1, 60))
    WHEN json_type(s) = 'OBJECT' AND len(list_distinct(json_keys(s))) < len(json_keys(s))
      THEN refusal('A key that occurs twice, in json_parse: ', substring(s, 1, 60))
    ELSE CAST(json(s) AS VARCHAR)
  END;
el_json_parse_or_null(s) := CASE WHEN json_valid(s) THEN el_json_parse(s) END;
el_json_format(j) :=
  CASE
    WHEN regexp_matches(j, '(^|[:,\[])-?([0-9]{8,}\.[0-9]|[0-9.]+[eE]|0\.000)')
      THEN refusal('A very large or small fraction in json_format: ', substring(j, 1, 60))
    ELSE j
  END;
el_json_sorted(j) :=
  CASE
    WHEN j IS NULL OR json_type(j) NOT IN ('OBJECT', 'ARRAY') OR (json_type(j) = 'ARRAY' AND NOT contains(j, '{'))
      OR (json_type(j) = 'OBJECT' AND NOT contains(substring(j, 2), '{') AND json_keys(j) = list_sort(json_keys(j))) THEN j
    ELSE refusal('json_parse sorts keys, which DuckDB does not: ', substring(j, 1, 60))
  END;
el_json_varchar(j) :=
  CASE coalesce(json_type(j), 'NULL')
    WHEN 'VARCHAR' THEN j ->> '$'
    WHEN 'BOOLEAN' THEN j
    WHEN 'BIGINT' THEN j
    WHEN 'UBIGINT' THEN j
    WHEN 'DOUBLE' THEN el_double_to_text(TRY_CAST(j AS DOUBLE))
    WHEN 'NULL' THEN NULL
    ELSE CASE
      WHEN j IS NULL THEN NULL
      ELSE failure('A JSON object or array is no varchar: ', substring(j, 1, 60))
    END
  END;
el_json_whole(j) :=
  CASE json_type(j)
    WHEN 'BIGINT' THEN CAST(j AS VARCHAR)
    WHEN 'UBIGINT' THEN CAST(j AS VARCHAR)
    WHEN 'BOOLEAN' THEN CASE j WHEN 'true' THEN '1' ELSE '0' END
    WHEN 'DOUBLE' THEN CAST(CAST(el_finite(round(TRY_CAST(j AS DOUBLE))) AS HUGEINT) AS VARCHAR)
    WHEN 'VARCHAR' THEN el_integer_text(j ->> '$')
    WHEN 'NULL' THEN NULL
    ELSE CASE
      WHEN j IS NULL THEN NULL
      ELSE failure('A JSON object or array is no number: ', substring(j, 1, 60))
    END
  END;
el_json_number(j) :=
  CASE json_type(j)
    WHEN 'BIGINT' THEN CAST(j AS VARCHAR)
    WHEN 'UBIGINT' THEN CAST(j AS VARCHAR)
    WHEN 'DOUBLE' THEN CAST(j AS VARCHAR)
    WHEN 'BOOLEAN' THEN CASE j WHEN 'true' THEN '1' ELSE '0' END
    WHEN 'VARCHAR' THEN el_double_text(j ->> '$')
    WHEN 'NULL' THEN NULL
    ELSE CASE
      WHEN j IS NULL THEN NULL
      ELSE failure('A JSON object or array is no number: ', substring(j, 1, 60))
    END
  END;
el_json_number_text(j) :=
  CASE json_type(j)
    WHEN 'BIGINT' THEN CAST(j AS VARCHAR)
    WHEN 'UBIGINT' THEN CAST(j AS VARCHAR)
    WHEN 'DOUBLE' THEN CAST(j AS VARCHAR)
    WHEN 'BOOLEAN' THEN CASE j WHEN 'true' THEN '1' ELSE '0' END
    WHEN 'VARCHAR' THEN el_decimal_text(j ->> '$')
    WHEN 'NULL' THEN NULL
    ELSE CASE
      WHEN j IS NULL THEN NULL
      ELSE failure('A JSON object or array is no number: ', substring(j, 1, 60))
    END
  END;
el_json_small(j) :=
  CASE
    WHEN length(j) > 18 THEN failure('A JSON number is out of range: ', j)
    ELSE TRY_CAST(j AS BIGINT)
  END;
el_json_boolean(j) :=
  CASE json_type(j)
    WHEN 'BOOLEAN' THEN j = 'true'
    WHEN 'BIGINT' THEN TRY_CAST(j AS BIGINT) <> 0
    WHEN 'UBIGINT' THEN el_json_small(j) <> 0
    WHEN 'DOUBLE' THEN TRY_CAST(j AS DOUBLE) <> 0
    WHEN 'VARCHAR' THEN el_boolean(j ->> '$')
    WHEN 'NULL' THEN NULL
    ELSE CASE
      WHEN j IS NULL THEN NULL
      ELSE failure('A JSON object or array is no boolean: ', substring(j, 1, 60))
    END
  END;
el_json_decimal(s) := s;
el_json_double(x) := CASE WHEN isnan(x) OR isinf(x) THEN '"' || el_double_to_text(x) || '"' ELSE el_java_double(x) END;
el_json_array_get(j, i) :=
  CASE
    WHEN json_valid(j) THEN CASE
      WHEN json_type(j) = 'ARRAY' THEN el_json_item(j, '$[' || CASE WHEN i < 0
        THEN CAST(json_array_length(j) + i AS VARCHAR) ELSE CAST(i AS VARCHAR) END || ']')
    END
  END;
el_json_item(j, p) :=
  CASE json_type(j, p)
    WHEN 'VARCHAR' THEN j ->> p
    WHEN 'NULL' THEN NULL
    ELSE CAST(json_extract(j, p) AS VARCHAR)
  END;
el_json_array_length(j) :=
  CASE
    WHEN json_valid(j) THEN CASE WHEN json_type(j) = 'ARRAY' THEN CAST(json_array_length(j) AS BIGINT) END
  END;
el_json_size(j, p) :=
  CASE
    WHEN json_valid(j) THEN CASE json_type(j, p)
      WHEN 'ARRAY' THEN CAST(json_array_length(j, p) AS BIGINT)
      WHEN 'OBJECT' THEN CAST(len(json_keys(j, p)) AS BIGINT)
      WHEN NULL THEN NULL
      ELSE CASE WHEN json_type(j, p) IS NULL THEN NULL ELSE 0 END
    END
  END;

-- dates
el_from_unixtime(x) :=
  CASE
    WHEN abs(x) > 253402300799 THEN refusal('A moment after the year 9999: ', x)
    ELSE make_timestamp(CAST(round(x * 1000) AS BIGINT) * 1000)
  END;
el_parsed(s, t) :=
  CASE
    WHEN regexp_matches(s, '^\s|\s$') THEN failure('A text with blanks around it is no date of the pattern: ', s)
    ELSE t
  END;
el_floor_div(n, step) := el_floor(n, step) // step;
el_iso_day(s) :=
  CASE
    WHEN s IS NULL OR regexp_full_match(s, '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN s
    WHEN regexp_matches(s, '^[0-9]{4}(-[0-9]{2}|-[0-9]{3}|-?W.*)?$') THEN refusal('A date in this form of ISO 8601: ', s)
    ELSE failure('Not an ISO 8601 date: ', s)
  END;
el_months(a, b) := (CASE WHEN a <= b THEN el_months_up(a, b) ELSE -el_months_up(b, a) END);
el_months_up(a, b) :=
  (year(b) * 12 + month(b) - year(a) * 12 - month(a) - CASE
    WHEN day(b) < least(day(a), day(last_day(b))) OR (day(b) = least(day(a), day(last_day(b))) AND b - date_trunc('day',
      b) < a - date_trunc('day', a)) THEN 1
    ELSE 0
  END);
el_human(s) :=
  CASE
    WHEN s IS NULL THEN NULL
    WHEN s = 0 THEN '0 seconds'
    ELSE array_to_string(list_filter([el_unit(abs(s) // 604800 , 'week'), el_unit(abs(s) % 604800 // 86400, 'day'),
      el_unit(abs(s) % 86400 // 3600, 'hour'), el_unit(abs(s) % 3600 // 60, 'minute'), el_unit(abs(s) % 60, 'second')],
        lambda x: x IS NOT NULL), ', ')
  END;
el_unit(n, unit) :=
  CASE
    WHEN n = 0 THEN NULL
    WHEN n = 1 THEN '1 ' || unit
    ELSE CAST(n AS VARCHAR) || ' ' || unit || 's'
  END;
