// Package vault seals the secrets that have to be kept readable: those of second
// factors, what sources of other systems ask for, and those that webhooks sign
// with. In the database they are
// sealed with a key that is not in the database: a dump, a backup or a look at
// a table gives none of them away.
//
// The key is a file of one line for each key, base64 of 32 bytes; the first
// seals, all of them open. So a key is changed by a new line before the old one,
// which may go once the server was started with both.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// FileName is the key's file in a data folder.
const FileName = "secret.key"

var (
	// ErrNoKey: a secret is sealed, and the key that opens it is not at hand.
	ErrNoKey = errors.New("the key that opens this secret is missing: see onemap doctor")
	errOther = errors.New("a sealed secret was changed, or is another's")
)

const (
	keySize = 32
	idSize  = 8 // of the key's number before what it sealed
)

type keyID [idSize]byte

// Keys seal and open secrets. A nil *Keys has no key: it seals nothing and
// opens nothing. They are safe for concurrent use.
type Keys struct {
	first keyID
	all   map[keyID]cipher.AEAD
}

// Read reads a file of keys. It returns an error wrapping fs.ErrNotExist where
// there is none, and one that says what is wrong for a file that others can
// read or that holds no key.
func Read(path string) (*Keys, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s: others can read it (mode %o): chmod 600 %s", path, info.Mode().Perm(), path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	k := &Keys{all: map[keyID]cipher.AEAD{}}
	for n, line := range strings.Fields(string(b)) {
		raw, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(raw) != keySize {
			return nil, fmt.Errorf("%s: line %d is no key: base64 of %d bytes, as \"head -c 32 /dev/urandom | base64\" writes it", path, n+1, keySize)
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			return nil, err
		}
		seal, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(append([]byte("onemap key "), raw...))
		id := keyID(sum[:idSize])
		if n == 0 {
			k.first = id
		}
		k.all[id] = seal
	}
	if len(k.all) == 0 {
		return nil, fmt.Errorf("%s: no key in it", path)
	}
	return k, nil
}

// Make writes a new key to a file that is not there yet, for its owner alone.
func Make(path string) error {
	raw := make([]byte, keySize)
	_, _ = rand.Read(raw) // it never fails
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(raw) + "\n")
	return errors.Join(err, f.Sync(), f.Close())
}

// ID names the key that seals: 16 hexadecimal digits, which tell nothing of it.
func (k *Keys) ID() string {
	if k == nil {
		return ""
	}
	return hex.EncodeToString(k.first[:])
}

// Seal seals a secret for one place, such as "totp/42": elsewhere it does not
// open. What comes is the key's number, a nonce, and AES-256-GCM's answer.
func (k *Keys) Seal(secret []byte, place string) ([]byte, error) {
	if k == nil {
		return nil, ErrNoKey
	}
	seal := k.all[k.first]
	out := append(make([]byte, 0, idSize+seal.NonceSize()+len(secret)+seal.Overhead()), k.first[:]...)
	nonce := make([]byte, seal.NonceSize())
	_, _ = rand.Read(nonce) // it never fails
	return seal.Seal(append(out, nonce...), nonce, secret, []byte(place)), nil
}

// Open opens what was sealed for a place. It returns [ErrNoKey] where the key
// that sealed it is not at hand.
func (k *Keys) Open(sealed []byte, place string) ([]byte, error) {
	if k == nil || len(sealed) < idSize {
		return nil, ErrNoKey
	}
	seal, ok := k.all[keyID(sealed[:idSize])]
	if !ok {
		return nil, ErrNoKey
	}
	rest := sealed[idSize:]
	if len(rest) < seal.NonceSize() {
		return nil, errOther
	}
	secret, err := seal.Open(nil, rest[:seal.NonceSize()], rest[seal.NonceSize():], []byte(place))
	if err != nil {
		return nil, errOther
	}
	return secret, nil
}

// isMissing says whether there is no such file.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
