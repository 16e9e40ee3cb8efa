package main

import (
	"errors"
	"strconv"
	"strings"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/sql"
)

func sqlClient(config tarmac.RuntimeConfig) sql.Client {
	client, err := sql.New(sql.Config{SDKConfig: config})
	if err != nil {
		panic(err)
	}
	return client
}

// sqlExec: statement, values. The answer is the id and the number of rows.
func sqlExec(config tarmac.RuntimeConfig, arguments []string) (string, error) {
	values, err := sqlValues(arguments[1:])
	if err != nil {
		return "", err
	}
	result, err := sqlClient(config).Exec(arguments[0], values...)
	return strconv.FormatInt(result.LastInsertID, 10) + " " + strconv.FormatInt(result.RowsAffected, 10), err
}

// sqlQuery: statement, values. The answer is the columns' names and, on a line of its own, the data.
func sqlQuery(config tarmac.RuntimeConfig, arguments []string) (string, error) {
	values, err := sqlValues(arguments[1:])
	if err != nil {
		return "", err
	}
	result, err := sqlClient(config).Query(arguments[0], values...)
	return strings.Join(result.Columns, " ") + "\n" + string(result.Data), err
}

// sqlScan: what to read each column as, in letters (t i f b x for text, integer, float, bool, bytes); statement, values.
func sqlScan(config tarmac.RuntimeConfig, arguments []string) (string, error) {
	values, err := sqlValues(arguments[2:])
	if err != nil {
		return "", err
	}
	result, err := sqlClient(config).Query(arguments[1], values...)
	if err != nil {
		return "", err
	}
	rows, err := result.Rows()
	var lines []string
	for _, row := range rows {
		line, err := scanned(row, arguments[0])
		if err != nil {
			return "", err
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), err
}

func scanned(row sql.Row, letters string) (string, error) {
	var text string
	var integer int64
	var float float64
	var truth bool
	var raw []byte
	targets := make([]any, 0, len(letters))
	for _, letter := range letters {
		targets = append(targets, map[rune]any{'t': &text, 'i': &integer, 'f': &float, 'b': &truth, 'x': &raw}[letter])
	}
	err := row.Scan(targets...)
	return strconv.Quote(text) + " " + strconv.FormatInt(integer, 10) + " " + strconv.FormatFloat(float, 'g', -1, 64) + " " +
		strconv.FormatBool(truth) + " " + strconv.QuoteToASCII(string(raw)), err
}

// sqlValues reads arguments such as i:7 t:text f:1.5 b:true x:bytes n:
func sqlValues(arguments []string) ([]any, error) {
	values := make([]any, 0, len(arguments))
	for _, argument := range arguments {
		value, err := sqlValue(argument)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

func sqlValue(argument string) (any, error) {
	kind, text, _ := strings.Cut(argument, ":")
	switch kind {
	case "n":
		return nil, nil
	case "t":
		return text, nil
	case "x":
		return []byte(text), nil
	case "i":
		return strconv.ParseInt(text, 10, 64)
	case "f":
		return strconv.ParseFloat(text, 64)
	case "b":
		return strconv.ParseBool(text)
	}
	return nil, errors.New("unknown kind of value " + kind)
}
