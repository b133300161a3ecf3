package hook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// headers are what Standard Webhooks puts beside a body: who it is for cannot
// be changed, and it cannot be sent again later by who overheard it.
func headers(id string, at time.Time, body []byte, secrets [][]byte) map[string]string {
	signatures := make([]string, len(secrets))
	for i, s := range secrets {
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(sign(s, id, at, body))
	}
	return map[string]string{
		"Content-Type": "application/json", "webhook-id": id, "webhook-timestamp": strconv.FormatInt(at.Unix(), 10),
		"webhook-signature": strings.Join(signatures, " "),
	}
}

func sign(secret []byte, id string, at time.Time, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	fmt.Fprintf(h, "%s.%d.", id, at.Unix())
	h.Write(body)
	return h.Sum(nil)
}
