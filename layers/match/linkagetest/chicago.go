// Package linkagetest has registers whose truth is known, for tests and
// benchmarks of matching: Chicago's licences and food inspections, and
// simulated registers of Chinese names.
package linkagetest

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"onemap/layers/match/linkage"
)

// Registers are two registers with their truth apart from the records, which
// carry nothing that is made from it.
type Registers struct {
	Left, Right []linkage.Record
	// Which establishment each row is of, by the row's key.
	LeftIs, RightIs map[string]string
}

// chicagoRegister is one file.
type chicagoRegister struct {
	records []linkage.Record
	licence map[string]string // by key: the truth, for scoring alone
	house   map[string]string // by key: name and address as scoring compares them
}

// Chicago reads food inspections (left, several of one establishment) and
// licences (right) from dir. Keys are row numbers; the licence number, which
// both files have, is the truth and no part of the records.
func Chicago(dir string) (Registers, error) {
	licences, err := readChicago(dir, "business_licences.csv.gz", "LICENSE_NUMBER", []string{"DOING_BUSINESS_AS_NAME"}, "ADDRESS", "LATITUDE", "LONGITUDE")
	if err != nil {
		return Registers{}, err
	}
	inspections, err := readChicago(dir, "food_inspections.csv.gz", "License", []string{"DBA_Name", "AKA_Name"}, "Address", "Latitude", "Longitude")
	if err != nil {
		return Registers{}, err
	}
	r := Registers{Left: inspections.records, Right: licences.records}
	r.LeftIs, r.RightIs = establishments(inspections, licences)
	return r, nil
}

func readChicago(dir, name, licence string, names []string, address, lat, lon string) (chicagoRegister, error) {
	r := chicagoRegister{licence: map[string]string{}, house: map[string]string{}}
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return r, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return r, err
	}
	c := csv.NewReader(z)
	head, err := c.Read()
	if err != nil {
		return r, err
	}
	at := map[string]int{}
	for i, h := range head {
		at[h] = i
	}
	for n := 1; ; n++ {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return r, nil
		}
		if err != nil {
			return r, fmt.Errorf("%s: %w", name, err)
		}
		rec := linkage.Record{Key: strconv.Itoa(n), Address: row[at[address]]}
		for _, name := range names {
			if v := row[at[name]]; v != "" {
				rec.Names = append(rec.Names, v)
			}
		}
		y, errY := strconv.ParseFloat(row[at[lat]], 64)
		x, errX := strconv.ParseFloat(row[at[lon]], 64)
		if errX == nil && errY == nil {
			rec.Place = &orb.Point{x, y}
		}
		r.records = append(r.records, rec)
		r.licence[rec.Key] = row[at[licence]]
		r.house[rec.Key] = houseOf(row[at[names[0]]], rec.Address)
	}
}

// houseOf is what makes licences one establishment: the letters and digits of
// the name, and house number, direction and street of the address; the unit,
// which registers write or not, is left out. It shares no code with the matcher.
func houseOf(name, address string) string {
	var b strings.Builder
	for _, c := range strings.ToUpper(name) {
		if c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			b.WriteRune(c)
		}
	}
	words := strings.Fields(strings.ToUpper(address))
	return b.String() + "|" + strings.Join(words[:min(3, len(words))], " ")
}

// establishments is the truth: which establishment each row belongs to. All
// rows of a licence are one; so are licences whose rows in the register of
// licences share name and address. A licence that only inspections have is the
// establishment of the same name and address, or one of its own. Number 0,
// which schools and others have in both files, is no licence: such rows are of
// the establishment of their name and address.
func establishments(inspections, licences chicagoRegister) (left, right map[string]string) {
	of, byHouse := map[string]string{}, map[string]string{} // licence, house -> establishment
	right, left = map[string]string{}, map[string]string{}
	for _, r := range licences.records {
		lic, house := licences.licence[r.Key], licences.house[r.Key]
		if lic == "0" {
			lic = "none: " + house
		}
		if of[lic] == "" {
			if byHouse[house] == "" {
				byHouse[house] = lic
			}
			of[lic] = byHouse[house]
		}
		right[r.Key] = of[lic]
	}
	for _, r := range inspections.records {
		lic, house := inspections.licence[r.Key], inspections.house[r.Key]
		if lic == "0" {
			lic = "none: " + house
		}
		if of[lic] == "" {
			if of[lic] = byHouse[house]; of[lic] == "" {
				of[lic] = "only inspected: " + lic
			}
		}
		left[r.Key] = of[lic]
	}
	return left, right
}
