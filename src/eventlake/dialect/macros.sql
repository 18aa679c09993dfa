-- What Trino does in one function and DuckDB in several, as DuckDB's macros; a statement creates those it uses.
-- failure('text', x), lasting('text') and refusal('text', x) stand for SQL that fails with the text and the value of x, see failures.py.
-- A parameter is put in wherever it is named, so what is costly is named once.
-- A field of what a lambda is given is written (e).k: in HAVING, DuckDB takes e.k for a column.

-- casts
el_integer_text(s) :=
  CASE
    WHEN s IS NULL OR regexp_full_match(s, '[+-]?[0-9]+') THEN s
    WHEN regexp_full_match(s, '\s*[+-]?[0-9]+\s*') THEN el_trim(s)
    WHEN regexp_full_match(s, '\s*[+-]?\p{Nd}+\s*') THEN el_ascii_digits(el_trim(s))
    ELSE failure('Not a whole number: ', s)
  END;
el_double_text(s) :=
  CASE
    WHEN s IS NULL OR regexp_full_match(s, '\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[dDfF]?\s*') THEN rtrim(trim(s), 'dDfF')
    WHEN regexp_full_match(s, '\s*[+-]?(NaN|Infinity)\s*') THEN trim(s)
    WHEN regexp_full_match(s, '\s*[+-]?0[xX]([0-9a-fA-F]+[.]?[0-9a-fA-F]*|[.][0-9a-fA-F]+)[pP][+-]?[0-9]+[dDfF]?\s*')
      THEN el_hexadecimal(lower(s))
    ELSE failure('Not a number: ', s)
  END;
el_decimal_text(s) :=
  CASE
    WHEN s IS NULL OR regexp_full_match(s, '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?') THEN s
    WHEN regexp_full_match(s, '[+-]?(\p{Nd}+\.?\p{Nd}*|\.\p{Nd}+)([eE][+-]?\p{Nd}+)?') THEN el_ascii_digits(s)
    ELSE failure('Not a decimal: ', s)
  END;
el_integer_or_null(s) := regexp_extract(CASE WHEN length(s) = strlen(s) THEN s ELSE el_ascii_digits(s) END, '^\s*([+-]?[0-9]+)\s*$', 1);
el_double_or_null(s) :=
  CASE
    WHEN regexp_full_match(s, '\s*[+-]?0[xX]([0-9a-fA-F]+[.]?[0-9a-fA-F]*|[.][0-9a-fA-F]+)[pP][+-]?[0-9]+[dDfF]?\s*')
      THEN el_hexadecimal(lower(s))
    ELSE rtrim(regexp_extract(s, '^\s*([+-]?(?:NaN|Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[dDfF]?))\s*$', 1), 'dDfF')
  END;
el_decimal_or_null(s) := regexp_extract(CASE WHEN length(s) = strlen(s) THEN s ELSE el_ascii_digits(s) END, '^([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)$', 1);
el_date_or_null(s) := regexp_extract(s, '^\s*[+]?([0-9]+-[0-9]{1,2}-[0-9]{1,2})\s*$', 1);
el_ascii_digits(s) :=
  array_to_string(list_transform(el_letters(s), lambda c: coalesce(list_filter(list_transform(el_digit_zeros(c), lambda z: unicode(c) - z),
    lambda d: d BETWEEN 0 AND 9)[1]::VARCHAR, c)), '');
el_digit_zeros(c) := [
    1632, 1776, 1984, 2406, 2534, 2662, 2790, 2918, 3046, 3174, 3302, 3430, 3558, 3664, 3792, 3872, 4160, 4240, 6112, 6160,
    6470, 6608, 6784, 6800, 6992, 7088, 7232, 7248, 42528, 43216, 43264, 43472, 43504, 43600, 44016, 65296
  ];
el_hexadecimal(s) :=
  list_transform([{
    'digits': ltrim(regexp_replace(regexp_extract(s, '0x([0-9a-f.]*)', 1), '[.]', ''), '0'),
    'e': CAST(greatest(least(TRY_CAST(regexp_extract(s, 'p([+-]?[0-9]+)', 1) AS HUGEINT), 9000), -9000) AS INTEGER)
      - 4 * length(regexp_extract(s, '[.]([0-9a-f]*)', 1))
  }], lambda h: CASE WHEN contains(s, '-0x') THEN '-' ELSE '' END || CAST(CASE
    WHEN (h).digits = '' THEN 0e0
    WHEN length((h).digits) <= 15 THEN el_scaled(CAST('0x' || (h).digits AS UBIGINT), (h).e)
    ELSE el_scaled(CAST('0x' || (h).digits[1:15] || CASE WHEN rtrim((h).digits[16:], '0') = '' THEN '0' ELSE '1' END AS UBIGINT),
      (h).e + 4 * (length((h).digits) - 16))
  END AS VARCHAR))[1];
