package logging_test

import (
	"testing"

	"github.com/tarmac-project/tarmac-python/sdk/go/logging"
)

func TestEachLevelIsItsOwnOperationOfTheLogger(t *testing.T) {
	var calls []string
	log, err := logging.New(logging.Config{HostCall: func(namespace, capability, operation string, text []byte) ([]byte, error) {
		calls = append(calls, namespace+" "+capability+" "+operation+" "+string(text))
		return nil, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, write := range []func(string){log.Info, log.Warn, log.Error, log.Debug, log.Trace} {
		write("text")
		want := "tarmac logger " + []string{"info", "warn", "error", "debug", "trace"}[i] + " text"
		if calls[i] != want {
			t.Errorf("%q, want %q", calls[i], want)
		}
	}
}
