package main

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"time"

	"onemap/web"
)

// Config is everything that an operator can set of a server. It is read once,
// from the command line and the environment.
type Config struct {
	Database
	LayerMemory
	SecretKey
	Listen      string         `help:"Address to serve on, host:port (default: ${default})." default:"127.0.0.1:8080" placeholder:"ADDR"`
	PublicURL   string         `help:"How clients reach the server, where a proxy stands before it." placeholder:"URL"`
	Proxies     []netip.Prefix `help:"Reverse proxies whose X-Forwarded-For and -Proto are believed." placeholder:"CIDR"`
	Outbound    []netip.Prefix `help:"Networks of your own that webhooks may be sent to, over http too; other addresses must be public and https." placeholder:"CIDR"`
	OIDC        OIDC           `embed:"" prefix:"oidc-"`
	Photos      string         `help:"Folder of the photos (default: photos in the data folder)." placeholder:"DIR"`
	Uploads     string         `help:"Folder of files that departments bring in, for a week (default: uploads beside the photos)." placeholder:"DIR"`
	BasePMTiles string         `help:"Serve tiles of the base library from this archive, as long as it is true, and the archive itself at /pmtiles/NAME.pmtiles; see \"onemap export\"." name:"base-pmtiles" placeholder:"FILE"`
	TileCache   byteSize       `help:"How much of memory made tiles may take; 0 keeps none (default: ${default})." default:"256MiB" placeholder:"SIZE"`
	Timeout     time.Duration  `help:"Of one request." default:"30s"`
	Grace       time.Duration  `help:"How long open requests may take to finish when the server stops." default:"20s"`

	makeKey bool // make the key that seals secrets where there is none
}

// OIDC names an identity provider through which people may sign in.
type OIDC struct {
	Issuer       string `help:"Identity provider to sign in through (OpenID Connect): its address." placeholder:"URL"`
	ClientID     string `help:"What the provider calls this server." name:"client-id" placeholder:"ID"`
	ClientSecret string `help:"The secret shared with the provider; better as ONEMAP_OIDC_CLIENT_SECRET." name:"client-secret" placeholder:"SECRET"`
	Name         string `help:"What the button says (default: ${default})." default:"统一身份认证 SSO"`
	LoginClaim   string `help:"The claim with the login by which an account is found the first time (default: ${default})." name:"login-claim" default:"preferred_username"`
}

// provider is nil where none is named.
func (o OIDC) provider() (*web.OIDC, error) {
	if o.Issuer == "" {
		return nil, nil
	}
	if o.ClientID == "" {
		return nil, fmt.Errorf("%w: --oidc-issuer needs --oidc-client-id", errUsage)
	}
	return &web.OIDC{Issuer: o.Issuer, ID: o.ClientID, Secret: o.ClientSecret, Name: o.Name, Login: o.LoginClaim}, nil
}

// Database says where the city's database is: on a server of the operator's,
// or in a data folder of onemap's own.
type Database struct {
	Data        string `help:"Data folder (default: .onemap, as root /var/lib/onemap)." placeholder:"DIR"`
	DatabaseURL string `help:"A PostgreSQL of your own, postgres://user@host/database." placeholder:"URL" name:"database-url"`
}

func (c Config) photos() string {
	if c.Photos != "" {
		return c.Photos
	}
	return filepath.Join(c.folder(), "photos")
}

func (c Config) uploads() string {
	if c.Uploads != "" {
		return c.Uploads
	}
	return filepath.Join(filepath.Dir(c.photos()), "uploads")
}