el_scaled(n, e) := CAST(n AS DOUBLE) * pow(2e0, e // 2) * pow(2e0, e - e // 2);
el_number_or_null(x) := list_transform([x], lambda v: CASE WHEN NOT isnan(v) THEN v END)[1];
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
    WHEN regexp_full_match(s, '\s*[+]?[0-9]+-[0-9]{1,2}-[0-9]{1,2}\s*') THEN ltrim(trim(s), '+')
    ELSE failure('Not a date: ', s)
  END;
el_moment_text(s) :=
  CASE
    WHEN s IS NULL OR regexp_full_match(s,
      '\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}( ([01]?[0-9]|2[0-3]):[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]{1,12})?)?)?\s*') THEN CASE
      WHEN regexp_full_match(trim(s), '.* [0-9]{1,2}:[0-9]{1,2}') THEN trim(s) || ':00'
      ELSE trim(s)
    END
    WHEN regexp_matches(s, '^\s*(-[0-9]{4}|[+]?[0-9]{5,})[0-9]*-[0-9]{1,2}-[0-9]{1,2}(\s|$)') THEN refusal('A year before 1 or after 9999: ', s)
    WHEN regexp_matches(s, '^\s*[+][0-9]') THEN refusal('A sign before the year of a timestamp: ', s)
    ELSE failure('Not a timestamp: ', s)
  END;
el_time_text(s) :=
  CASE
    WHEN s IS NULL OR regexp_full_match(s, '([01]?[0-9]|2[0-3]):[0-5]?[0-9](:[0-5]?[0-9](\.[0-9]{1,12})?)?\s*')
      THEN CASE WHEN regexp_full_match(s, '[0-9]+:[0-9]+\s*') THEN regexp_extract(s, '[0-9:]+') || ':00' ELSE regexp_extract(s, '\S+') END
    ELSE failure('Not a time: ', s)
  END;
el_time_to_digits(t, step) := CAST(make_timestamp(el_floor(epoch_us(DATE '1970-01-01' + t) + step // 2, step)) AS TIME);
el_interval_text(i) :=
  CASE
    WHEN epoch_us(i) < 0 THEN '-' || el_span_text(-(epoch_us(i) // 1000))
    ELSE el_span_text(epoch_us(i) // 1000)
  END;
el_span_text(n) :=
  printf('%d %02d:%02d:%02d.%03d', n // 86400000, n // 3600000 % 24, n // 60000 % 60, n // 1000 % 60, n % 1000);
el_months_text(i) :=
  CASE WHEN year(i) * 12 + month(i) < 0 THEN '-' ELSE '' END || printf('%d-%d', abs(year(i) * 12 + month(i)) // 12, abs(year(i) * 12
    + month(i)) % 12);
el_fitting(s, n) := CASE WHEN s IS NULL OR length(s) <= n THEN s ELSE failure('Too long for its varchar: ', s) END;
el_to_digits(t, step) := make_timestamp(el_floor(epoch_us(t) + step // 2, step));
el_floor(n, step) := n - ((n % step) + step) % step;
el_real_to_bigint(x) :=
  CASE
    WHEN isnan(x) THEN failure('Not a whole number: ', x)
    WHEN x >= 9223372036854775808 THEN 9223372036854775807
    WHEN x < -9223372036854775808 THEN -9223372036854775808
    ELSE CAST(round(x) AS BIGINT)
  END;
el_finite(x) := CASE WHEN isnan(x) OR isinf(x) THEN failure('Not a whole number: ', x) ELSE x END;
el_double_to_text(x) :=
  CASE
    WHEN x IS NULL THEN NULL
    WHEN isnan(x) THEN 'NaN'
    WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END
    ELSE CASE WHEN signbit(x) THEN '-' ELSE '' END || CASE
      WHEN x = 0 THEN '0E0'
      WHEN abs(x) < 1e-322 THEN upper(printf('%.1e', abs(x)))
      ELSE list_transform([CAST(abs(x) AS VARCHAR)], lambda t: el_scientific(split_part(split_part(t, 'e', 1), '.', 1),
        split_part(split_part(t, 'e', 1), '.', 2), coalesce(TRY_CAST(split_part(t, 'e', 2) AS INTEGER), 0)))[1]
    END
  END;
el_real_to_text(x) :=
  CASE
    WHEN x IS NULL OR isnan(x) OR isinf(x) OR x = 0 THEN el_double_to_text(x)
    ELSE CASE WHEN x < 0 THEN '-' ELSE '' END || el_mantissa(replace(rtrim(split_part(printf('%.6e', abs(CAST(x AS DOUBLE))), 'e', 1), '0'),
      '.', '')) || 'E' || CAST(CAST(split_part(printf('%.6e', abs(CAST(x AS DOUBLE))), 'e', 2) AS INTEGER) AS VARCHAR)
  END;
el_real(x) :=
  CASE
    WHEN abs(x) >= 3.4028235677973366e38 AND NOT isnan(x) THEN CAST(CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END AS FLOAT)
    ELSE CAST(x AS FLOAT)
  END;
el_scientific(whole, fraction, e) :=
  CASE
    WHEN whole <> '0' THEN el_mantissa(rtrim(whole || fraction, '0')) || 'E' || CAST(length(whole) - 1 + e AS VARCHAR)
    ELSE el_mantissa(trim(fraction, '0')) || 'E' || CAST(e - (length(fraction) - length(ltrim(fraction, '0'))) - 1 AS VARCHAR)
  END;
el_mantissa(digits) :=
  substring(digits, 1, 1) || '.' || coalesce(nullif(substring(digits, 2), ''), '0');

-- arithmetic
el_rounded_quotient(n, d) := n // d + ((n % d) * 2) // d;
el_whole_quotient(n, d) := n // d;
el_as_long(s, beside) := rpad(s, CAST(greatest(length(s), length(beside)) AS INTEGER), ' ');
el_modulo(a, b) := CASE WHEN b = -1 THEN a * 0 ELSE a % b END;
el_double_modulo(a, b) := CASE WHEN b = 0 AND a IS NOT NULL THEN CAST('NaN' AS DOUBLE) ELSE a % b END;
el_whole_days(t) :=
  CASE
    WHEN t IS NULL OR t = date_trunc('day', t) THEN CAST(t AS DATE)
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
el_iso8601(s) := coalesce(el_iso_usual(s), el_iso_other(s) - to_minutes(el_iso_offset(s)));
el_iso_clock(s) := coalesce(el_iso_usual(s), el_iso_other(s));
el_iso_usual(s) :=
  CASE
    WHEN s >= '2' AND s < '3' AND ends_with(s, 'Z') THEN CASE strlen(s)
      WHEN 24 THEN try_strptime(s, '%Y-%m-%dT%H:%M:%S.%gZ')
      WHEN 20 THEN try_strptime(s, '%Y-%m-%dT%H:%M:%SZ')
    END
  END;
el_iso_other(s) :=
  CASE
    WHEN s IS NULL THEN NULL
    WHEN length(s) IN (25, 29) AND s[-6] IN ('+', '-') AND s[-3] = ':' AND s[11] = 'T' AND s[5] = '-' AND s[14] = ':' AND s[17] = ':'
      AND NOT contains(s, ',') AND s[1] BETWEEN '0' AND '9' AND s[12] BETWEEN '0' AND '2' AND s[12:13] < '24'
      AND s[6] <> 'W' AND s[-5:-4] < '14' AND s[-2:] < '60' THEN CAST(s[1:-7] AS TIMESTAMP)
    WHEN regexp_full_match(s,
      '([+-]?[0-9]+(-[0-9]{1,2}(-[0-9]{1,2})?|-[0-9]{3}|-W[0-9]{1,2}(-[1-7])?)?[Tt]?)?|([+-]?[0-9]+(-[0-9]{1,2}(-[0-9]{1,2})?|-[0-9]{3}|-W[0-9]{1,2}(-[1-7])?)?)?[Tt]([01]?[0-9]|2[0-3])(:[0-5]?[0-9](:[0-5]?[0-9])?)?([.,][0-9]+)?(Z|z|[+-](0[0-9]|1[0-3])(:?[0-5][0-9])?|[+-]14(:?00)?)?')
        AND s <> '' THEN CASE
          WHEN regexp_matches(s, '^(-|[+]?[0-9]{5}|[+]?0+(-|T|t|$))') THEN refusal('A year before 1 or after 9999: ', s)
          ELSE el_iso_wall(s)
        END
    ELSE failure('Not an ISO 8601 timestamp: ', s)
  END;
el_iso_wall(s) :=
  CAST(el_iso_date(el_iso_year(regexp_extract(s, '^[+]?([0-9W-]*)', 1))) AS TIMESTAMP)
    + to_milliseconds(el_iso_millis(replace(regexp_extract(s, '[Tt]([0-9:.,]*)', 1), ',', '.')));
el_iso_year(d) := coalesce(regexp_replace('000' || nullif(d, ''), '^[0-9]*([0-9]{4})', '\1'), '1970-01-01');
el_iso_millis(c) :=
  CAST(floor(coalesce(TRY_CAST(split_part(c, ':', 1)[1:12] AS DECIMAL(18, 9)), 0) * 3600000 + coalesce(TRY_CAST(split_part(c, ':', 2)[1:12] AS DECIMAL(18, 9)), 0) * 60000
    + coalesce(TRY_CAST(split_part(c, ':', 3)[1:12] AS DECIMAL(18, 9)), 0) * 1000) AS BIGINT);
el_iso_date(d) :=
  CASE
    WHEN length(d) = 10 AND d[6] <> 'W' THEN d
    WHEN contains(d, 'W') THEN CAST(el_week_date(TRY_CAST(d[1:4] AS INTEGER), TRY_CAST(regexp_extract(d, 'W([0-9]+)', 1) AS INTEGER),
      coalesce(TRY_CAST(regexp_extract(d, 'W[0-9]+-([1-7])', 1) AS INTEGER), 1)) AS VARCHAR)
    WHEN regexp_full_match(d, '[0-9]{4}-[0-9]{3}')
      THEN CAST(el_ordinal_date(TRY_CAST(d[1:4] AS INTEGER), TRY_CAST(d[6:8] AS INTEGER)) AS VARCHAR)
    ELSE d || CASE len(string_split(d, '-')) WHEN 1 THEN '-01-01' WHEN 2 THEN '-01' ELSE '' END
  END;
el_iso_offset(s) :=
  CASE
    WHEN ends_with(s, 'Z') THEN 0
    WHEN s[-6] IN ('+', '-') AND s[-3] = ':' AND s[11] = 'T' THEN CASE WHEN s[-6] = '-' THEN -1 ELSE 1 END
      * (coalesce(TRY_CAST(s[-5:-4] AS INTEGER), 0) * 60 + coalesce(TRY_CAST(s[-2:] AS INTEGER), 0))
    WHEN regexp_matches(s, '[Tt].*[+-]') THEN (CASE WHEN regexp_extract(s, '[Tt].*([+-])', 1) = '-'
      THEN -1 ELSE 1 END) * (coalesce(TRY_CAST(regexp_extract(s, '[Tt].*[+-]([0-9]{2})', 1) AS INTEGER), 0) * 60 + coalesce(TRY_CAST(regexp_extract(s,
        '[Tt].*[+-][0-9]{2}:?([0-9]{2})$', 1) AS INTEGER), 0))
    ELSE 0
  END;
el_offset_minutes(s) :=
  CASE
    WHEN s IN ('', 'Z') THEN 0
    ELSE CASE WHEN s[1] = '-' THEN -1 ELSE 1 END * (CAST(s[2:3] AS INTEGER) * 60 + CAST(s[-2:] AS INTEGER))
  END;
el_zoned(instant, label) :=
  CASE WHEN instant IS NOT NULL THEN struct_pack(t := CAST(instant AS TIMESTAMP), z := label) END;
el_wall(t, z) :=
  CASE
    WHEN z = 'UTC' THEN t
    WHEN z[1] IN ('+', '-') THEN t + to_minutes(el_label_minutes(z))
    ELSE timezone(el_place(z), timezone('UTC', t))
  END;
el_unwall(t, z) :=
  CASE
    WHEN z = 'UTC' THEN t
    WHEN z[1] IN ('+', '-') THEN t - to_minutes(el_label_minutes(z))
    ELSE timezone('UTC', timezone(el_place(z), t))
  END;
el_unwall_near(t, near, z) := CASE WHEN el_wall(near, z) = t THEN near ELSE el_unwall(t, z) END;
el_unwall_first(t, z) :=
  list_transform(list_transform([el_unwall(t, z) - INTERVAL 1 DAY], lambda d: d + (t - el_wall(d, z))), lambda f: el_unwall_near(t, f, z))[1];
el_zone_named(z, places) :=
  CASE
    WHEN regexp_full_match(z, '(Etc/)?(UTC|Z|GMT|UT|UCT|Zulu|Universal|Greenwich|GMT[+-]?0)') THEN 'UTC'
    WHEN regexp_full_match(z, 'Etc/GMT[+-][0-9]{1,2}') THEN el_offset_label(-60 * TRY_CAST(z[8:] AS INTEGER))
    WHEN regexp_full_match(z, '(UTC|GMT|UT)[+-][0-9]{1,2}(:[0-9]{2})?|[+-]([0-9]{2}:?[0-9]{2}|[0-9]{1,2})')
      THEN el_offset_named(regexp_extract(z, '[+-]'), regexp_extract(z, '[0-9]{1,2}'), regexp_extract(z, '[0-9]{2}:?([0-9]{2})$', 1), z)
    WHEN z IS NULL OR list_contains(places, z) THEN z
    ELSE failure('There is no time zone ', z)
  END;
el_offset_named(sign, hours, minutes, z) :=
  CASE
    WHEN TRY_CAST(hours AS INTEGER) * 60 + coalesce(TRY_CAST(minutes AS INTEGER), 0) > 840 THEN failure('There is no time zone ', z)
    ELSE el_offset_label((TRY_CAST(hours AS INTEGER) * 60 + coalesce(TRY_CAST(minutes AS INTEGER), 0)) * CASE WHEN sign = '-' THEN -1 ELSE 1 END)
  END;
el_zone_text(s) := coalesce(nullif(regexp_extract(s, '^\s*[+-]?[0-9]+-[0-9]+-[0-9]+(?: [0-9:.]+)?\s*([A-Za-z+-].*?)\s*$', 1), ''), 'UTC');
el_without_zone(s) :=
  CASE
    WHEN regexp_matches(s, '[A-Za-z/+]|-.*-.*-') AND el_is_zone(el_zone_text(s)) THEN el_clock_text(s)
    ELSE s
  END;
el_is_zone(z) :=
  CASE
    WHEN regexp_full_match(z, 'UTC|Z|GMT|UT|[+-](0[0-9]|1[0-3])(:?[0-5][0-9])?|[+-]14(:?00)?|[+-][0-9]') THEN true
    WHEN regexp_full_match(z, '[A-Z][A-Za-z_]+/[A-Za-z0-9_/+-]+') THEN TRY(timezone(z, TIMESTAMP '2000-01-01')) IS NOT NULL
    ELSE false
  END;
el_clock_text(s) := coalesce(nullif(regexp_extract(s, '^(\s*[+-]?[0-9]+-[0-9]+-[0-9]+(?: [0-9:.]+)?)\s*[A-Za-z+-].*$', 1), ''), s);
el_zone_minutes(i) :=
  CASE
    WHEN epoch_us(i) % 60000000 <> 0 OR abs(epoch_us(i)) > 50400000000 THEN failure('Not an offset of whole minutes, 14 hours at most: ', i)
    ELSE CAST(epoch_us(i) // 60000000 AS INTEGER)
  END;
el_label_minutes(z) := CASE WHEN z[1] = '-' THEN -1 ELSE 1 END * (TRY_CAST(z[2:3] AS INTEGER) * 60 + TRY_CAST(z[5:6] AS INTEGER));
el_java_offset(z, m) :=
  CASE WHEN m = 0 THEN 'Z' ELSE el_offset_label(m) END || CASE WHEN z[1] IN ('+', '-') THEN '' ELSE '[' || z || ']' END;
el_place(z) := CASE WHEN z[1] IN ('+', '-') THEN 'UTC' ELSE z END;

-- text
el_substring(s, i, n) :=
  CASE
    WHEN i > 0 THEN CASE WHEN n > 0 THEN substring(s, least(i, 2147483647), least(n, 2147483647)) WHEN n IS NULL THEN NULL ELSE substring(s, 1, 0) END
    WHEN i < 0 AND i >= -length(s) THEN CASE
      WHEN n > 0 THEN substring(s, length(s) + least(i, 0) + 1, least(n, 2147483647))
      WHEN n IS NULL THEN NULL
      ELSE substring(s, 1, 0)
    END
    WHEN i IS NULL OR n IS NULL THEN NULL
    ELSE substring(s, 1, 0)
  END;
-- Java's white space, in UTF-8
el_trim(s) :=
  trim(s, E'\x09\x0A\x0B\x0C\x0D\x1C\x1D\x1E\x1F \xE1\x9A\x80\xE2\x80\x80\xE2\x80\x81\xE2\x80\x82\xE2\x80\x83\xE2\x80\x84\xE2\x80\x85\xE2\x80\x86\xE2\x80\x88\xE2\x80\x89\xE2\x80\x8A\xE2\x80\xA8\xE2\x80\xA9\xE2\x81\x9F\xE3\x80\x80');
el_ltrim(s) :=
  ltrim(s, E'\x09\x0A\x0B\x0C\x0D\x1C\x1D\x1E\x1F \xE1\x9A\x80\xE2\x80\x80\xE2\x80\x81\xE2\x80\x82\xE2\x80\x83\xE2\x80\x84\xE2\x80\x85\xE2\x80\x86\xE2\x80\x88\xE2\x80\x89\xE2\x80\x8A\xE2\x80\xA8\xE2\x80\xA9\xE2\x81\x9F\xE3\x80\x80');
el_rtrim(s) :=
  rtrim(s, E'\x09\x0A\x0B\x0C\x0D\x1C\x1D\x1E\x1F \xE1\x9A\x80\xE2\x80\x80\xE2\x80\x81\xE2\x80\x82\xE2\x80\x83\xE2\x80\x84\xE2\x80\x85\xE2\x80\x86\xE2\x80\x88\xE2\x80\x89\xE2\x80\x8A\xE2\x80\xA8\xE2\x80\xA9\xE2\x81\x9F\xE3\x80\x80');
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
el_listagg(s) := CASE WHEN strlen(s) > 1048576 THEN failure('The text of listagg() is longer than 1,048,576 bytes') ELSE s END;
el_listagg_cut(s) := CASE WHEN strlen(s) > 1048576 THEN refusal('LISTAGG whose text is cut, being longer than 1,048,576 bytes,') ELSE s END;
el_split(s, d) :=
  CASE
    WHEN s IS NULL OR d IS NULL THEN NULL
    WHEN d = '' THEN failure('The delimiter of split is empty')
    ELSE string_split(s, d)
  END;
-- counts: a map of how often each value is there. Athena keeps as many counters as its capacity, and guesses where there are more values.
el_most_frequent(counts, buckets, capacity) :=
  CASE
    WHEN counts IS NULL THEN NULL
    WHEN cardinality(counts) > capacity THEN refusal('approx_most_frequent() of more values than its capacity')
    WHEN cardinality(counts) > buckets AND el_nth_count(counts, buckets) = el_nth_count(counts, buckets + 1)
      THEN refusal('approx_most_frequent() where as many are equally frequent as its buckets do not hold')
    ELSE map_from_entries(list_filter(map_entries(counts), lambda e: cardinality(counts) <= buckets OR (e).value >= el_nth_count(counts, buckets)))
  END;
el_nth_count(counts, n) := list_reverse_sort(map_values(counts))[n];
el_split_limit(s, d, n) :=
  CASE
    WHEN s IS NULL OR d IS NULL OR n IS NULL THEN NULL
    WHEN d = '' OR n <= 0 THEN failure('The delimiter of split is empty or its limit not positive')
    WHEN n > 2147483647 THEN failure('The limit of split is too large: ', n)
    WHEN len(string_split(s, d)) <= n THEN string_split(s, d)
    ELSE list_append(string_split(s, d)[1:n - 1], array_to_string(string_split(s, d)[n:], d))
  END;
el_split_part(s, d, i) :=
  CASE
    WHEN s IS NULL OR d IS NULL OR i IS NULL THEN NULL
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
    WHEN s IS NULL OR n IS NULL OR p IS NULL THEN NULL
    WHEN p = '' OR n < 0 THEN failure('lpad wants a length from 0 and some padding')
    WHEN n > 1000000 THEN refusal('lpad to more than a million characters: ', n)
    ELSE lpad(s, CAST(least(n, 1000000) AS INTEGER), p)
  END;
el_rpad(s, n, p) :=
  CASE
    WHEN s IS NULL OR n IS NULL OR p IS NULL THEN NULL
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
el_url(u) :=
  regexp_full_match(u, '([A-Za-z][A-Za-z0-9+.-]*:)?[^\s\x00-\x1f\"<>\\^`{}|]*') AND NOT regexp_matches(u,
    '^[^/?#:]*:$|^[^A-Za-z/?#][^/?#:]*:|^[A-Za-z][^/?#:]*[^A-Za-z0-9+./?#:-][^/?#:]*:|%($|.$|[^0-9A-Fa-f]|.[^0-9A-Fa-f])');
el_url_decode(s) :=
  CASE
    WHEN regexp_matches(s, '%($|.$|[^0-9A-Fa-f]|.[^0-9A-Fa-f])') THEN failure('Not an encoded text: ', s)
    ELSE el_unescaped(replace(s, '+', ' '))
  END;
el_unescaped(s) := coalesce(TRY(url_decode(s)), CASE WHEN s IS NOT NULL THEN refusal('Bytes that are not UTF-8, in ', s) END);
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
    WHEN s IS NULL OR a IS NULL OR n IS NULL THEN NULL
    WHEN n = 0 THEN failure('The instance of strpos must not be 0')
    WHEN a = '' THEN 1
    WHEN n < 0 THEN coalesce(el_utf16_place(s, list_filter(range(1, length(s) + 1), lambda i: starts_with(substring(s, i), a))[n]), 0)
    ELSE coalesce(list_filter(range(1, length(s) + 1), lambda i: starts_with(substring(s, i), a))[n], 0)
  END;
-- Java counts a character beyond U+FFFF as two, and from the end Athena counts as Java does.
el_utf16_place(s, i) := i + length(regexp_replace(substring(s, 1, i - 1), '[^\x{10000}-\x{10FFFF}]+', '', 'g'));
el_soundex(s) :=
  CASE
    WHEN regexp_matches(s, '[^\x00-\x7fß]') THEN failure('soundex knows letters from A to Z only: ', s)
    ELSE el_soundex_of(upper(regexp_replace(replace(s, 'ß', 'ss'), '[^A-Za-z]', '', 'g')))
  END;
el_soundex_of(s) :=
  CASE
    WHEN s = '' THEN ''
    ELSE rpad(substring(s[1] || replace(substring(el_squeezed(translate(s[1] || translate(substring(s, 2), 'HW', ''),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '01230120022455012623010202')), 2), '0', ''), 1, 4), 4, '0')
  END;
el_squeezed(s) :=
  array_to_string(list_transform([el_letters(s)], lambda q: list_filter(q, lambda c, i: i = 1 OR c <> q[i - 1]))[1], '');
el_hamming(a, b) :=
  CASE
    WHEN a IS NULL OR b IS NULL THEN NULL
    WHEN length(a) <> length(b) THEN failure('hamming_distance wants two texts of one length: ', a)
    ELSE CAST(len(list_filter(list_zip(el_letters(a), el_letters(b)), lambda p: p[1] <> p[2])) AS BIGINT)
  END;
el_levenshtein(a, b) :=
  CASE
    WHEN a IS NULL OR b IS NULL THEN NULL
    WHEN length(a) = strlen(a) AND length(b) = strlen(b) THEN levenshtein(a, b)
    WHEN len(list_distinct(el_letters(a || b))) > 120 THEN refusal('levenshtein_distance of texts with more than 120 different characters: ', a)
    ELSE levenshtein(el_coded(a, list_distinct(el_letters(a || b))), el_coded(b, list_distinct(el_letters(a || b))))
  END;
el_coded(s, alphabet) :=
  array_to_string(list_transform(el_letters(s), lambda c: chr(CAST(list_position(alphabet, c) AS INTEGER))), '');
el_split_to_multimap(s, a, b) :=
  CASE
    WHEN s IS NULL OR a IS NULL OR b IS NULL THEN NULL
    WHEN a = '' OR b = '' OR a = b THEN failure('The delimiters of split_to_multimap must be two and not empty')
    WHEN len(list_filter(el_pairs(s, a), lambda p: len(string_split(p, b)) <> 2)) > 0
      THEN failure('split_to_multimap wants one delimiter in each entry: ', s)
    ELSE el_pairs_to_multimap(list_transform(el_pairs(s, a), lambda p: {'k': string_split(p, b)[1], 'v': string_split(p, b)[2]}))
  END;

-- regular expressions
el_folds(s) := CASE WHEN length(s) = strlen(s) THEN false ELSE regexp_matches(s, '[ßŉǰΐΰևẖ-ẞﬀ-ﬗİıſ\x{212A}]') END;
el_regex(p, s) :=
  CASE
    WHEN p IS NULL OR s IS NULL THEN NULL
    WHEN regexp_matches(p, '\\[^dDwWsSbB.*+?()\[\]{}|^$/\\-]|\\$|.\(\?|^\(\?[^is]|&&|[*+?}]\+')
      THEN refusal('A regular expression in a column with more than the plain syntax: ', p)
    WHEN (contains(p, '$') AND ends_with(s, chr(10))) OR (contains(p, '\s') AND contains(s, chr(11)))
      OR (regexp_matches(p, '\\[bB]|\[:') AND length(s) <> strlen(s)) OR (starts_with(p, '(?') AND (el_folds(s) OR el_folds(p)))
        THEN refusal('A regular expression in a column on such text: ', s)
    ELSE p
  END;
el_split_once(s, p) :=
  CASE WHEN regexp_matches(s, p) THEN ['', substring(s, length(regexp_extract(s, p)) + 1)] ELSE [s] END;
el_split_everywhere(s, hits) :=
  list_prepend('', list_transform(hits, lambda h, k: CASE WHEN h = '' THEN substring(s, el_match_start(hits, k), 1) ELSE '' END));
el_match_start(hits, k) := 1 + CAST(coalesce(list_sum(list_transform(hits[1:k - 1], lambda g: greatest(length(g), 1))), 0) AS BIGINT);
el_split_at(s, spots) :=
  list_transform([{'s': s, 'at': list_append(list_prepend(1, spots), length(s) + 1)}], lambda q: list_transform(range(1, len((q).at)),
    lambda k: substring((q).s, (q).at[k], (q).at[k + 1] - (q).at[k])))[1];
el_interleaved(pieces, between) :=
  list_transform([{'p': pieces, 'b': between}], lambda q: CASE
    WHEN (q).p IS NOT NULL AND NOT el_has_null((q).b) THEN array_to_string(list_transform((q).p, lambda x, k: x || coalesce((q).b[k], '')), '')
  END)[1];
el_split_anywhere(s, p) :=
  CASE
    WHEN s IS NULL OR p IS NULL THEN NULL
    WHEN regexp_matches('', p) THEN refusal('A regular expression in a column that may match nothing: ', p)
    ELSE string_split_regex(s, p)
  END;
el_match_position(pieces, hits, k, start) :=
  CAST(CASE
    WHEN pieces IS NULL THEN NULL
    WHEN len(hits) < k OR pieces = [''] THEN -1
    ELSE start + list_sum(list_transform(pieces[1:k], lambda x: length(x))) + coalesce(list_sum(list_transform(hits[1:k - 1],
      lambda x: length(x))), 0)
  END AS INTEGER);

-- addresses: 16 bytes, those of version 4 mapped to ::ffff:0:0/96
el_ip(s) := list_transform([s], lambda t: el_ip_read(t))[1];
el_ip_read(s) :=
  CASE
    WHEN s IS NULL THEN NULL
    WHEN regexp_full_match(s, '((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.|$)){4}') AND NOT ends_with(s, '.')
      THEN unhex('00000000000000000000FFFF' || el_ip4_digits(s))
    WHEN contains(s, ':') THEN coalesce(list_transform([el_ip6_groups(regexp_replace(s, '%.*$', ''))], lambda g: el_ip6(g))[1],
      failure('Not an IP address: ', s))
    ELSE failure('Not an IP address: ', s)
  END;
el_ip4_digits(s) := array_to_string(list_transform(string_split(s, '.'), lambda n: printf('%02X', coalesce(TRY_CAST(n AS INTEGER), 0))), '');
el_ip6_groups(s) :=
  list_transform([regexp_extract(s, '((?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9]))$',
    1)], lambda tail: CASE
    WHEN tail = '' THEN s
    ELSE s[1:length(s) - length(tail)] || el_ip4_digits(tail)[1:4] || ':' || el_ip4_digits(tail)[5:8]
  END)[1];
el_ip6(s) :=
  CASE
    WHEN regexp_full_match(s, '([0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}') THEN unhex(el_ip6_digits(s))
    WHEN regexp_full_match(s, '([0-9A-Fa-f]{1,4}(:[0-9A-Fa-f]{1,4})*)?::([0-9A-Fa-f]{1,4}(:[0-9A-Fa-f]{1,4})*)?')
      THEN el_ip6_filled(el_ip6_digits(split_part(s, '::', 1)), el_ip6_digits(split_part(s, '::', 2)))
  END;
el_ip6_filled(head, tail) :=
  CASE
    WHEN length(head) + length(tail) < 32 THEN unhex(head || repeat('0', greatest(32 - length(head) - length(tail), 0)) || tail)
  END;
el_ip6_digits(s) :=
  array_to_string(list_transform(list_filter(string_split(s, ':'), lambda g: g <> ''), lambda g: lpad(g, 4, '0')), '');
el_ip_of(b) :=
  CASE
    WHEN octet_length(b) = 16 THEN b
    WHEN octet_length(b) = 4 THEN unhex('00000000000000000000FFFF' || hex(b))
    WHEN b IS NULL THEN NULL
    ELSE failure('An IP address has 4 or 16 bytes')
  END;
el_ip_text(b) := list_transform([lower(hex(b))], lambda h: el_ip_written(h))[1];
el_ip_written(h) :=
  CASE
    WHEN starts_with(h, '00000000000000000000ffff')
      THEN array_to_string(list_transform([25, 27, 29, 31], lambda i: CAST(CAST('0x' || h[i:i + 1] AS INTEGER) AS VARCHAR)), '.')
    ELSE list_transform([array_to_string(list_transform(range(1, 32, 4), lambda i: regexp_replace(h[i:i + 3], '^0{1,3}', '')), ':')],
      lambda g: el_ip6_short(g))[1]
  END;
el_ip6_short(s) :=
  coalesce(list_transform(list_filter(range(7, 0, -1), lambda n: regexp_matches(s, '(^|:)0(:0){' || n || '}(:|$)'))[1:1],
    lambda n: regexp_replace(s, '(^|:)0(:0){' || n || '}(:|$)', '::'))[1], s);
el_ip_contains(network, a) :=
  CASE
    WHEN network IS NULL OR a IS NULL THEN NULL
    WHEN regexp_matches(network, '^[0:]*:(?i:ffff):') THEN refusal('A network of mapped addresses: ', network)
    WHEN NOT regexp_full_match(network, '[^/]+/[0-9]{1,3}') THEN failure('Not a network such as 192.0.2.0/24: ', network)
    ELSE list_transform([{'bits': el_ip_bits(el_ip(split_part(network, '/', 1))), 'size': el_prefix_length(network), 'of': a}],
      lambda n: el_in_network((n).bits, (n).size, el_ip_bits((n).of)))[1]
  END;
el_in_network(bits, size, address) :=
  CASE
    WHEN size > 128 OR contains(substring(bits, size + 1), '1') THEN failure('Not a network: its prefix is too long or it has more bits set')
    ELSE substring(bits, 1, size) = substring(address, 1, size)
  END;
el_prefix_length(network) :=
  coalesce(TRY_CAST(split_part(network, '/', 2) AS INTEGER), 999) + CASE WHEN contains(network, ':') THEN 0 ELSE 96 END;
el_ip_bits(a) := CAST(CAST(a AS BIT) AS VARCHAR);

-- bytes
el_bytes(b) := list_transform(range(1, octet_length(b) * 2, 2), lambda i: CAST('0x' || hex(b)[i:i + 1] AS INTEGER));
el_byte_reverse(b) :=
  unhex(array_to_string(list_transform(range(octet_length(b) * 2 - 1, 0, -2), lambda i: hex(b)[i:i + 1]), ''));
el_byte_substring(b, i, n) := unhex(el_substring_of(hex(b), i, n, octet_length(b)));
el_substring_of(h, i, n, size) :=
  CASE
    WHEN h IS NULL OR i IS NULL OR n IS NULL THEN NULL
    WHEN i > 0 AND n > 0 THEN substring(h, i * 2 - 1, least(n, 1000000000) * 2)
    WHEN i < 0 AND size + i >= 0 AND n > 0 THEN substring(h, (size + i) * 2 + 1, least(n, 1000000000) * 2)
    ELSE ''
  END;
el_byte_pad(h, n, p, whole) :=
  CASE
    WHEN h IS NULL OR n IS NULL OR p IS NULL THEN NULL
    WHEN p = '' OR n < 0 THEN failure('A padding wants a length from 0 and some bytes')
    WHEN n > 1000000 THEN refusal('A padding to more than a million bytes: ', n)
    WHEN length(h) >= n * 2 THEN unhex(h[1:n * 2])
    ELSE unhex(whole)
  END;
el_byte_lpad(b, n, p) := el_byte_pad(hex(b), n, hex(p), el_hex_fill(hex(b), n, hex(p)) || hex(b));
el_byte_rpad(b, n, p) := el_byte_pad(hex(b), n, hex(p), hex(b) || el_hex_fill(hex(b), n, hex(p)));
el_hex_fill(h, n, p) :=
  CASE WHEN p <> '' THEN rpad('', CAST(greatest(least(n, 1000000) * 2 - length(h), 0) AS INTEGER), p) ELSE p END;
el_from_hex(s) := unhex(CASE WHEN length(s) % 2 = 1 THEN failure('Hexadecimal digits that are no pairs: ', s) ELSE s END);
el_from_base64(s) :=
  CASE
    WHEN s IS NULL THEN NULL
    WHEN regexp_full_match(s, '[A-Za-z0-9+/]*={0,2}') AND length(rtrim(s, '=')) % 4 <> 1 AND (length(s) % 4 = 0 OR NOT contains(s, '='))
      THEN from_base64(rtrim(s, '=') || repeat('=', (4 - length(rtrim(s, '=')) % 4) % 4))
    ELSE failure('Not base64: ', s)
  END;
el_base64url(s) := CASE WHEN regexp_matches(s, '[+/]') THEN failure('Not base64url: ', s) ELSE translate(s, '-_', '+/') END;
el_to_base32(b) :=
  CASE
    WHEN b IS NULL THEN NULL
    WHEN octet_length(b) = 0 THEN ''
    ELSE rpad(el_base32_letters(CAST(CAST(CASE WHEN octet_length(b) > 0 THEN b END AS BIT) AS VARCHAR)), CAST((octet_length(b) + 4) // 5 * 8 AS INTEGER), '=')
  END;
el_base32_letters(bits) :=
  array_to_string(list_transform(range(1, length(bits) + 1, 5),
    lambda i: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[el_from_bits(rpad(bits[i:i + 4], 5, '0')) + 1]), '');
el_from_bits(bits) :=
  CAST(list_sum(list_transform(el_letters(bits), lambda c, i: CASE WHEN c = '1' THEN 1 << (length(bits) - i) ELSE 0 END)) AS BIGINT);
el_from_base32(s) :=
  CASE
    WHEN s IS NULL THEN NULL
    WHEN regexp_full_match(s, '[A-Z2-7]*=*') AND length(rtrim(s, '=')) % 8 IN (0, 2, 4, 5, 7) THEN unhex(el_bits_hex(el_base32_bits(rtrim(s, '='))))
    ELSE failure('Not base32: ', s)
  END;
el_base32_bits(s) :=
  array_to_string(list_transform(el_letters(s), lambda c: right(CAST((strpos('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
    c) - 1)::UTINYINT::BIT AS VARCHAR), 5)), '');
el_bits_hex(bits) :=
  array_to_string(list_transform(range(1, length(bits) // 8 * 8, 4), lambda i: '0123456789ABCDEF'[el_from_bits(bits[i:i + 3]) + 1]), '');
el_big_endian(x, bits) := unhex(right(printf('%016X', x), bits // 4));
el_from_big_endian(b, bits) :=
  CASE
    WHEN b IS NULL THEN NULL
    WHEN octet_length(b) <> bits // 8 THEN failure('The bytes are not as many as the number has')
    ELSE el_signed(el_whole_of(b), bits)
  END;
el_whole_of(b) := list_reduce(el_bytes(b), lambda x, y: x * 256 + y, 0::HUGEINT);
el_ieee754(b, exponent_bits, fraction_bits) :=
  CASE
    WHEN b IS NULL THEN NULL
    WHEN octet_length(b) * 8 <> exponent_bits + fraction_bits + 1 THEN failure('The bytes are not as many as the number has')
    ELSE CASE WHEN el_whole_of(b) >= el_power_of_two(exponent_bits + fraction_bits) THEN -1e0 ELSE 1e0 END
      * el_float_of(el_whole_of(b) // el_power_of_two(fraction_bits) % el_power_of_two(exponent_bits), el_whole_of(b)
        % el_power_of_two(fraction_bits), fraction_bits, el_power_of_two(exponent_bits - 1) - 1)
  END;
el_float_of(e, f, fraction_bits, bias) :=
  CASE
    WHEN e = 2 * bias + 1 THEN CASE WHEN f = 0 THEN CAST('Infinity' AS DOUBLE) ELSE CAST('NaN' AS DOUBLE) END
    WHEN e = 0 THEN CAST(f AS DOUBLE) * pow(2e0, 1 - bias - fraction_bits)
    ELSE (1 + CAST(f AS DOUBLE) / pow(2e0, fraction_bits)) * pow(2e0, CAST(e AS DOUBLE) - CAST(bias AS DOUBLE))
  END;
el_crc32(b) :=
  xor(list_reduce(el_bytes(b), lambda crc, byte: xor(crc >> 8, el_crc32_table((xor(crc, byte) & 255) + 1)), 4294967295), 4294967295);
el_crc32_table(n) := [
    0, 1996959894, 3993919788, 2567524794, 124634137, 1886057615, 3915621685, 2657392035, 249268274, 2044508324, 3772115230,
    2547177864, 162941995, 2125561021, 3887607047, 2428444049, 498536548, 1789927666, 4089016648, 2227061214, 450548861,
    1843258603, 4107580753, 2211677639, 325883990, 1684777152, 4251122042, 2321926636, 335633487, 1661365465, 4195302755,
    2366115317, 997073096, 1281953886, 3579855332, 2724688242, 1006888145, 1258607687, 3524101629, 2768942443, 901097722,
    1119000684, 3686517206, 2898065728, 853044451, 1172266101, 3705015759, 2882616665, 651767980, 1373503546, 3369554304,
    3218104598, 565507253, 1454621731, 3485111705, 3099436303, 671266974, 1594198024, 3322730930, 2970347812, 795835527,
    1483230225, 3244367275, 3060149565, 1994146192, 31158534, 2563907772, 4023717930, 1907459465, 112637215, 2680153253,
    3904427059, 2013776290, 251722036, 2517215374, 3775830040, 2137656763, 141376813, 2439277719, 3865271297, 1802195444,
    476864866, 2238001368, 4066508878, 1812370925, 453092731, 2181625025, 4111451223, 1706088902, 314042704, 2344532202,
    4240017532, 1658658271, 366619977, 2362670323, 4224994405, 1303535960, 984961486, 2747007092, 3569037538, 1256170817,
    1037604311, 2765210733, 3554079995, 1131014506, 879679996, 2909243462, 3663771856, 1141124467, 855842277, 2852801631,
    3708648649, 1342533948, 654459306, 3188396048, 3373015174, 1466479909, 544179635, 3110523913, 3462522015, 1591671054,
    702138776, 2966460450, 3352799412, 1504918807, 783551873, 3082640443, 3233442989, 3988292384, 2596254646, 62317068,
    1957810842, 3939845945, 2647816111, 81470997, 1943803523, 3814918930, 2489596804, 225274430, 2053790376, 3826175755,
    2466906013, 167816743, 2097651377, 4027552580, 2265490386, 503444072, 1762050814, 4150417245, 2154129355, 426522225,
    1852507879, 4275313526, 2312317920, 282753626, 1742555852, 4189708143, 2394877945, 397917763, 1622183637, 3604390888,
    2714866558, 953729732, 1340076626, 3518719985, 2797360999, 1068828381, 1219638859, 3624741850, 2936675148, 906185462,
    1090812512, 3747672003, 2825379669, 829329135, 1181335161, 3412177804, 3160834842, 628085408, 1382605366, 3423369109,
    3138078467, 570562233, 1426400815, 3317316542, 2998733608, 733239954, 1555261956, 3268935591, 3050360625, 752459403,
    1541320221, 2607071920, 3965973030, 1969922972, 40735498, 2617837225, 3943577151, 1913087877, 83908371, 2512341634,
    3803740692, 2075208622, 213261112, 2463272603, 3855990285, 2094854071, 198958881, 2262029012, 4057260610, 1759359992,
    534414190, 2176718541, 4139329115, 1873836001, 414664567, 2282248934, 4279200368, 1711684554, 285281116, 2405801727,
    4167216745, 1634467795, 376229701, 2685067896, 3608007406, 1308918612, 956543938, 2808555105, 3495958263, 1231636301,
    1047427035, 2932959818, 3654703836, 1088359270, 936918000, 2847714899, 3736837829, 1202900863, 817233897, 3183342108,
    3401237130, 1404277552, 615818150, 3134207493, 3453421203, 1423857449, 601450431, 3009837614, 3294710456, 1567103746,
    711928724, 3020668471, 3272380065, 1510334235, 755167117
  ][n];
el_hmac_key(key, size, hash) :=
  CASE WHEN octet_length(key) = 0 THEN failure('The key of an hmac is empty') ELSE el_hmac_filled(key, size, hash) END;
el_hmac_filled(key, size, hash) :=
  rpad(CASE WHEN octet_length(key) > size THEN hash ELSE hex(key) END, CAST(size * 2 AS INTEGER), '0');
el_hmac_pad(h, pad) :=
  unhex(array_to_string(list_transform(range(1, length(h), 2), lambda i: printf('%02X', xor(CAST('0x' || h[i:i + 1] AS INTEGER), pad))), ''));
el_hmac_md5(b, key) :=
  unhex(md5(el_hmac_pad(el_hmac_key(key, 64, md5(key)), 92) || unhex(md5(el_hmac_pad(el_hmac_key(key, 64, md5(key)), 54) || b))));
el_hmac_sha1(b, key) :=
  unhex(sha1(el_hmac_pad(el_hmac_key(key, 64, sha1(key)), 92) || unhex(sha1(el_hmac_pad(el_hmac_key(key, 64, sha1(key)), 54) || b))));
el_hmac_sha256(b, key) :=
  unhex(sha256(el_hmac_pad(el_hmac_key(key, 64, sha256(key)), 92) || unhex(sha256(el_hmac_pad(el_hmac_key(key, 64, sha256(key)), 54) || b))));
el_utf8(b, instead) :=
  CASE
    WHEN b IS NULL OR instead IS NULL THEN NULL
    WHEN length(instead) > 1 THEN failure('The replacement of from_utf8 is one character or none: ', instead)
    WHEN TRY(decode(b)) IS NOT NULL THEN decode(b)
    WHEN octet_length(b) = 1 THEN instead
    ELSE refusal('Bytes that are not UTF-8, in from_utf8')
  END;

-- arrays and maps
el_subscript(a, i) :=
  CASE
    WHEN i IS NULL OR a IS NULL THEN NULL
    WHEN i < 1 OR i > len(a) THEN failure('A subscript is out of range: ', i)
    ELSE a[i]
  END;
el_element_at(a, i) := CASE WHEN i = 0 AND a IS NOT NULL THEN failure('The index of element_at must not be 0') ELSE a[i] END;
el_map_value(m, k) :=
  CASE
    WHEN m IS NULL OR k IS NULL THEN NULL
    WHEN list_contains(map_keys(m), k) THEN m[k]
    ELSE failure('The map has no such key: ', k)
  END;
el_map_element(m, k) := m[k];
el_has_null(a) := len(list_filter(a, lambda x: x IS NULL)) > 0;
el_numbers(a) := list_filter(a, lambda n: n IS NULL OR NOT isnan(n));
el_position_of_number(a, x) := CASE WHEN a IS NOT NULL AND isnan(x) THEN 0 ELSE CAST(el_position(a, x) AS BIGINT) END;
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
el_array_before(a, b) := list_transform([{'a': a, 'b': b}], lambda q: el_before((q).a, (q).b))[1];
el_before(a, b) :=
  CASE
    WHEN a IS NULL OR b IS NULL THEN NULL
    WHEN NOT el_has_null(a) AND NOT el_has_null(b) THEN a < b
    ELSE list_transform([el_first_hole(a, b)], lambda h: CASE
      WHEN a[1:h - 1] <> b[1:h - 1] THEN a[1:h - 1] < b[1:h - 1]
      WHEN h <= least(len(a), len(b)) THEN lasting('An array with a NULL has no order')
      ELSE len(a) < len(b)
    END)[1]
  END;
el_first_hole(a, b) :=
  coalesce(list_filter(range(1, least(len(a), len(b)) + 1), lambda i: a[i] IS NULL OR b[i] IS NULL)[1], least(len(a), len(b)) + 1);
el_distinct(a) := list_transform([a], lambda q: list_filter(q, lambda x, i: NOT el_seen(q[1:i - 1], x)))[1];
el_firsts(a) := list_transform([a], lambda q: list_filter(q, lambda x, i: list_position(q, x) = i))[1];
el_seen(a, x) :=
  CASE
    WHEN x IS NULL THEN len(list_filter(a, lambda y: y IS NULL)) > 0
    ELSE coalesce(list_contains(a, x), false)
  END;
el_intersect(a, b) :=
  CASE
    WHEN a IS NULL OR b IS NULL THEN NULL
    ELSE el_distinct(list_transform([{'a': a, 'b': b}], lambda q: list_filter((q).a, lambda z: el_seen((q).b, z)))[1])
  END;
el_except(a, b) :=
  CASE
    WHEN a IS NULL OR b IS NULL THEN NULL
    WHEN len(b) = 0 THEN a
    ELSE el_distinct(list_transform([{'a': a, 'b': b}], lambda q: list_filter((q).a, lambda z: NOT el_seen((q).b, z)))[1])
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
el_order(n) :=
  CASE WHEN n IN (-1, 0, 1) THEN n ELSE refusal('A comparator of array_sort that gives something else than -1, 0 or 1: ', n) END;
el_by_rank(r) :=
  CASE
    WHEN len(list_distinct(list_transform(r, lambda e: (e).rank))) < len(r)
      THEN refusal('A comparator of array_sort that contradicts itself, as one does that says nothing of NULLs')
    ELSE list_transform(list_sort(r), lambda e: (e).x)
  END;
el_longer(found, n) :=
  flatten(list_transform(found, lambda p: list_transform(range(p[-1] + 1, n + 1), lambda i: list_append(p, i))));
el_by_last(found) := list_transform(list_sort(list_transform(found, lambda p: list_reverse(p))), lambda p: list_reverse(p));
el_array_histogram(a) :=
  CASE
    WHEN a IS NOT NULL THEN map_from_entries(list_transform(el_firsts(list_filter(a, lambda x: x IS NOT NULL)), lambda x: row(x,
      CAST(len(list_filter(a, lambda y: y = x)) AS BIGINT))))
  END;
el_same_keys(a, b) :=
  len(map_keys(a)) = len(map_keys(b)) AND len(list_filter(map_keys(a), lambda k: NOT list_contains(map_keys(b), k))) = 0;
el_map_equal(a, b) :=
  CASE
    WHEN a IS NULL OR b IS NULL THEN NULL
    WHEN cardinality(a) <> cardinality(b) OR len(list_filter(map_keys(a), lambda k: NOT list_contains(map_keys(b), k))) > 0 THEN false
    WHEN len(list_filter(map_keys(a), lambda k: a[k] <> b[k])) > 0 THEN false
    WHEN len(list_filter(map_keys(a), lambda k: a[k] IS NULL OR b[k] IS NULL)) > 0 THEN NULL
    ELSE true
  END;
el_map_union(m) :=
  CASE
    WHEN len(flatten(list_transform(m, lambda x: map_keys(x)))) > 0
      THEN map_from_entries(list_transform(el_firsts(flatten(list_transform(m, lambda x: map_keys(x)))),
      lambda k: row(k, list_filter(list_transform(m, lambda x: CASE WHEN list_contains(map_keys(x), k) THEN {'v': x[k]} END),
        lambda p: p IS NOT NULL)[1].v)))
  END;
el_map_concat(a, b) :=
  map_from_entries(list_concat(map_entries(b), list_filter(map_entries(a), lambda e: NOT list_contains(map_keys(b), (e).key))));
el_keyed(pairs) :=
  CASE
    WHEN len(list_filter(pairs, lambda p: (p).k IS NULL)) > 0 THEN failure('A key of a map is NULL')
    ELSE pairs
  END;
el_trim_array(a, n) :=
  CASE
    WHEN a IS NULL OR n IS NULL THEN NULL
    WHEN n < 0 OR n > len(a) THEN failure('trim_array takes 0 to all elements away, not ', n)
    ELSE a[1:len(a) - n]
  END;
el_contains_sequence(a, b) :=
  CASE
    WHEN a IS NULL OR b IS NULL THEN NULL
    WHEN len(b) = 0 THEN true
    ELSE len(list_filter(range(1, len(a) - len(b) + 2), lambda i: a[i:i + len(b) - 1] = b)) > 0
  END;
el_sort(a) := list_sort(a, 'ASC', 'NULLS LAST');
el_sequence(a, b, step) :=
  CASE
    WHEN a IS NULL OR b IS NULL THEN NULL
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
    ELSE list_transform([list_transform(p, lambda e: (e).k)], lambda q: map_from_entries(list_transform(list_filter(p,
      lambda e, i: list_position(q, (e).k) = i), lambda e: row((e).k, (e).v))))[1]
  END;
el_pairs_to_multimap(p) :=
  CASE
    WHEN p IS NULL THEN NULL
    ELSE map_from_entries(list_transform(el_firsts(list_transform(p, lambda e: (e).k)), lambda k: row(k,
      list_transform(list_filter(p, lambda e: (e).k = k), lambda e: (e).v))))
  END;
el_counts(m) := map_from_entries(list_transform(map_entries(m), lambda e: row((e).key, CAST((e).value AS BIGINT))));

-- numbers
el_vectors(a, b) :=
  CASE
    WHEN a IS NULL OR b IS NULL THEN NULL
    WHEN len(a) <> len(b) THEN failure('The vectors are not of one length: ', a)
    WHEN el_has_null(a) OR el_has_null(b) THEN refusal('A vector with a NULL in it: ', a)
    ELSE list_zip(a, b)
  END;
el_dot(pairs) := list_reduce(list_transform(pairs, lambda p: p[1] * p[2]), lambda x, y: x + y, 0e0);
el_distance(pairs) := sqrt(list_reduce(list_transform(pairs, lambda p: (p[1] - p[2]) * (p[1] - p[2])), lambda x, y: x + y, 0e0));
el_cosine(a, b) :=
  CASE
    WHEN a IS NULL OR b IS NULL THEN NULL
    WHEN len(a) <> len(b) THEN failure('The vectors are not of one length: ', a)
    WHEN el_has_null(a) OR el_has_null(b) THEN NULL
    WHEN el_length(a) = 0 OR el_length(b) = 0 THEN failure('A vector without a length has no direction: ', a)
    ELSE el_dot(list_zip(a, b)) / (el_length(a) * el_length(b))
  END;
el_length(a) := sqrt(el_dot(list_zip(a, a)));
el_cosine_of_maps(a, b) :=
  CASE
    WHEN a IS NULL OR b IS NULL OR el_has_null(map_values(a)) OR el_has_null(map_values(b)) THEN NULL
    ELSE el_dot(list_transform(list_intersect(map_keys(a), map_keys(b)), lambda k: [a[k], b[k]]))
      / (el_length(map_values(a)) * el_length(map_values(b)))
  END;
el_wilson(successes, n, z, side) :=
  CASE
    WHEN successes IS NULL OR n IS NULL OR z IS NULL THEN NULL
    WHEN successes < 0 OR n <= 0 OR successes > n OR z < 0 THEN failure('An interval wants trials, no more successes than those, and no negative z: ', n)
    ELSE el_wilson_bound(successes / n, n, z, side)
  END;
el_wilson_bound(p, n, z, side) := (p + z * z / (2 * n) + side * (z * sqrt(p * (1 - p) / n + z * z / (4e0 * n * n)))) / (1 + z * z / n);
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
    WHEN x IS NULL OR bits IS NULL THEN NULL
    WHEN bits < 2 OR bits > 64 OR (bits < 64 AND (x >= (1::HUGEINT << (bits - 1)::INTEGER)
      OR x < -(1::HUGEINT << (bits - 1)::INTEGER))) THEN failure('The number does not fit into these bits: ', x)
    ELSE CAST(bit_count(x) AS BIGINT) - CASE WHEN x < 0 THEN 64 - bits ELSE 0 END
  END;
el_to_base(x, b) :=
  CASE
    WHEN x IS NULL OR b IS NULL THEN NULL
    WHEN b < 2 OR b > 36 THEN failure('A radix is from 2 to 36: ', b)
    ELSE CASE WHEN x < 0 THEN '-' ELSE '' END || lower(to_base(abs(x), CAST(b AS INTEGER)))
  END;
el_java_double(x) :=
  CASE
    WHEN x IS NULL THEN NULL
    WHEN x = 0 THEN CASE WHEN signbit(x) THEN '-0.0' ELSE '0.0' END
    WHEN abs(x) >= 0.001 AND abs(x) < 10000000 THEN CAST(x AS VARCHAR)
    ELSE el_double_to_text(x)
  END;
el_padded(s, width, leftmost) :=
  CASE
    WHEN el_units(s) >= width THEN s
    WHEN leftmost THEN s || repeat(' ', width - el_units(s))
    ELSE repeat(' ', width - el_units(s)) || s
  END;
-- Java's characters of 16 bits
el_units(s) := length(s) + CASE WHEN length(s) = strlen(s) THEN 0 ELSE length(regexp_replace(s, '[^\x{10000}-\x{10FFFF}]', '', 'g')) END;
el_zero_padded(sign, body, ending, width) :=
  sign || lpad(body, CAST(greatest(width - length(sign) - length(ending), length(body)) AS INTEGER), '0') || ending;
el_grouped(n) := regexp_replace(reverse(regexp_replace(reverse(CAST(n AS VARCHAR)), '([0-9]{3})', '\1,', 'g')), '^,', '');
el_exact(x) :=
  CASE
    WHEN abs(x) >= 1e20 AND isfinite(x) THEN refusal('A number of more than 20 digits in format: ', x)
    ELSE TRY_CAST(CAST(x AS VARCHAR) AS DECIMAL(38,17))
  END;
el_local_text(s) := regexp_replace(regexp_replace(regexp_replace(s, '[.]000000$', ''), '([.][0-9]{3})000$', '\1'), ':00$', '');
el_octal(n) :=
  CASE WHEN n < 0 THEN refusal('A negative number in octal digits: ', n) ELSE to_base(CAST(n AS BIGINT), 8) END;
el_format_number(x) :=
  CASE
    WHEN x IS NULL THEN NULL
    WHEN isnan(x) OR abs(x) >= 9e18 THEN refusal('A number of 19 digits in format_number: ', x)
    ELSE CASE WHEN trunc(x) < 0 THEN '-' ELSE '' END || el_with_unit(abs(trunc(x)), CAST(greatest(length(CAST(TRY_CAST(abs(trunc(x)) AS
      BIGINT) AS VARCHAR)) - 1, 0) // 3 AS INTEGER))
  END;
el_with_unit(x, thousands) := el_three_digits(x / pow(1000, thousands)) || ['', 'K', 'M', 'B', 'T', 'Q', 'Q'][thousands + 1];
el_three_digits(x) :=
  CASE WHEN x < 10 THEN el_half_up(x, 2, 100) WHEN x < 100 THEN el_half_up(x, 1, 10) ELSE el_half_up(x, 0, 1) END;
el_half_up(x, digits, step) :=
  regexp_replace(regexp_replace(printf('%.' || digits || 'f', CASE WHEN x * 8 = floor(x * 8) THEN floor(x * step + 0.5) / step ELSE x END),
    '(\.[0-9]*?)0+$', '\1'), '\.$', '');
el_width_bucket(x, low, high, n) :=
  CASE
    WHEN x IS NULL OR low IS NULL OR high IS NULL OR n IS NULL THEN NULL
    WHEN n <= 0 OR low = high OR isnan(x) OR isinf(low) OR isinf(high) THEN failure('width_bucket wants two bounds and a positive count, not ', n)
    WHEN low < high THEN el_bucket(x - low, high - low, n)
    ELSE el_bucket(low - x, low - high, n)
  END;
el_bucket(x, width, n) :=
  CASE WHEN x < 0 THEN 0 WHEN x >= width THEN n + 1 ELSE CAST(floor(n * x / width) + 1 AS BIGINT) END;

el_width_bucket_of(x, bins) :=
  CASE
    WHEN x IS NULL OR bins IS NULL THEN NULL
    WHEN el_has_null(bins) THEN refusal('width_bucket() with a NULL among its bounds')
    WHEN len(bins) = 0 OR isnan(x) THEN failure('width_bucket wants a number and one bound or more')
    WHEN bins <> list_sort(bins) OR len(list_filter(bins, lambda b: NOT isfinite(b))) > 0
      THEN failure('The bounds of width_bucket must be finite and ascending')
    ELSE CAST(len(list_filter(bins, lambda b: b <= x)) AS BIGINT)
  END;
el_power(x, y) := CASE WHEN abs(x) = 1 AND NOT isfinite(y) THEN CAST('NaN' AS DOUBLE) ELSE pow(x, y) END;
el_power_of_two(n) := (1::HUGEINT << CAST(n AS INTEGER));
el_unsigned(v, bits) :=
  CASE WHEN v < 0 THEN v::HUGEINT + el_power_of_two(bits) ELSE v::HUGEINT END;
el_signed(v, bits) := CASE WHEN v >= el_power_of_two(bits - 1) THEN v - el_power_of_two(bits) ELSE v END;
el_shift_count(n) := CASE WHEN n < 0 THEN n & 63 ELSE n END;
el_shift_left(v, n, bits) :=
  CASE
    WHEN n IS NULL THEN NULL
    WHEN n >= bits AND v IS NOT NULL THEN 0
    ELSE el_signed((el_unsigned(v, bits) % el_power_of_two(greatest(bits - n, 0))) * el_power_of_two(greatest(least(n, bits), 0)), bits)
  END;
el_shift_right(v, n, bits) :=
  CASE
    WHEN n IS NULL THEN NULL
    WHEN n >= bits AND v IS NOT NULL THEN 0
    ELSE el_signed(el_unsigned(v, bits) // el_power_of_two(greatest(least(n, bits), 0)), bits)
  END;
el_shift_arithmetic(v, n, bits) :=
  CASE
    WHEN n IS NULL THEN NULL
    WHEN n >= bits AND v IS NOT NULL THEN CASE WHEN v < 0 THEN -1 ELSE 0 END
    ELSE el_floor(v::HUGEINT, el_power_of_two(greatest(least(n, bits), 0))) // el_power_of_two(greatest(least(n, bits), 0))
  END;
el_data_size(s) :=
  CASE
    WHEN s IS NULL THEN NULL
    WHEN regexp_full_match(s, '[0-9]{1,12}(\.[0-9]{1,12})?[kMGTPEZY]?B')
      THEN el_data_bytes(regexp_extract(s, '[0-9]+'), regexp_extract(s, '\.([0-9]+)', 1),
        el_power_of_two(10 * coalesce(strpos('kMGTPEZY', nullif(regexp_extract(s, '([kMGTPEZY])B', 1), '')), 0)))
    ELSE failure('Not a size such as 2.3MB: ', s)
  END;
el_data_bytes(whole, fraction, unit) :=
  whole::HUGEINT * unit + ('0' || fraction)::HUGEINT * unit // CAST('1' || repeat('0', length(fraction)) AS HUGEINT);
el_luhn(s) :=
  CASE
    WHEN s IS NULL THEN NULL
    WHEN s = '' THEN false
    WHEN NOT regexp_full_match(s, '[0-9]+') THEN failure('luhn_check wants digits only: ', s)
    ELSE list_sum(list_transform(list_reverse(el_letters(s)), lambda c, i: CASE
      WHEN i % 2 = 1 THEN CAST(c AS INTEGER)
      ELSE (CAST(c AS INTEGER) * 2) // 10 + (CAST(c AS INTEGER) * 2) % 10
    END)) % 10 = 0
  END;

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
    WHEN p IS NULL THEN NULL
    WHEN regexp_full_match(p, '\$(\.[\pL\p{Nd}_:]+|\[[\pL\p{Nd}_]+\]|\["[^"\\]*"\])*')
      THEN CASE
        WHEN regexp_matches(p, '[.\["][+-]?0[0-9]+($|[.\]"\[])|"[+-][0-9]+"') THEN refusal('A number such as 01 in a JSON path in a column: ', p)
        ELSE array_to_string(list_transform(regexp_extract_all(p, '\.[\pL\p{Nd}_:]+|\[[\pL\p{Nd}_]+\]|\["[^"\\]*"\]'),
          lambda s: '/' || replace(replace(CASE WHEN starts_with(s, '.') THEN s[2:] WHEN starts_with(s, '["') THEN s[3:-3] ELSE s[2:-2] END,
            '~', '~0'), '/', '~1')), '')
      END
    WHEN contains(p, '\') OR contains(p, '"') OR length(p) <> strlen(p) THEN refusal('A JSON path in a column with such names: ', p)
    ELSE failure('Not a JSON path: ', p)
  END;
el_json_parse(s) :=
  CASE
    WHEN s IS NULL THEN NULL
    WHEN NOT el_json_valid(s) THEN failure('Not JSON: ', substring(s, 1, 60))
    ELSE list_transform([CAST(json(CASE WHEN json_valid(s) THEN s END) AS VARCHAR)], lambda t: CASE
      WHEN json_type(t) = 'OBJECT' AND len(list_distinct(json_keys(t))) < len(json_keys(t)) THEN el_json_one_level(t)
      ELSE t
    END)[1]
  END;
el_json_read(s) :=
  CASE
    WHEN s IS NULL THEN NULL
    WHEN NOT el_json_valid(s) THEN failure('Not JSON: ', substring(s, 1, 60))
    ELSE CAST(json(CASE WHEN json_valid(s) THEN s END) AS VARCHAR)
  END;
el_json_one_level(j) :=
  CASE
    WHEN contains(substring(j, 2), '{') THEN refusal('A key that occurs twice, in json_parse: ', substring(j, 1, 60))
    ELSE el_json_joined(list_sort(list_transform(list_zip(json_keys(j), json_extract(j, '$.*')), lambda p, i: {'k': p[1], 'i': -i,
      'v': CAST(p[2] AS VARCHAR)}))) || ' '
  END;
el_json_single(j) :=
  CASE
    WHEN ends_with(j, ' ') THEN refusal('A cast of a key that occurs twice, from json_parse in another query: ', substring(j, 1, 60))
    ELSE j
  END;
el_json_joined(pairs) :=
  '{' || array_to_string(list_transform(list_filter(pairs, lambda p, i: i = 1 OR (pairs[i - 1]).k <> (p).k), lambda p: CAST(to_json((p).k) AS
    VARCHAR) || ':' || (p).v), ',') || '}';
el_json_quoted(s) := el_json_escaped(CAST(to_json(s) AS VARCHAR));
el_json_escaped(j) :=
  CASE
    WHEN regexp_matches(j, '[\x{10000}-\x{10FFFF}]') THEN array_to_string(list_transform(el_letters(j), lambda c: CASE
      WHEN unicode(c) > 65535 THEN printf('\u%04X\u%04X', 55296 + (unicode(c) - 65536) // 1024, 56320 + (unicode(c) - 65536) % 1024)
      ELSE c
    END), '')
    ELSE j
  END;
el_json_normal(j) :=
  list_transform(list_transform([CAST(json(j) AS VARCHAR)], lambda t: el_json_escaped(t)), lambda t: el_json_checked(t))[1];
el_json_checked(j) :=
  CASE
    WHEN regexp_matches(j, '(^|[:,\[])-?([0-9]{8,}\.[0-9]|[0-9.]+[eE]|0\.000)') THEN CASE
      WHEN json_type(j) = 'DOUBLE' THEN el_java_double(TRY_CAST(j AS DOUBLE))
      ELSE refusal('A very large or small fraction in JSON: ', substring(j, 1, 60))
    END
    ELSE j
  END;
el_json_sorted(j) :=
  CASE
    WHEN j IS NULL OR json_type(j) NOT IN ('OBJECT', 'ARRAY') OR NOT contains(j, '{') THEN j
    WHEN json_type(j) = 'OBJECT' AND NOT contains(substring(j, 2), '{')
      THEN CASE WHEN json_keys(j) = list_sort(json_keys(j)) THEN j ELSE el_json_one_level(j) END
    WHEN TRY(json_structure(j)) IS NULL THEN refusal('JSON of more than 128 levels, in json_parse: ', substring(j, 1, 60))
    WHEN el_json_doubled(j) THEN refusal('A key that occurs twice, in json_parse: ', substring(j, 1, 60))
    WHEN regexp_matches(j, '[\x{E000}-\x{FFFF}]') AND regexp_matches(j, '[\x{10000}-\x{10FFFF}]')
      THEN refusal('Keys outside of the characters of 16 bits, in json_parse: ', substring(j, 1, 60))
    ELSE json_normalize(j)
  END;
el_json_doubled(j) :=
  len(list_filter(list_append(json_extract(j, '$.**'), CAST(j AS JSON)), lambda v: len(list_distinct(json_keys(v))) < len(json_keys(v)))) > 0;
el_json_unsure(j) :=
  CASE
    WHEN j IS NULL THEN j
    WHEN regexp_matches(j, '(^|[:,\[])-?([0-9]{8,}\.[0-9]|[0-9.]+e|0\.000)')
      THEN refusal('A very large or small fraction in JSON, from another query: ', substring(j, 1, 60))
    WHEN el_json_sorted(j) = j THEN rtrim(j, ' ')
    ELSE refusal('JSON whose keys are not sorted, from another query: ', substring(j, 1, 60))
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
el_json_decimal(s) :=
  CASE
    WHEN regexp_matches(s, '^-?0?\.000000') THEN el_json_exponent(regexp_extract(s, '^-?'), regexp_extract(s, '\.0*(.*)$', 1), length(s) -
      strpos(s, '.'))
    ELSE regexp_replace(s, '^(-?)\.', '\10.')
  END;
-- Java's BigDecimal.toString() where the first digit stands behind six zeros
el_json_exponent(sign, digits, scale) :=
  CASE
    WHEN digits = '' AND scale <= 6 THEN '0.' || repeat('0', scale)
    WHEN digits = '' THEN '0E-' || scale
    ELSE sign || digits[1] || CASE WHEN length(digits) > 1 THEN '.' || digits[2:] ELSE '' END || 'E-' || (scale - length(digits) + 1)
  END;
el_json_double(x) := CASE WHEN isnan(x) OR isinf(x) THEN '"' || el_double_to_text(x) || '"' ELSE el_java_double(x) END;
el_json_array_get(j, i) :=
  CASE
    WHEN json_type(j) = 'ARRAY' AND i >= -CAST(json_array_length(j) AS BIGINT) THEN el_json_item(j, '$[' || CASE WHEN i < 0
      THEN CAST(json_array_length(j) + i AS VARCHAR) ELSE CAST(i AS VARCHAR) END || ']')
  END;
el_json_item(j, p) :=
  CASE json_type(j, p)
    WHEN 'VARCHAR' THEN j ->> p
    WHEN 'NULL' THEN NULL
    WHEN 'DOUBLE' THEN el_number(el_json_numbers(j) ->> p)
    WHEN 'OBJECT' THEN el_json_normal(CAST(json_extract(j, p) AS VARCHAR))
    WHEN 'ARRAY' THEN el_json_normal(CAST(json_extract(j, p) AS VARCHAR))
    ELSE CAST(json_extract(j, p) AS VARCHAR)
  END;
el_json_array_length(j) := CASE WHEN json_type(j) = 'ARRAY' THEN CAST(json_array_length(j) AS BIGINT) END;
el_json_size(j, p) :=
  CASE
    WHEN json_valid(j) THEN CASE json_type(j, p)
      WHEN 'ARRAY' THEN CAST(json_array_length(j, p) AS BIGINT)
      WHEN 'OBJECT' THEN CAST(len(json_keys(j, p)) AS BIGINT)
      WHEN NULL THEN NULL
      ELSE CASE WHEN json_type(j, p) IS NULL THEN NULL ELSE 0 END
    END
  END;

el_json_valid(s) := json_valid(s) AND NOT el_json_loose(s);
el_json_maybe_loose(s) :=
  CASE
    WHEN regexp_matches(s, ',\s*(?:[\]}]|-?[nNiI][aAnN][nNfF])') THEN true
    WHEN regexp_matches(s, ':\s*-?[nNiI][aAnN][nNfF]') THEN true
    ELSE regexp_matches(s, '\[\s*-?[nNiI][aAnN][nNfF]')
  END;
el_json_loose(s) :=
  CASE
    WHEN regexp_matches(s, ',\s*[\]}]|[nNiI][aAnN][nNfF]')
      THEN regexp_matches(regexp_replace(s, '"(?:[^"\\]|\\.)*"', '""', 'g'), ',\s*[\]}]|[nNiI][aAnN][nNfF]')
    ELSE false
  END;
el_json_given(s) :=
  CASE
    WHEN s IS NULL THEN NULL
    WHEN el_json_valid(s) THEN el_json_normal(s)
    ELSE failure('Not JSON: ', substring(s, 1, 60))
  END;

-- sequences of SQL's JSON paths: lists of JSON texts, NULL where a path fails
el_sj_text(x) :=
  CASE
    WHEN json_type(x) = 'OBJECT' AND len(list_distinct(json_keys(x))) < len(json_keys(x))
      THEN refusal('A key that occurs twice, in json_query: ', substring(x, 1, 60))
    ELSE el_json_normal(x)
  END;
el_sj_entries(x) :=
  CASE
    WHEN len(list_distinct(json_keys(x))) < len(json_keys(x)) THEN refusal('A key that occurs twice, in a path of SQL/JSON: ', substring(x, 1, 60))
    ELSE list_zip(json_keys(x), list_transform(json_extract(x, '$.*'), lambda v: CAST(v AS VARCHAR)))
  END;
el_sj_items(x) := list_transform(json_extract(x, '$[*]'), lambda v: CAST(v AS VARCHAR));
el_sj_unwrapped(q) := flatten(list_transform(q, lambda x: CASE WHEN json_type(x) = 'ARRAY' THEN el_sj_items(x) ELSE [x] END));
el_sj_member(q, k) :=
  flatten(list_transform(list_filter(q, lambda x: json_type(x) = 'OBJECT'), lambda x: list_transform(list_filter(el_sj_entries(x),
    lambda e: e[1] = k), lambda e: e[2])));
el_sj_strict_member(q, k) :=
  list_transform([{'q': q, 'm': el_sj_member(q, k)}], lambda p: CASE WHEN len((p).m) = len((p).q) THEN (p).m END)[1];
el_sj_members(q) :=
  flatten(list_transform(list_filter(q, lambda x: json_type(x) = 'OBJECT'), lambda x: list_transform(el_sj_entries(x), lambda e: e[2])));
el_sj_strict_members(q) :=
  CASE WHEN len(list_filter(q, lambda x: json_type(x) <> 'OBJECT')) = 0 THEN el_sj_members(q) END;
el_sj_strict_elements(q) :=
  CASE WHEN len(list_filter(q, lambda x: json_type(x) <> 'ARRAY')) = 0 THEN el_sj_unwrapped(q) END;
el_sj_place(n, size) := CASE WHEN n < 0 THEN size + n ELSE n END;
el_sj_slice(q, low, high) :=
  flatten(list_transform(list_transform(q, lambda x: CASE WHEN json_type(x) = 'ARRAY' THEN el_sj_items(x) ELSE [x] END),
    lambda a: CASE
      WHEN el_sj_place(high, len(a)) < greatest(el_sj_place(low, len(a)), 0) THEN []
      ELSE a[greatest(el_sj_place(low, len(a)), 0) + 1:el_sj_place(high, len(a)) + 1]
    END));
el_sj_strict_slice(q, low, high) :=
  CASE
    WHEN len(list_filter(q, lambda x: json_type(x) <> 'ARRAY' OR el_sj_place(low, json_array_length(x)) < 0
      OR el_sj_place(high, json_array_length(x)) >= json_array_length(x)
      OR el_sj_place(high, json_array_length(x)) < el_sj_place(low, json_array_length(x)))) = 0 THEN el_sj_slice(q, low, high)
  END;
el_sj_size(q) :=
  list_transform(q, lambda x: CASE WHEN json_type(x) = 'ARRAY' THEN CAST(json_array_length(x) AS VARCHAR) ELSE '1' END);
el_sj_strict_size(q) := CASE WHEN len(list_filter(q, lambda x: json_type(x) <> 'ARRAY')) = 0 THEN el_sj_size(q) END;
el_sj_type(q) :=
  list_transform(q, lambda x: '"' || CASE json_type(x)
    WHEN 'OBJECT' THEN 'object'
    WHEN 'ARRAY' THEN 'array'
    WHEN 'VARCHAR' THEN 'string'
    WHEN 'BOOLEAN' THEN 'boolean'
    WHEN 'NULL' THEN 'null'
    ELSE 'number'
  END || '"');
el_sj_is_huge(x) := length(x) > 18 AND regexp_full_match(x, '-?[0-9]+') AND TRY_CAST(x AS BIGINT) IS NULL;
el_sj_is_number(x) := regexp_matches(x, '^-?[0-9]') AND NOT el_sj_is_huge(x);
el_sj_is_whole(x) := regexp_full_match(x, '-?[0-9]{1,30}');
el_sj_numbers(q) := CASE WHEN len(list_filter(q, lambda x: NOT el_sj_is_number(x))) = 0 THEN q END;
el_sj_ceiling(q) :=
  list_transform(el_sj_numbers(q), lambda x: CASE WHEN el_sj_is_whole(x) THEN x ELSE el_java_double(ceil(TRY_CAST(x AS DOUBLE))) END);
el_sj_floor(q) :=
  list_transform(el_sj_numbers(q), lambda x: CASE WHEN el_sj_is_whole(x) THEN x ELSE el_java_double(floor(TRY_CAST(x AS DOUBLE))) END);
el_sj_abs(q) :=
  list_transform(el_sj_numbers(q), lambda x: CASE WHEN el_sj_is_whole(x) THEN ltrim(x, '-') ELSE el_java_double(abs(TRY_CAST(x AS DOUBLE))) END);
el_sj_double(q) :=
  CASE
    WHEN len(list_filter(q, lambda x: TRY_CAST(trim(x, '"') AS DOUBLE) IS NULL)) = 0
      THEN list_transform(q, lambda x: el_java_double(TRY_CAST(trim(x, '"') AS DOUBLE)))
  END;
el_sj_negative(q, sign) :=
  list_transform(el_sj_numbers(q), lambda x: CASE WHEN sign = '+' THEN x WHEN starts_with(x, '-') THEN x[2:] ELSE '-' || x END);
el_sj_operands(a, b) :=
  CASE WHEN len(a) = 1 AND len(b) = 1 AND el_sj_is_number(a[1]) AND el_sj_is_number(b[1]) THEN [{'a': a[1], 'b': b[1]}] END;
el_sj_both_whole(p) := el_sj_is_whole((p).a) AND el_sj_is_whole((p).b);
el_sj_sum(a, b) :=
  list_transform(el_sj_operands(a, b), lambda p: CASE
    WHEN el_sj_both_whole(p) THEN CAST(TRY_CAST((p).a AS HUGEINT) + TRY_CAST((p).b AS HUGEINT) AS VARCHAR)
    ELSE el_java_double(TRY_CAST((p).a AS DOUBLE) + TRY_CAST((p).b AS DOUBLE))
  END);
el_sj_difference(a, b) :=
  list_transform(el_sj_operands(a, b), lambda p: CASE
    WHEN el_sj_both_whole(p) THEN CAST(TRY_CAST((p).a AS HUGEINT) - TRY_CAST((p).b AS HUGEINT) AS VARCHAR)
    ELSE el_java_double(TRY_CAST((p).a AS DOUBLE) - TRY_CAST((p).b AS DOUBLE))
  END);
el_sj_product(a, b) :=
  list_transform(el_sj_operands(a, b), lambda p: CASE
    WHEN el_sj_both_whole(p) THEN CAST(TRY_CAST((p).a AS HUGEINT) * TRY_CAST((p).b AS HUGEINT) AS VARCHAR)
    ELSE el_java_double(TRY_CAST((p).a AS DOUBLE) * TRY_CAST((p).b AS DOUBLE))
  END);
el_sj_quotient(a, b) :=
  list_transform(list_filter(el_sj_operands(a, b), lambda p: NOT (el_sj_both_whole(p) AND (p).b IN ('0', '-0'))), lambda p: CASE
    WHEN el_sj_both_whole(p) THEN CAST(TRY_CAST((p).a AS HUGEINT) // nullif(TRY_CAST((p).b AS HUGEINT), 0) AS VARCHAR)
    ELSE el_java_double(TRY_CAST((p).a AS DOUBLE) / TRY_CAST((p).b AS DOUBLE))
  END);
el_sj_rest(a, b) :=
  list_transform(list_filter(el_sj_operands(a, b), lambda p: NOT (el_sj_both_whole(p) AND (p).b IN ('0', '-0'))), lambda p: CASE
    WHEN el_sj_both_whole(p) THEN CAST(TRY_CAST((p).a AS HUGEINT) % nullif(TRY_CAST((p).b AS HUGEINT), 0) AS VARCHAR)
    ELSE el_java_double(TRY_CAST((p).a AS DOUBLE) % TRY_CAST((p).b AS DOUBLE))
  END);
el_sj_pairs(a, b) := flatten(list_transform(a, lambda x: list_transform(b, lambda y: {'a': x, 'b': y})));
el_sj_verdict(results) :=
  CASE
    WHEN results IS NULL THEN NULL
    WHEN len(results) = 0 THEN false
    WHEN list_contains(results, true) THEN CASE
      WHEN el_has_null(results) THEN refusal('A comparison in a JSON path of items that cannot all be compared')
      ELSE true
    END
    WHEN el_has_null(results) THEN NULL
    ELSE false
  END;
el_sj_kind(x) :=
  CASE json_type(x)
    WHEN 'VARCHAR' THEN 't'
    WHEN 'BOOLEAN' THEN 'b'
    WHEN 'NULL' THEN 'n'
    WHEN 'OBJECT' THEN 'o'
    WHEN 'ARRAY' THEN 'o'
    ELSE CASE WHEN el_sj_is_huge(x) THEN 'o' ELSE 'x' END
  END;
el_sj_equal(x, y) :=
  CASE
    WHEN el_sj_kind(x) = 'o' OR el_sj_kind(y) = 'o' THEN NULL
    WHEN el_sj_kind(x) = 'n' OR el_sj_kind(y) = 'n' THEN el_sj_kind(x) = el_sj_kind(y)
    WHEN el_sj_kind(x) <> el_sj_kind(y) THEN NULL
    WHEN el_sj_kind(x) = 'x' THEN CASE
      WHEN el_sj_is_whole(x) AND el_sj_is_whole(y) THEN TRY_CAST(x AS HUGEINT) = TRY_CAST(y AS HUGEINT)
      ELSE TRY_CAST(x AS DOUBLE) = TRY_CAST(y AS DOUBLE)
    END
    ELSE (x ->> '$') = (y ->> '$')
  END;
el_sj_less(x, y) :=
  CASE
    WHEN el_sj_kind(x) = 'o' OR el_sj_kind(y) = 'o' THEN NULL
    WHEN el_sj_kind(x) = 'n' OR el_sj_kind(y) = 'n' THEN false
    WHEN el_sj_kind(x) <> el_sj_kind(y) THEN NULL
    WHEN el_sj_kind(x) = 'x' THEN CASE
      WHEN el_sj_is_whole(x) AND el_sj_is_whole(y) THEN TRY_CAST(x AS HUGEINT) < TRY_CAST(y AS HUGEINT)
      ELSE TRY_CAST(x AS DOUBLE) < TRY_CAST(y AS DOUBLE)
    END
    ELSE (x ->> '$') < (y ->> '$')
  END;
el_sj_starts(x, y) := CASE WHEN el_sj_kind(x) = 't' AND el_sj_kind(y) = 't' THEN starts_with(x ->> '$', y ->> '$') END;

-- dates
el_from_unixtime(x) :=
  CASE
    WHEN isnan(x) THEN TIMESTAMP '1970-01-01'
    WHEN abs(x) > 9223372036854775 THEN failure('Not a moment that a timestamp holds: ', x)
    WHEN x > 253402300799.999 OR x < -62135596800 THEN refusal('A moment before the year 1 or after 9999: ', x)
    ELSE make_timestamp(CAST(floor(x * 1000 + 0.5) AS BIGINT) * 1000)
  END;
el_parsed(s, t, odd) :=
  CASE
    WHEN regexp_matches(s, '^\s|\s$') THEN failure('A text with blanks around it is no date of the pattern: ', s)
    WHEN t IS NOT NULL OR s IS NULL THEN t
    WHEN regexp_matches(s, odd) THEN refusal('A year with a sign or of more than four digits: ', s)
    ELSE failure('A text is not of its date pattern: ', s)
  END;
el_floor_div(n, step) := el_floor(n, step) // step;
el_iso_day(s) :=
  CASE
    WHEN s IS NULL THEN NULL
    WHEN regexp_full_match(s, '[+]?[0-9]{1,4}(-[0-9]{1,2}(-[0-9]{1,2})?|-[0-9]{3}|-W[0-9]{1,2}(-[1-7])?)?') THEN el_iso_date(el_iso_year(ltrim(s, '+')))
    WHEN regexp_matches(s, '^[-+]?[0-9]+(-|$)') THEN refusal('A year before 1 or after 9999: ', s)
    ELSE failure('Not an ISO 8601 date: ', s)
  END;
el_duration(s) :=
  CASE
    WHEN s IS NULL THEN NULL
    WHEN regexp_full_match(s, '\s*[0-9]+(\.[0-9]+)?\s*(ns|us|ms|s|m|h|d)\s*')
      THEN to_microseconds(1000 * CAST(floor(CAST(regexp_extract(s, '[0-9.]+') AS DOUBLE) * CASE regexp_extract(s, '[a-z]+')
        WHEN 'ns' THEN 0.000001
        WHEN 'us' THEN 0.001
        WHEN 'ms' THEN 1
        WHEN 's' THEN 1000
        WHEN 'm' THEN 60000
        WHEN 'h' THEN 3600000
        ELSE 86400000
      END + 0.5) AS BIGINT))
    ELSE failure('Not a duration such as 1.5h: ', s)
  END;
el_ordinal_date(y, n) :=
  CASE
    WHEN n >= 1 AND year(make_date(y, 1, 1) + n - 1) = y THEN make_date(y, 1, 1) + n - 1
    WHEN n IS NOT NULL AND y IS NOT NULL THEN failure('Not a day of its year: ', n)
  END;
el_week_date(y, w, d) :=
  CASE
    WHEN w >= 1 AND isoyear(el_monday(y) + (w - 1) * 7) = y THEN el_monday(y) + (w - 1) * 7 + d - 1
    WHEN w IS NOT NULL AND y IS NOT NULL THEN failure('Not a week of its year: ', w)
  END;
-- The day so named of the same week.
el_in_week(day, w) := day - CAST(isodow(day) AS INTEGER) + w;
-- Joda sets the parts that are named twice, each where the ones before have led, and the first time each at its beginning.
el_weekday_date(y, m, d, w) := el_in_week(el_parts_set(el_in_week(make_date(y, coalesce(m, 1), coalesce(d, 1)), w), y, m, d), w);
el_parts_set(day, y, m, d) := el_day_set(CAST(day + to_months(CAST((y - year(day)) * 12 + coalesce(m - month(day), 0) AS INTEGER)) AS DATE), d);
el_day_set(day, d) := make_date(year(day), month(day), coalesce(d, day(day)));
el_monday(y) := make_date(y, 1, 4) - CAST(isodow(make_date(y, 1, 4)) AS INTEGER) + 1;
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
