"""Print the template's parameters for a deployment: the value given now, else the deployed value, else the default.

usage: parameters.py PREVIOUS [KEY=VALUE ...]

PREVIOUS is a JSON object with the deployed parameters; {} before the first deployment. Prints KEY=VALUE lines, without
the parameters that infra/deploy fills in. Checks the numbers, because the rules of CloudFormation cannot compare numbers.
"""

import difflib
import json
import pathlib
import re
import sys

TEMPLATE = pathlib.Path(__file__).with_name("template.yaml")
FILLED_IN = ("CodeBucket", "WorkerKey", "WorkerKeyArm64", "AggregatorKey", "Release", "EndpointUrl")


class Wrong(Exception):
    """A parameter that cannot be deployed, with a hint."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def defaults(template: str) -> dict[str, str]:
    """Names and defaults. Parses the template line by line, because Python has no YAML parser."""
    section = re.search(r"^Parameters:\n(.*?)^\S", template, re.DOTALL | re.MULTILINE)
    found: dict[str, str] = {}
    name = ""
    for line in section.group(1).splitlines() if section else []:
        if match := re.fullmatch(r"  (\w+):", line):
            name = match.group(1)
            found[name] = ""
        elif match := re.fullmatch(r'    Default: "?([^"]*)"?', line):
            found[name] = match.group(1)
    return found


def effective(known: dict[str, str], previous: dict[str, str], given: list[str]) -> dict[str, str]:
    settings = known | {key: value for key, value in previous.items() if key in known}
    chosen = dict(split(pair) for pair in given)
    for key in chosen:
        if key in FILLED_IN:
            raise Wrong(f"{key} is filled in by infra/deploy", "leave it out")
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
            raise Wrong(f"there is no parameter {key}", f"did you mean {near[0]}?" if near else "see infra/deploy --help")
    settings |= chosen
    check(settings, chosen)
    return {key: value for key, value in settings.items() if key not in FILLED_IN}


def split(pair: str) -> tuple[str, str]:
    key, equals, value = pair.partition("=")
    if not equals:
        raise Wrong(f"{pair} is not KEY=VALUE", "see infra/deploy --help")
    return key, value


def number(settings: dict[str, str], key: str) -> int:
    if not re.fullmatch(r"[0-9]+", settings[key]):
        raise Wrong(f"{key}={settings[key]} is not a whole number", f"for example {key}={defaults(TEMPLATE.read_text())[key]}")
    return int(settings[key])


def check(settings: dict[str, str], chosen: dict[str, str]) -> None:
    attempts, receives = number(settings, "Attempts"), number(settings, "MaxReceives")
    if receives <= attempts:
        raise Wrong(
            f"MaxReceives={receives} must be greater than Attempts={attempts}: every attempt is a receive, and one "
            "more is needed for a worker that is killed",
            f"MaxReceives={attempts + 1}",
        )
    timeout, visibility = number(settings, "Timeout"), number(settings, "VisibilityTimeout")
    if visibility < timeout:
        raise Wrong(
            f"VisibilityTimeout={visibility} must be at least Timeout={timeout}: otherwise a copy is delivered again while it runs",
            f"VisibilityTimeout={timeout + 60}",
        )
    reserved, most = number(settings, "ReservedConcurrency"), number(settings, "MaximumConcurrency")
    if most == 1 or most > 1000:
        raise Wrong(f"MaximumConcurrency={most} is not possible", "use 0 for no limit, otherwise 2 to 1000")
    if reserved and not 2 <= most <= reserved:
        raise Wrong(
            f"ReservedConcurrency={reserved} needs MaximumConcurrency of 2 to {max(reserved, 2)}: Lambda throttles "
            "deliveries above it, and they count as receives",
            f"ReservedConcurrency={max(reserved, 2)} MaximumConcurrency={max(reserved, 2)}",
        )
    for calculation, key in (("command", "CalculationCommand"), ("function", "CalculationFunction")):
        if settings["Calculation"] == calculation and not settings[key]:
            raise Wrong(f"Calculation={calculation} needs {key}", f"{key}=...")
        if settings["Calculation"] != calculation and chosen.get(key):
            raise Wrong(f"{key} has no effect with Calculation={settings['Calculation']}", f"add Calculation={calculation}")
    if settings["Architectures"] == "both" and bool(settings["WorkerImage"]) != bool(settings["WorkerImageArm64"]):
        raise Wrong("Architectures=both needs two images or none", "give both WorkerImage and WorkerImageArm64")
    if settings["Architectures"] != "both" and chosen.get("WorkerImageArm64"):
        raise Wrong(
            f"WorkerImageArm64 has no effect with Architectures={settings['Architectures']}",
            "WorkerImage is the image for the first architecture; Architectures=both adds a second architecture",
        )


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        settings = effective(defaults(TEMPLATE.read_text()), json.loads(sys.argv[1]), sys.argv[2:])
    except Wrong as wrong:
        print(f"error: {wrong}\n hint: {wrong.hint}", file=sys.stderr)
        return 2
    for key, value in settings.items():
        print(f"{key}={value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
