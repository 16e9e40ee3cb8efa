package main

import (
	"errors"

	"github.com/tarmac-project/tarmac-python/sdk/go/sql"
)

// The newest load that is complete is the one that counts. There is always one row: without a load its load_id is NULL, for
// an unknown code its local_code.
const query = `SELECT newest.load_id, a.local_code, a.name, a.iso_country, a.emoji, a.type, a.type_emoji, a.status
	FROM (SELECT MAX(load_id) AS load_id FROM airport_loads) newest
	LEFT JOIN airports a ON a.load_id = newest.load_id AND a.local_code = ?`

var (
	errUnknown   = errors.New("no such airport")
	errNotLoaded = errors.New("nothing is loaded")
)

func find(code string) (airport, error) {
	result, err := database.Query(query, code)
	if err != nil {
		return airport{}, err
	}
	rows, err := result.Rows()
	if err != nil {
		return airport{}, err
	}
	if len(rows) == 0 || rows[0].Value("load_id").IsNull() {
		return airport{}, errNotLoaded
	}
	if rows[0].Value("local_code").IsNull() {
		return airport{}, errUnknown
	}
	var load sql.Value
	var a airport
	err = rows[0].Scan(&load, &a.LocalCode, &a.Name, &a.Country, &a.Emoji, &a.Type, &a.TypeEmoji, &a.Status)
	return a, err
}
