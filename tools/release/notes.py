"""The text of a release: its section of CHANGELOG.md, and how to pin and verify what is released.

python -m tools.release.notes --digest sha256:… --commit SHA > notes.md
"""

from __future__ import annotations

import argparse
import re
import sys

from tools.release.source import ROOT, ReleaseError, homepage_of, version_of

_HEADING = re.compile(r"^## \[(?P<version>[^\]]+)\](?: - (?P<date>.+))?$", re.MULTILINE)
_LINK = re.compile(r"^\[[^\]]+\]: \S+$\n?", re.MULTILINE)


def section_of(changelog: str, version: str) -> tuple[str, str]:
    """What a version brings, and the date behind its heading, as it stands there.

    Raises:
        ReleaseError: the version has no section, or an empty one.
    """
    headings = list(_HEADING.finditer(changelog))
    for number, heading in enumerate(headings):
        if heading["version"] == version:
            end = headings[number + 1].start() if number + 1 < len(headings) else len(changelog)
            text = _LINK.sub("", changelog[heading.end() : end]).strip()
            if not text:
                raise ReleaseError(f"CHANGELOG.md says nothing about {version}")
            return text, heading["date"] or ""
    raise ReleaseError(f"CHANGELOG.md has no section for {version}")


def notes(changelog: str, *, version: str, home: str, digest: str, commit: str) -> str:
    """The whole text, as Markdown."""
    action = home.removeprefix("https://github.com/")
    text, _ = section_of(changelog, version)
    pinned = f"uses: {action}@{commit} # v{version}\n"
    image = f"image: ghcr.io/{action.lower()}@{digest}\n"
    return (
        f"{text}\n\n### Pin and verify\n\n```yaml\n{pinned}```\n\n```text\n{image}```\n\n"
        f"[How to verify it]({home}/blob/v{version}/docs/releasing.md#verify-a-release)\n"
    )


def main(argv: list[str] | None = None) -> int:
    """Print the text of this version's release."""
    parser = argparse.ArgumentParser(description="Prints the text of a release.")
    parser.add_argument("--digest", required=True, help="the digest of the image")
    parser.add_argument("--commit", required=True, help="the release commit")
    options = parser.parse_args(argv)
    try:
        changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        of = {"version": version_of(ROOT), "home": homepage_of(ROOT)}
        print(notes(changelog, **of, digest=options.digest, commit=options.commit), end="")
    except ReleaseError as error:
        print(f"no release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
