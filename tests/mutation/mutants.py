"""Where a C++ source can be changed a little, and how: one change is a mutant.

Works on lines as clang-format leaves them: an operator has spaces round it, a template's brackets have none.
"""
import re
from dataclasses import dataclass

_UNTOUCHED = re.compile(r'//.*$|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'')
_NOT_CODE = re.compile(r"^\s*(#|//|///|static_assert|WASL_ASSERT|using |namespace |template)")
# A constant's own line says what it is for; words are not behaviour.
_WORDS = re.compile(r'^\s*return ""|^\s*case |^\s*constexpr ')

_SWAPS = [(" == ", " != "), (" != ", " == "), (" <= ", " < "), (" >= ", " > "), (" < ", " <= "), (" > ", " >= "),
          (" && ", " || "), (" || ", " && "), (" + ", " - "), (" - ", " + "), ("++", "--"), ("any_of(", "all_of("),
          ("all_of(", "any_of("), ("true", "false"), ("false", "true")]
_CALL = re.compile(r"^(\s*)[A-Za-z_][\w:]*(?:(?:\.|->)\w+|\[[^\]]*\])*\(.*\);$")
_ASSIGNMENT = re.compile(r"^(\s*)[A-Za-z_]\w*(?:(?:\.|->)\w+|\[[^\]]*\])* (?:=|\+=|-=) .*;$")
_CONDITION = re.compile(r"^(\s*(?:\} else )?if \()([^;]*)(\) (?:\{|return\b.*;|continue;|break;|in_?\.fail\(\);.*)\s*)$")
_ONE_SWAP_NEGATES = re.compile(r"^(?:![^=!<>&|]*|[^&|]* [!=]= [^&|]*)$")
_RETURN = re.compile(r"^([^\[]*\breturn )([^;{}]+|[A-Za-z_:]+\{.*\})(;.*)$")  # not a lambda's: its type would change
_STEP = re.compile(r"^(\s*)(?:\+\+|--)[\w.>-]+;$")


@dataclass(frozen=True)
class Mutant:
    path: str
    line: int  # from 1
    was: str
    now: str

    def __str__(self):
        return "%s:%d\n  - %s\n  + %s" % (self.path, self.line, self.was.strip(), self.now.strip())

    @property
    def change(self):
        """Stays the same when lines are added above it."""
        return (self.path, self.was.strip(), self.now.strip())


def _blanked(line):
    """The line with strings, characters and comments as blanks, so that columns stay."""
    return _UNTOUCHED.sub(lambda m: m.group()[0] + " " * (len(m.group()) - 2) + m.group()[-1]
                          if m.group()[0] in "\"'" else " " * len(m.group()), line)


def _swapped(line, code):
    for old, new in _SWAPS:
        for found in re.finditer(re.escape(old), code):
            if old in ("true", "false") and re.match(r"\w", code[found.end():found.end() + 1] or " "):
                continue
            yield line[:found.start()] + new + line[found.end():]


def _negated(line, code):
    for found in re.finditer(r"(?<![\w!=])!(?=[\w(])", code):
        yield line[:found.start()] + line[found.end():]
    found = _CONDITION.match(code)
    if found and found.group(2).count("(") == found.group(2).count(")") and not _ONE_SWAP_NEGATES.match(found.group(2)):
        start, end = found.span(2)
        yield line[:start] + "!(" + line[start:end] + ")" + line[end:]


def _stepped(line, code):
    for found in re.finditer(r"(?<![\w.])\d+(?![\w.'])", code):
        yield line[:found.start()] + str(int(found.group()) + 1) + line[found.end():]


def _returned(line, code):
    found = _RETURN.match(code)
    if found and not found.group(2).startswith('"') and found.group(2) not in ("true", "false", "nullptr"):
        start, end = found.span(2)
        yield line[:start] + "{}" + line[end:]


def _dropped(line, code):
    for pattern in (_CALL, _ASSIGNMENT, _STEP):
        found = pattern.match(code)
        if found and not re.match(r"\s*return\b", code):
            yield found.group(1) + ";"
            return


def mutants_of(path, text):
    out = []
    for number, line in enumerate(text.split("\n"), 1):
        code = _blanked(line).rstrip()
        if not code.strip() or _NOT_CODE.match(code) or _WORDS.match(code):
            continue
        for operator in (_swapped, _negated, _stepped, _returned, _dropped):
            for now in operator(line, code):
                mutant = Mutant(path, number, line, now)
                if now != line and mutant not in out:
                    out.append(mutant)
    return out
