package main

import (
	"net/netip"
	"path/filepath"
	"time"
)

// Config is everything that an operator can set of a server. It is read once,
// from the command line and the environment.
type Config struct {
	Database
	LayerMemory
	Listen      string         `help:"Address to serve on, host:port (default: ${default})." default:"127.0.0.1:8080" placeholder:"ADDR"`
	PublicURL   string         `help:"How clients reach the server, where a proxy stands before it." placeholder:"URL"`
	Proxies     []netip.Prefix `help:"Reverse proxies whose X-Forwarded-For and -Proto are believed." placeholder:"CIDR"`
	Outbound    []netip.Prefix `help:"Networks of your own that webhooks may be sent to, over http too; other addresses must be public and https." placeholder:"CIDR"`
	Photos      string         `help:"Folder of the photos (default: photos in the data folder)." placeholder:"DIR"`
	Uploads     string         `help:"Folder of files that departments bring in, for a week (default: uploads beside the photos)." placeholder:"DIR"`
	BasePMTiles string         `help:"Serve tiles of the base library from this archive, as long as it is true, and the archive itself at /pmtiles/NAME.pmtiles; see \"onemap export\"." name:"base-pmtiles" placeholder:"FILE"`
	TileCache   byteSize       `help:"How much of memory made tiles may take; 0 keeps none (default: ${default})." default:"256MiB" placeholder:"SIZE"`
	Timeout     time.Duration  `help:"Of one request." default:"30s"`
	Grace       time.Duration  `help:"How long open requests may take to finish when the server stops." default:"20s"`
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
