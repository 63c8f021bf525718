"""Rows as SQL text that plain `sqlite3` runs. Used by the generators beside it."""
import json

ROWS_A_STATEMENT = 200  # SQLite compiles the triggers anew with each statement: 0.3 ms, shared by its rows


def literal(value):
    if value is None or value == "":
        return "NULL"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return "'" + value.replace("'", "''") + "'"


def insert(table, columns, rows):
    """REPLACE, so that the same script can run twice: what is already there and equal is no edit."""
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        part = rows[start:start + ROWS_A_STATEMENT]
        yield "REPLACE INTO %s(%s) VALUES\n%s;\n" % (
            table, ",".join(columns),
            ",\n".join("(" + ",".join(literal(value) for value in row) + ")" for row in part))
