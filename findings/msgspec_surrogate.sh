#!/usr/bin/env bash
# A whole document is said to be cut off.
#
# Version: msgspec 0.23.0; Python's json reads the same bytes.
# Expected: a text that ends in one half of a surrogate pair, which escapes of a text cut by UTF-16 units leave behind, is refused as such: JSON's grammar has it.
# Happens: the document "\ud800" is refused with "Input data was truncated", the same words as of one that does end too early: who reads a
#     stream and waits for the rest on these words waits for ever. With six letters more behind it the words are others.
# Seen: "\ud800" -> Input data was truncated; "\ud800abcdef" -> JSON is malformed: unexpected end of escaped utf-16 surrogate pair
# eventlake: reads again with the standard library what msgspec refuses, and names the fault LoneSurrogate.
. "$(dirname "$0")/with_packages.bash" msgspec==0.23.0
env/bin/python - <<'END'
import json
import msgspec

def said(document):
    try:
        msgspec.json.decode(document)
    except msgspec.DecodeError as error:
        print(document, "->", error)
        return str(error)

assert json.loads(rb'"\ud800"') == "\ud800"
assert said(rb'"\ud800"') == said(rb'"abc') == "Input data was truncated"
assert "surrogate" in said(rb'"\ud800abcdef"')
END
