// Makes the tables and calls the function load. May run any number of times.
package main

import (
	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/function"
	"github.com/tarmac-project/tarmac-python/sdk/go/logging"
	"github.com/tarmac-project/tarmac-python/sdk/go/sql"
)

// The texts suit SQLite, PostgreSQL and MySQL. /*! ... */ is a comment to all but MySQL and MariaDB, which are told to keep
// any character and to tell PHX from phx, as the others do.
//
// Each load writes its airports under an id of its own, and adds the id to airport_loads when all are there.
var tables = []string{
	`CREATE TABLE IF NOT EXISTS airports (
		load_id BIGINT NOT NULL,
		local_code VARCHAR(64) NOT NULL,
		name TEXT NOT NULL,
		type TEXT NOT NULL,
		type_emoji TEXT NOT NULL,
		continent TEXT NOT NULL,
		iso_country TEXT NOT NULL,
		iso_region TEXT NOT NULL,
		municipality TEXT NOT NULL,
		emoji TEXT NOT NULL,
		status TEXT NOT NULL,
		PRIMARY KEY (load_id, local_code)
	) /*! CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */`,
	`CREATE TABLE IF NOT EXISTS airport_loads (load_id BIGINT NOT NULL PRIMARY KEY)`,
}

var (
	database  sql.Client
	functions function.Client
	log       logging.Client
)

func main() {
	sdk, err := tarmac.New(tarmac.Config{Handler: initialize})
	if err != nil {
		panic(err)
	}
	config := sdk.Config()
	database, _ = sql.New(sql.Config{SDKConfig: config})
	functions, _ = function.New(function.Config{SDKConfig: config})
	log, _ = logging.New(logging.Config{SDKConfig: config})
}

func initialize([]byte) ([]byte, error) {
	log.Info("Initializing Airport Lookup Service")
	for _, table := range tables {
		if _, err := database.Exec(table); err != nil {
			return nil, failed("create a table", err)
		}
	}
	if _, err := functions.Call("load", nil); err != nil {
		return nil, failed("load the airports", err)
	}
	return nil, nil
}

type failure struct {
	what  string
	cause error
}

func failed(what string, cause error) error { return &failure{what, cause} }

func (f *failure) Error() string { return "Failed to " + f.what + ": " + f.cause.Error() }

func (f *failure) Unwrap() error { return f.cause }
