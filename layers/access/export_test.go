package access

import (
	"encoding/base64"

	"golang.org/x/crypto/argon2"
)

// WeakHash hashes with parameters that are no longer used.
func WeakHash(password string) string {
	salt := []byte("saltsaltsaltsalt")
	b64 := base64.RawStdEncoding
	return "$argon2id$v=19$m=64,t=1,p=1$" + b64.EncodeToString(salt) + "$" + b64.EncodeToString(argon2.IDKey([]byte(password), salt, 1, 64, 1, 32))
}
