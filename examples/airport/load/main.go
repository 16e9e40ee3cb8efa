// Fetches the file of airports and puts what it holds in place of what the database has.
package main

import (
	"strconv"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/function"
	"github.com/tarmac-project/tarmac-python/sdk/go/logging"
	"github.com/tarmac-project/tarmac-python/sdk/go/sql"
)

var (
	database  sql.Client
	functions function.Client
	log       logging.Client
)

func main() {
	sdk, err := tarmac.New(tarmac.Config{Handler: load})
	if err != nil {
		panic(err)
	}
	config := sdk.Config()
	database, _ = sql.New(sql.Config{SDKConfig: config})
	functions, _ = function.New(function.Config{SDKConfig: config})
	log, _ = logging.New(logging.Config{SDKConfig: config})
}

// load hands its payload, which may be empty, to fetch. Nothing changes for lookups before all airports are stored.
func load(payload []byte) ([]byte, error) {
	file, err := functions.Call("fetch", payload)
	if err != nil {
		return nil, err
	}
	airports, skipped, err := parse(file)
	if err != nil {
		return nil, err
	}
	if err := replace(airports); err != nil {
		return nil, err
	}
	log.Info("Loaded " + strconv.Itoa(len(airports)) + " airports, passed over " + strconv.Itoa(skipped) + " records")
	return nil, nil
}
