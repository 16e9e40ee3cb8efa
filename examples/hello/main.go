// Greets whoever the payload names.
package main

import tarmac "github.com/tarmac-project/tarmac-python/sdk/go"

func main() {
	if _, err := tarmac.New(tarmac.Config{Handler: hello}); err != nil {
		panic(err)
	}
}

func hello(payload []byte) ([]byte, error) {
	name := string(payload)
	if name == "" {
		name = "world"
	}
	return []byte("Hello, " + name + "!\n"), nil
}
