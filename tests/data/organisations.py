#!/usr/bin/env python3
"""The sections and associations of the two lists beside this file: SQL on standard output.

    python3 tests/data/organisations.py > organisations.sql
    sqlite3 -cmd '.timeout 5000' DIR/replica.db < organisations.sql
"""
import csv
import pathlib
import sys

from iso_areas import country_id
from sql_text import insert

FOLDER = pathlib.Path(__file__).resolve().parent


def rows(name):
    with open(FOLDER / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def section_name(row):
    return {language: row["name_" + language] for language in ("en", "fr", "es") if row["name_" + language]}


def main():
    sections, associations = rows("sections.csv"), rows("associations.csv")
    write = sys.stdout.write
    write("-- %d sections, %d associations\nBEGIN IMMEDIATE;\n" % (len(sections), len(associations)))
    columns = ("id", "name", "acronym", "kind", "country", "founded", "website")
    records = [(row["id"], section_name(row), row["acronym"], "section", None, None, row["website"])
               for row in sections]
    records += [(row["id"], {row["language"]: row["name"]}, row["acronym"], "association",
                 country_id(row["country"]), row["founded"], row["website"]) for row in associations]
    for text in insert("organisation", columns, records):
        write(text)
    for text in insert("organisation_section", ("record", "value"),
                       [(row["id"], row["section"]) for row in associations]):
        write(text)
    write("COMMIT;\n")


if __name__ == "__main__":
    main()
