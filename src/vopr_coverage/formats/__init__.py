"""What a document may be: JSON Schemas, strict JSON, YAML with line numbers."""
