// Answers with the file of airports, as the server of the file has it.
package main

import (
	"errors"
	"strconv"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/httpclient"
)

// defaultURL is where feed/serve.py serves the file. The manifest's grant names the same host.
const defaultURL = "http://127.0.0.1:8099/airports.csv"

var web httpclient.Client

func main() {
	sdk, err := tarmac.New(tarmac.Config{Handler: fetch})
	if err != nil {
		panic(err)
	}
	web, _ = httpclient.New(httpclient.Config{SDKConfig: sdk.Config()})
}

// fetch takes the URL from the payload; an empty one stands for defaultURL.
func fetch(payload []byte) ([]byte, error) {
	url := string(payload)
	if url == "" {
		url = defaultURL
	}
	response, err := web.Get(url)
	if err != nil {
		return nil, errors.New("failed to get " + url + ": " + err.Error())
	}
	if response.StatusCode != 200 {
		return nil, errors.New("failed to get " + url + ": HTTP request returned " + strconv.Itoa(response.StatusCode))
	}
	if response.Truncated {
		return nil, errors.New("failed to get " + url + ": it is longer than httpclient_max_response_bytes")
	}
	return response.Bytes(), nil
}
