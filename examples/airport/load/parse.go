package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// maxCodeBytes is the length of the column local_code, which counts characters.
const maxCodeBytes = 64

// Columns of OurAirports' airports.csv.
const (
	columnID           = 0
	columnType         = 2
	columnName         = 3
	columnContinent    = 7
	columnCountry      = 8
	columnRegion       = 9
	columnMunicipality = 10
	columnLocalCode    = 14
	columnsNeeded      = 15
)

var (
	errNotText    = errors.New("the file is not text in UTF-8")
	errNoAirports = errors.New("the file has no airport with a local code, a name and a country")
)

type airport struct {
	localCode, name, kind, kindEmoji, continent, country, region, municipality, emoji, status string
}

// parse reads the whole file; of records with the same local code the last counts. A record with another number of fields
// than the first is an error, since the file is broken then. Records that cannot be looked up are counted as skipped.
func parse(file []byte) (airports []airport, skipped int, err error) {
	if !utf8.Valid(file) || bytes.IndexByte(file, 0) >= 0 {
		return nil, 0, errNotText
	}
	reader := csv.NewReader(bytes.NewReader(file))
	reader.ReuseRecord = true
	places := map[string]int{}
	for {
		record, err := reader.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, 0, err
		}
		found, ok := read(record)
		if !ok {
			skipped++
			continue
		}
		if place, known := places[found.localCode]; known {
			airports[place] = found
			continue
		}
		places[found.localCode] = len(airports)
		airports = append(airports, found)
	}
	if len(airports) == 0 {
		return nil, skipped, errNoAirports
	}
	return airports, skipped, nil
}

func read(record []string) (airport, bool) {
	if len(record) < columnsNeeded || record[columnID] == "id" {
		return airport{}, false
	}
	code, name := strings.TrimSpace(record[columnLocalCode]), record[columnName]
	country := record[columnCountry]
	emoji := flag(country)
	if code == "" || len(code) > maxCodeBytes || name == "" || emoji == "" {
		return airport{}, false
	}
	kind, kindEmoji, status := describe(record[columnType])
	return airport{
		localCode: code, name: name, kind: kind, kindEmoji: kindEmoji, continent: record[columnContinent], country: country,
		region: record[columnRegion], municipality: record[columnMunicipality], emoji: emoji, status: status,
	}, true
}

// describe gives the type as it is stored, its emoji and whether such a place is open.
func describe(kind string) (name, emoji, status string) {
	switch kind {
	case "heliport":
		return kind, "\U0001F681", "open"
	case "small_airport":
		return kind, "\U0001F6E9\uFE0F", "open"
	case "medium_airport", "large_airport":
		return kind, "\u2708\uFE0F", "open"
	case "seaplane_base":
		return kind, "\u2693", "open"
	case "balloonport":
		return kind, "\U0001F388", "open"
	case "closed", "unknown":
		return "unknown", "\U0001F6A7", "closed"
	}
	return kind, "\u2753", "unknown"
}

// flag is the emoji of a country's code: its two letters as regional indicators. Empty if it is no such code.
func flag(country string) string {
	if len(country) != 2 {
		return ""
	}
	runes := make([]rune, 0, 2)
	for _, letter := range strings.ToUpper(country) {
		if letter < 'A' || letter > 'Z' {
			return ""
		}
		runes = append(runes, '\U0001F1E6'+letter-'A')
	}
	return string(runes)
}
