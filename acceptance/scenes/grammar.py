"""The sentences that the program may say, as regular expressions. A sentence in no known form is an error, so a new form
must be added here, with a check of what it says."""

import re

COUNT = r"(?:\d{1,3}(?:,\d{3})*)"
PERCENT = r"(?:\d+(?:\.\d+)?)"
P_NUMBER = r"(?:\d[\d.]*(?:e-\d+)?)"
UNITS = r"(?:machine|sandbox)(?:e?s)?"

WARNING = (
    rf"(?:; within (?P<within>{COUNT}) {UNITS} p <= {P_NUMBER}, maybe chance"
    rf"|; by {UNITS} p [=<] (?P<unit_p>{P_NUMBER}) of (?P<voters>{COUNT}), maybe chance)?"
)
EVIDENCE = (
    rf"p (?P<sign>=|<=|<) (?P<p>{P_NUMBER})"
    rf"(?: after correction(?: for (?:(?P<facts>{COUNT}) facts? and )?(?P<looks>{COUNT}) looks)?"
    rf"|, (?P<permutations>{COUNT}) permutations)(?:; not seen in (?P<not_seen>{COUNT}) cop(?:y|ies))?" + WARNING
)
EXPLAINS = rf"(?:explains (?P<explains>\d+) %, )?"
FOLLOWS = r"(?:, and (?P<follows>.+?) follows it)?"
SAMPLE = rf"(?: \(from (?P<read>{COUNT}) of (?P<whole>{COUNT}) copies\))?"

# "B in 49 of 102 copies with A=1, in none of the 98 with A=0". Values may have commas.
FIRST = rf"(?:all (?P<all1>{COUNT})|none of (?P<none1>{COUNT})|(?P<hits1>{COUNT}) of (?P<of1>{COUNT}))"
SECOND = (
    rf"(?:all(?: other)? (?P<all2>{COUNT})|none of the(?: other)? (?P<none2>{COUNT})"
    rf"|(?P<hits2>{COUNT}) of(?: the other)? (?P<of2>{COUNT}))"
)
IN_FIRST = (
    rf"(?:in {FIRST} (?P<where1>(?:other )?copies.*?)|(?P<not1>not )?in the only (?P<only1>(?:other )?copy.*?))"
)
IN_SECOND = (
    rf"(?:in {SECOND}(?P<where2>(?: .+?)?)|(?P<not2>not )?in the (?P<only2>other copy|only one .+?))"
)
TOLD = rf"(?P<label>[A-Z]+) {IN_FIRST}, {IN_SECOND}"
BEGIN = r"(?:no single fact, threshold or pair of those tested separates them\. )?"
NAME = r"(?P<name>\S+?)(?: \(like (?P<alike>\d+) more\))?"
PATTERN = rf" \({EXPLAINS}{EVIDENCE}\){FOLLOWS}{SAMPLE}"
BLOCKS = (
    rf"(?P<how>Copies of one class come in blocks|The classes alternate) by (?P<by>copy index|start time): "
    rf"(?P<runs>{COUNT}) runs of one class, where about (?P<expected>{COUNT}) are expected"
)

