#!/usr/bin/env python3
"""Checks the relative links of all Markdown files: that the file is there, and the heading in it.

Checks too that docs/README.md, the index, names every page of docs/. Links to other sites are not followed.
"""

import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+(?:\([^()\s]*\))?)(?:\s+\"[^\"]*\")?\)")
TARGET = re.compile(r"^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def prose(text):
    """The text without what stands in code: links there are examples. Lines keep their numbers."""
    text = re.sub(r"^(```|~~~).*?^\1[^\S\n]*$", lambda match: "\n" * match[0].count("\n"), text, flags=re.M | re.S)
    return re.sub(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", lambda match: "\n" * match[0].count("\n"), text, flags=re.S)


def anchors(page):
    """The names that GitHub gives to the headings of a page."""
    text = re.sub(r"^(```|~~~).*?^\1[^\S\n]*$", "", page.read_text(), flags=re.M | re.S)
    seen, found = {}, set(re.findall(r'<a (?:id|name)="([^"]+)"', text))
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", text, re.MULTILINE):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = seen.get(name, 0)
        seen[name] = number + 1
        found.add(f"{name}-{number}" if number else name)
    return found


def wrong(page, top):
    """What is wrong with the links of a page, a sentence each."""
    text = prose(page.read_text())
    for match in [*LINK.finditer(text), *TARGET.finditer(text)]:
        link = match[1].strip("<>")
        if ELSEWHERE.match(link):
            continue
        line = text.count("\n", 0, match.start()) + 1
        where = f"{page.relative_to(top)}:{line}"
        name, _, heading = link.partition("#")
        target = page.parent / name if name else page
        if name.startswith("/"):
            yield f"{where}: {link} is not relative"
        elif not target.exists():
            yield f"{where}: there is no {link}"
        elif heading and target.suffix == ".md" and heading not in anchors(target):
            yield f"{where}: {name or page.name} has no heading #{heading}"


def left_out(top):
    """The pages of docs/ that the index does not name."""
    index = top / "docs/README.md"
    named = {match[1] for match in LINK.finditer(prose(index.read_text()))}
    for page in sorted(index.parent.glob("*.md")):
        if page != index and page.name not in named:
            yield f"docs/README.md does not name {page.name}"


def pages(top):
    """The Markdown files that are in the repository, or will be."""
    command = ["git", "-C", str(top), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.md"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [top / name for name in sorted(set(names.split("\0"))) if name and (top / name).exists()]


def main():
    found = pages(TOP)
    sentences = [sentence for page in found for sentence in wrong(page, TOP)] + list(left_out(TOP))
    for sentence in sentences:
        print(f"error: {sentence}")
    if sentences:
        sys.exit(1)
    print(f"{len(found)} Markdown files: every relative link leads somewhere")


if __name__ == "__main__":
    main()
