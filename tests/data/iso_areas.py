#!/usr/bin/env python3
"""ISO 3166 as areas and regional governments: SQL on standard output, from Debian's package iso-codes.

    python3 tests/data/iso_areas.py > areas.sql
    sqlite3 -cmd '.timeout 5000' DIR/replica.db < areas.sql
"""
import argparse
import gettext
import json
import pathlib
import sys

from sql_text import insert

LANGUAGES = ("ar", "fr", "es", "pt")  # English is the catalogues' own language

# Kinds of subdivision that have a government between the country's and the municipalities'. The package names kinds,
# not governments, so this list is a judgement; geographical units, quarters and parishes are left out.
REGIONAL = {
    "Administrative region", "Autonomous community", "Autonomous district", "Autonomous province",
    "Autonomous region", "Autonomous republic", "Canton", "Capital district", "County", "Department", "Emirate",
    "Entity", "Federal district", "Governorate", "Land", "Metropolitan department", "Oblast", "Overseas collectivity",
    "Overseas department", "Overseas region", "Prefecture", "Province", "Region", "Regional state", "Republic",
    "State", "Territory", "Two-tier county", "Union territory", "Voivodship",
}


def entries(folder, part):
    path = folder / "json" / ("iso_%s.json" % part)
    try:
        return json.loads(path.read_text(encoding="utf-8"))[part]
    except FileNotFoundError:
        sys.exit("iso_areas: %s is missing: install the package iso-codes" % path)


def catalogues(locale, domain):
    found = {}
    for language in LANGUAGES:
        try:
            found[language] = gettext.translation(domain, localedir=str(locale), languages=[language])
        except FileNotFoundError:
            continue
    return found


def names(english, found):
    out = {"en": english}
    for language, catalogue in found.items():
        translated = catalogue.gettext(english)
        if translated != english:
            out[language] = translated
    return out


def country_id(alpha_2):
    return "iso-3166-1-" + alpha_2.lower()


def subdivision_id(code):
    return "iso-3166-2-" + code.lower()


def parent_of(entry):
    country = entry["code"].split("-")[0]
    parent = entry.get("parent")
    if parent is None:
        return country_id(country)
    return subdivision_id(parent if "-" in parent else country + "-" + parent)


def country_rows(countries, found):
    for one in countries:
        yield (country_id(one["alpha_2"]), names(one.get("common_name", one["name"]), found), "country",
               one["alpha_2"], int(one["numeric"]), None)


def subdivision_rows(subdivisions, found):
    for one in subdivisions:
        # The name is in the country's own language, which the package does not tell.
        translated = {key: text for key, text in names(one["name"], found).items() if key != "en"}
        yield (subdivision_id(one["code"]), {"und": one["name"], **translated}, "subdivision", one["code"], None,
               parent_of(one))


def government_rows(subdivisions):
    for one in subdivisions:
        if one["type"] in REGIONAL:
            yield ("government-" + one["code"].lower(), {"en": "%s (%s)" % (one["name"], one["type"].lower())},
                   "region", country_id(one["code"].split("-")[0]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--iso-codes", type=pathlib.Path, default=pathlib.Path("/usr/share/iso-codes"))
    parser.add_argument("--locale", type=pathlib.Path, default=pathlib.Path("/usr/share/locale"))
    options = parser.parse_args()

    countries = entries(options.iso_codes, "3166-1")
    subdivisions = entries(options.iso_codes, "3166-2")
    found = catalogues(options.locale, "iso_3166-1")
    missing = [language for language in LANGUAGES if language not in found]
    if missing:
        print("iso_areas: no catalogue for %s below %s (small container images leave them out); "
              "these names are missing" % (", ".join(missing), options.locale), file=sys.stderr)

    columns = ("id", "name", "kind", "iso", "m49", "parent")
    areas = [*country_rows(countries, found),
             *subdivision_rows(subdivisions, catalogues(options.locale, "iso_3166-2"))]
    governments = list(government_rows(subdivisions))
    write = sys.stdout.write
    write("-- %d countries, %d subdivisions, %d regional governments\nBEGIN IMMEDIATE;\n" %
          (len(countries), len(subdivisions), len(governments)))
    for text in insert("area", columns, areas):
        write(text)
    for text in insert("organisation", ("id", "name", "kind", "country"), governments):
        write(text)
    identifiers = [(row[0], "ISO 3166-2 " + row[0].removeprefix("government-").upper()) for row in governments]
    for text in insert("organisation_identifier", ("record", "value"), identifiers):
        write(text)
    write("COMMIT;\n")


if __name__ == "__main__":
    main()