SEPARATES = {
    "perfect": rf"{NAME} separates the classes perfectly(?:: {TOLD})? \((?:(?P<copies>{COUNT}) copies, )?{EVIDENCE}"
    rf"(?:; (?P<rivals>{COUNT}) other facts? do(?:es)? too)?\){FOLLOWS}{SAMPLE}",
    "change": rf"{BEGIN}The classes change at copy (?P<copy>\d+): {TOLD}{PATTERN}",
    "time": rf"{BEGIN}The classes change with time, after the first (?P<before>\d+) runs: {TOLD}{PATTERN}",
    "blocks": rf"{BEGIN}{BLOCKS}{PATTERN}",
    "told": rf"{TOLD} \({EXPLAINS}{EVIDENCE}\)(?:; (?P<pair>.+ and .+) together fit all (?P<fits>{COUNT}))?{FOLLOWS}{SAMPLE}",
    "imperfect": rf"{NAME} goes with the classes, not perfectly \((?P<copies>{COUNT}) copies, {EXPLAINS}{EVIDENCE}\)"
    rf"(?:; (?P<pair>.+ and .+) together fit all (?P<fits>{COUNT}))?{FOLLOWS}{SAMPLE}",
    "own": r"each copy has an answer of its own, so no fact can separate them: look for a time, a process id, a random "
    r"seed or uninitialised memory in the output",
    "happens": rf"nothing beyond chance\. {NAME} happens to fit; of (?P<tested>{COUNT}) facts? about (?P<luck>[\d.]+) would",
    "consequence": rf"no cause was recorded\. (?P<by>.+?) follows the classes(?:: {TOLD})?",
    "nothing": r"no single fact, threshold or pair of those tested separates the classes, nor does time or order"
    r"(?:\. Not looked at: (?P<missing>.+))?",
}
# Of failures, a class has the words of a reason.
FAILURES = {
    form: expression.replace("the classes", "the failures").replace("The classes", "The outcomes").replace(
        "(?P<label>[A-Z]+)", "(?P<label>.+?)")
    for form, expression in SEPARATES.items()
    if form in ("perfect", "change", "time", "blocks", "told", "imperfect")
}
# Forms that claim no cause.
SILENT = {"own", "happens", "consequence", "nothing"}

ANSWERS = rf"(?P<number>two|three|{COUNT}) answers: (?P<named>[A-Z]+ in {COUNT} cop(?:y|ies)(?:, (?:[A-Z]+|others) in {COUNT})*)"
RATE = rf"below (?P<below>{PERCENT}) % of such runs differ"
SPREAD = (
    rf"(?:; (?P<different>{COUNT}) of (?P<units>{COUNT}) {UNITS} gave another answer than A "
    rf"\((?P<low>{PERCENT}) % to (?P<high>{PERCENT}) %, {PERCENT} %\))?"
)
LACKING = rf"(?:; (?P<gave_none>{COUNT}) gave none)?"
SUPPORTS = {
    "empty": r"nothing: every output is empty",
    "none": r"no copy gave a digest, so nothing is known of the divergence rate",
    "one": r"one copy gave an output, so nothing is known of other runs",
    "some": rf"(?P<gave>{COUNT}) of (?P<all>{COUNT}) copies gave an output(?P<alike>, all alike)?; (?P<lost>.+), so nothing is "
    r"known of (?:it|them)",
    "machine": rf"all (?P<n>{COUNT}) copies agree on this one {UNITS} \({RATE}, (?P<level>{PERCENT}) %\); nothing is known of "
    rf"other {UNITS}",
    "unit": rf"all (?P<units>{COUNT}) {UNITS} agree: up to (?P<high>{PERCENT}) % of {UNITS} could still differ\. Within ones like "
    rf"these, below (?P<below>{PERCENT}) % of copies \((?P<level>{PERCENT}) %\)",
    "each": rf"no two of (?P<n>{COUNT}) copies agree{LACKING}",
    "answers": rf"{ANSWERS}{LACKING}{SPREAD}",
}

