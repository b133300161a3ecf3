package alert

import (
	"encoding/xml"
	"fmt"
)

// Write writes a message as CAP 1.2.
func Write(m Message) ([]byte, error) {
	m.XMLName = xml.Name{Space: Namespace, Local: "alert"}
	b, err := xml.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write alert: %w", err)
	}
	return append([]byte(xml.Header), append(b, '\n')...), nil
}
