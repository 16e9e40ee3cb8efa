// Answers with the payload.
package main

import tarmac "github.com/tarmac-project/tarmac-python/sdk/go"

func main() {
	if _, err := tarmac.New(tarmac.Config{Handler: echo}); err != nil {
		panic(err)
	}
}

func echo(payload []byte) ([]byte, error) { return payload, nil }