AT = r"(?: at \S.*?)?"
SIZES = (
    r"(?:[\d,.e+]+ ulp \([\d.e+-]+ relative\)" + AT
    + r"|[\d.e+-]+ absolute \([\d,.e+]+ ulp, [\d.e+-]+ relative\)" + AT
    + r"|the sign of zero" + AT
    + r"|(?:(?:; | and )?[\d,.e+-]+ (?:ulp|absolute|relative)(?: and [\d,.e+-]+ (?:ulp|relative))* \(at [^()]+\))+)"
)
INTEGERS = r"[\d.e+-]+" + AT + r" \((?:integers|booleans)\)"
LARGEST = rf"(?:{SIZES}(?:; integers by at most [\d.e+-]+{AT})?|{INTEGERS})"
BEYOND = r"(?: beyond the tolerances)?"
NUMBERS = (
    rf"(?:{COUNT} of {COUNT} numbers differs?{BEYOND}"
    rf"(?:, by at most {LARGEST}|, \S+ and \S+{AT}(?:; others by at most {LARGEST})?)?"
    rf"|the outputs differ only in the sign of zero, (?:once|{COUNT} times)(?:, (?:first )?at \S+?)?{BEYOND}"
    rf"|\S.*? differs (?:by [\d.e+]+ \(an integer\)|\(a boolean\)){BEYOND})"
)
MISMATCH = (
    r"(?:the outputs differ in (?:their keys|[a-z ]+)" + AT + r"(?:: .*? and .*?)?"
    r"|only the (?:first|second) output has something" + AT + r": .*?"
    r"|the outputs have keys in another order" + AT + r": .* and .*?)"
)
BYTES = (
    rf"(?:one output goes on after byte {COUNT}, where the other ends"
    rf"|{COUNT} of {COUNT} bytes differ, the first at byte {COUNT})(?:; they are {COUNT} and {COUNT} bytes long)?"
)
STATEMENT = (
    rf"(?:the outputs are the same bytes|{BYTES}|{NUMBERS}|{MISMATCH}(?:; {NUMBERS})?"
    r"|the outputs differ only where the tolerances ignore it"
    rf"|every value is the same; only the space between them differs, first at byte {COUNT}|.{{158,159}}…)"
)
ARTIFACTS = rf"(?P<stable>\d+) of (?P<artifacts>\d+) artifacts are stable; (?P<differing>.+?) differs?"
PAIR = (
    rf"(?P<left>[A-Z]+|expected) and (?P<right>[A-Z]+)(?:, (?P<artifact>.+?))?: (?P<statement>{STATEMENT})"
    rf"(?: \(the largest of (?P<compared_pairs>\d+) comparisons\)| \(one of (?P<pairs>\d+) comparisons; another has .+\))?"
)
# What a name says of all that differs.
VOLATILE = (
    r"(?:\. (?P<only>Only|Of what was compared, only) (?P<volatile>.+?) differs?, and by (?:its name it|their names they) may "
    r"differ in every run: (?P<help>.+))?"
)
DIFFERENCE = {
    "both": rf"{ARTIFACTS}\. {PAIR}{VOLATILE}", "artifacts": rf"{ARTIFACTS}{VOLATILE}", "pair": rf"{PAIR}{VOLATILE}"
}

TOLERANCE = {
    "within": r"equivalent under (?P<rules>.+?)(?:; at most (?P<largest>.+))?",
    "beyond": r"not equivalent under (?P<rules>.+?)(?:, because of (?P<largest>.+))?",
}


class UnknownSentence(AssertionError):
    """A sentence in no known form."""


def parse(forms: dict[str, str], sentence: str) -> tuple[str, dict[str, str | None]]:
    """The form of a sentence, and its parts."""
    for form, expression in forms.items():
        if found := re.fullmatch(expression, sentence, re.DOTALL):
            return form, found.groupdict()
    raise UnknownSentence(f"no known form: {sentence!r}")


def count(text: str) -> int:
    return int(text.replace(",", ""))


def told(parts: dict[str, str | None]) -> list[tuple[int, int, str]]:
    """Hits, runs and place of both halves of what is told of a class."""
    halves = []
    for half in "12":
        whole, none, hits, of = (parts[name + half] for name in ("all", "none", "hits", "of"))
        where = (parts["where" + half] or "").strip()
        if only := parts["only" + half]:
            where = only.replace("copy", "copies", 1) if half == "1" else only.removeprefix("other copy").removeprefix("only one ")
            halves.append((0 if parts["not" + half] else 1, 1, where))
        elif whole:
            halves.append((count(whole), count(whole), where))
        elif none:
            halves.append((0, count(none), where))
        else:
            halves.append((count(hits), count(of), where))
    return halves
