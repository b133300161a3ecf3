package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"onemap/layers"
)

// Parameters of argon2id: OWASP's second choice (19 MiB, two passes, one lane),
// some 30 ms of one core. A stored hash carries its own, so they can be raised:
// the next sign-in hashes anew.
const (
	argonMemoryKiB = 19 * 1024
	argonPasses    = 2
	argonLanes     = 1
	saltBytes      = 16
	hashBytes      = 32

	// hashesAtOnce keeps a flood of sign-ins from taking all cores and memory.
	hashesAtOnce = 2
)

// hashPassword returns the PHC string of a password.
func (d *Directory) hashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	sum, err := d.argon(ctx, password, salt, argonPasses, argonMemoryKiB, argonLanes, hashBytes)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemoryKiB, argonPasses, argonLanes,
		b64.EncodeToString(salt), b64.EncodeToString(sum)), nil
}

// argon waits for its turn, then hashes.
func (d *Directory) argon(ctx context.Context, password string, salt []byte, passes, memoryKiB uint32, lanes uint8, n int) ([]byte, error) {
	select {
	case d.hashing <- struct{}{}:
		defer func() { <-d.hashing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, passes, memoryKiB, lanes, uint32(n)), nil
}

// nobodysHash is what the password of an unknown login is compared with, so
// that the answer takes as long as for a known one. No password has it.
var nobodysHash = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemoryKiB, argonPasses, argonLanes,
	base64.RawStdEncoding.EncodeToString(make([]byte, saltBytes)), base64.RawStdEncoding.EncodeToString(make([]byte, hashBytes)))

// checkPassword says whether a password has the hash. weak says that the hash
// was made with other parameters than today's. An empty or broken hash takes
// as long and is never right.
func (d *Directory) checkPassword(ctx context.Context, password, phc string) (right, weak bool, err error) {
	var version int
	var memory, passes uint32
	var lanes uint8
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		phc, parts = nobodysHash, strings.Split(nobodysHash, "$")
	}
	_, err1 := fmt.Sscanf(parts[2], "v=%d", &version)
	_, err2 := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes)
	salt, err3 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err4 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || version != argon2.Version ||
		passes < 1 || lanes < 1 || memory < 8 || memory > 1<<20 || len(want) < 16 {
		return d.checkPassword(ctx, password, nobodysHash)
	}
	got, err := d.argon(ctx, password, salt, passes, memory, lanes, len(want))
	if err != nil {
		return false, false, err
	}
	right = subtle.ConstantTimeCompare(got, want) == 1 && phc != nobodysHash
	return right, memory != argonMemoryKiB || passes != argonPasses || lanes != argonLanes, nil
}

// Lengths of a password, in characters.
const (
	passwordMin = 10
	passwordMax = 128
)

// commonPieces are in too many passwords to count for anything.
var commonPieces = []string{"password", "passw0rd", "qwerty", "123456", "abcdef", "111111", "onemap", "admin"}

// checkRules returns an InputError that says what a new password lacks. It
// never repeats the password.
func checkRules(password, login string) error {
	bad := func(remedy string) error { return &layers.InputError{Field: "password", Remedy: remedy} }
	if !utf8.ValidString(password) {
		return bad("must be valid UTF-8 text")
	}
	n := utf8.RuneCountInString(password)
	if n < passwordMin || n > passwordMax {
		return bad(fmt.Sprintf("needs %d to %d characters", passwordMin, passwordMax))
	}
	var kinds [4]bool
	distinct := map[rune]bool{}
	for _, r := range password {
		distinct[r] = true
		switch {
		case unicode.IsControl(r):
			return bad("must not contain control characters")
		case unicode.IsUpper(r):
			kinds[0] = true
		case unicode.IsLower(r):
			kinds[1] = true
		case unicode.IsDigit(r):
			kinds[2] = true
		default:
			kinds[3] = true // punctuation, spaces, Chinese characters
		}
	}
	have := 0
	for _, k := range kinds {
		if k {
			have++
		}
	}
	if have < 3 {
		return bad("needs three of: capital letters, small letters, digits, other characters")
	}
	if len(distinct) < 6 {
		return bad("needs at least 6 different characters")
	}
	lower := strings.ToLower(password)
	if len(login) > 2 && strings.Contains(lower, login) {
		return bad("must not contain the login")
	}
	for _, c := range commonPieces {
		if strings.Contains(lower, c) {
			return bad("must not contain " + c)
		}
	}
	return nil
}
