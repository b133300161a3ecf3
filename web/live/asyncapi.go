package live

import _ "embed"

// AsyncAPI is the protocol as an AsyncAPI 3 document in YAML.
//
//go:embed asyncapi.yaml
var AsyncAPI []byte
