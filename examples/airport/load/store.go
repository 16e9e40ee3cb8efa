package main

import (
	"strconv"
	"strings"
	"time"
)

const (
	columns = 11
	// batchRows is how many airports one statement stores: enough that the statements' number does not count, few enough
	// that none keeps the server for long.
	batchRows = 100
	// progressRows is how many airports are between two lines of the log.
	progressRows = 10_000
)

var (
	insertStart = "INSERT INTO airports (load_id, local_code, name, type, type_emoji, continent, iso_country, iso_region," +
		" municipality, emoji, status) VALUES "
	insertRow = "(" + strings.TrimSuffix(strings.Repeat("?, ", columns), ", ") + ")"
)

// replace stores all airports under a new id, makes it the one that lookups use, and removes older ones. If it is ended in
// between, lookups go on with the older id, and the next load removes what is left over.
func replace(airports []airport) error {
	id := time.Now().UnixMilli()
	for start := 0; start < len(airports); start += batchRows {
		end := min(start+batchRows, len(airports))
		if err := insert(id, airports[start:end]); err != nil {
			return err
		}
		if end%progressRows == 0 {
			log.Info("Stored " + strconv.Itoa(end) + " of " + strconv.Itoa(len(airports)) + " airports")
		}
	}
	if _, err := database.Exec("INSERT INTO airport_loads (load_id) VALUES (?)", id); err != nil {
		return err
	}
	for _, table := range []string{"airports", "airport_loads"} {
		if _, err := database.Exec("DELETE FROM "+table+" WHERE load_id < ?", id); err != nil {
			return err
		}
	}
	return nil
}

func insert(id int64, batch []airport) error {
	text := insertStart + strings.TrimSuffix(strings.Repeat(insertRow+", ", len(batch)), ", ")
	args := make([]any, 0, len(batch)*columns)
	for _, a := range batch {
		args = append(args, id, a.localCode, a.name, a.kind, a.kindEmoji, a.continent, a.country, a.region, a.municipality,
			a.emoji, a.status)
	}
	_, err := database.Exec(text, args...)
	return err
}
