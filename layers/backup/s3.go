package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3 says how to reach an S3 server. Keys come from the environment
// (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY) or the file ~/.aws/credentials.
type S3 struct {
	Endpoint string // URL; "": Amazon's
	Region   string
}

// partBytes is how much of an object of unknown size is sent at once, and held
// in memory for that. 10,000 of them are the most: 320 GB.
const partBytes = 32 << 20

type bucket struct {
	client       *minio.Client
	name, prefix string
}

func (s S3) open(name, prefix string) (*bucket, error) {
	if name == "" {
		return nil, errors.New("s3://BUCKET/PREFIX names no bucket")
	}
	endpoint := s.Endpoint
	if endpoint == "" {
		endpoint = "https://s3.amazonaws.com"
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("S3 endpoint %q: https://HOST or http://HOST:PORT", endpoint)
	}
	client, err := minio.New(u.Host, &minio.Options{
		Creds:  credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}}),
		Secure: u.Scheme == "https", Region: s.Region,
	})
	if err != nil {
		return nil, fmt.Errorf("S3: %w", err)
	}
	return &bucket{client, name, prefix}, nil
}

func (b *bucket) String() string         { return "s3://" + path.Join(b.name, b.prefix) }
func (b *bucket) key(name string) string { return strings.TrimPrefix(b.prefix+"/"+name, "/") }
func (b *bucket) said(err error) error {
	if r := minio.ToErrorResponse(err); r.StatusCode == http.StatusNotFound && r.Code == minio.NoSuchKey {
		return fs.ErrNotExist
	}
	return fmt.Errorf("%s: %w", b, err)
}

func (b *bucket) Put(ctx context.Context, name string, r io.Reader, size int64) error {
	_, err := b.client.PutObject(ctx, b.name, b.key(name), r, size, minio.PutObjectOptions{PartSize: partBytes, SendContentMd5: true})
	if err != nil {
		return b.said(err)
	}
	return nil
}

func (b *bucket) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	o, err := b.client.GetObject(ctx, b.name, b.key(name), minio.GetObjectOptions{})
	if err != nil {
		return nil, b.said(err)
	}
	if _, err := o.Stat(); err != nil { // only this asks the server
		o.Close()
		return nil, b.said(err)
	}
	return o, nil
}

func (b *bucket) List(ctx context.Context, prefix string) (map[string]int64, error) {
	all := map[string]int64{}
	for o := range b.client.ListObjects(ctx, b.name, minio.ListObjectsOptions{Prefix: b.key(prefix), Recursive: true}) {
		if o.Err != nil {
			return nil, b.said(o.Err)
		}
		all[strings.TrimPrefix(strings.TrimPrefix(o.Key, b.prefix), "/")] = o.Size
	}
	return all, ctx.Err()
}

func (b *bucket) Remove(ctx context.Context, name string) error {
	if err := b.client.RemoveObject(ctx, b.name, b.key(name), minio.RemoveObjectOptions{}); err != nil {
		return b.said(err)
	}
	return nil
}
