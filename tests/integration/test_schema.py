"""`vopr-coverage schema`: every schema as it is shipped."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from vopr_coverage import cli
from vopr_coverage.formats.schema import SCHEMA_NAMES


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_schemas_are_printed_with_a_versioned_id(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON Schema 2020-12, as shipped, and valid as such."""
    assert cli.main(["schema", name]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["$id"] == f"urn:vopr-coverage:schema:{name}:v1"
    Draft202012Validator.check_schema(schema)
