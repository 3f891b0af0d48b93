"""Pushes the joined image to a registry, and asks it for the digest that it has then.

    python -m tools.release.push --layout dist/image --to ghcr.io/OWNER/NAME:1.2.3 --expect sha256:…

A version that is there already, with another digest, is never replaced. Nobody logs in here: skopeo finds the token where
`skopeo login` left it.
"""  # noqa: E501 (as prose)

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.release.index import held_against
from tools.release.oci import Layout
from tools.release.source import ReleaseError, run


def push(layout: Path, target: str, *, plain_http: bool = False) -> str:
    """Push a layout with all platforms; return its digest.

    Args:
        layout: what `tools.release.index` wrote.
        target: registry, name and tag.
        plain_http: whether the registry speaks plain HTTP, as one on loopback does.

    Raises:
        ReleaseError: skopeo fails, or the registry has something else by that tag, before or after.
    """
    digest: str = Layout(layout).top()["digest"]
    there = there_now(target, plain_http=plain_http)
    if there not in ("", digest):
        raise ReleaseError(f"{target} is {there} already, and a version is never replaced")
    verify = ["--dest-tls-verify=false"] if plain_http else []
    copy = [*skopeo(), "copy", "--quiet", "--all", "--preserve-digests", *verify]
    run([*copy, f"oci:{layout}", f"docker://{target}"])
    found = there_now(target, plain_http=plain_http)
    if found != digest:
        raise ReleaseError(f"the registry has {found or 'nothing'}, and {digest} was pushed")
    return digest


def there_now(target: str, *, plain_http: bool) -> str:
    """The digest behind a tag of a registry; empty where there is none.

    Raises:
        ReleaseError: the registry answers with anything but that the tag or the name is unknown.
    """
    verify = ["--tls-verify=false"] if plain_http else []
    try:
        return run([*skopeo(), "inspect", *verify, "--format", "{{.Digest}}", f"docker://{target}"]).strip()
    except ReleaseError as error:
        if any(word in str(error) for word in ("manifest unknown", "name unknown")):
            return ""
        raise


def skopeo() -> list[str]:
    """The program; without a policy on this machine it needs to be allowed to copy."""
    return ["skopeo", *([] if Path("/etc/containers/policy.json").exists() else ["--insecure-policy"])]


def main(argv: list[str] | None = None) -> int:
    """Push, and print the digest."""
    parser = argparse.ArgumentParser(description="Pushes the joined image.")
    parser.add_argument("--layout", type=Path, required=True, help="the joined image")
    parser.add_argument("--to", required=True, help="registry, name and tag")
    parser.add_argument("--expect", required=True, metavar="DIGEST", help="what the digest has to be")
    options = parser.parse_args(argv)
    try:
        held_against(Layout(options.layout).top()["digest"], options.expect)
        print(push(options.layout, options.to))
    except ReleaseError as error:
        print(f"nothing is released: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
