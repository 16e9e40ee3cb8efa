package metrics_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/hostmock"
	"github.com/tarmac-project/tarmac-python/sdk/go/metrics"
)

type calls struct {
	operations []string
	messages   [][]byte
}

func (c *calls) HostCall(namespace, capability, operation string, message []byte) ([]byte, error) {
	c.operations = append(c.operations, namespace+" "+capability+" "+operation)
	c.messages = append(c.messages, bytes.Clone(message))
	return nil, nil
}

func TestEachMetricSendsItsNameAndChange(t *testing.T) {
	host := &calls{}
	client, err := metrics.New(metrics.Config{HostCall: host.HostCall})
	if err != nil {
		t.Fatal(err)
	}
	counter, _ := client.NewCounter("c")
	gauge, _ := client.NewGauge("g")
	histogram, _ := client.NewHistogram("h")
	counter.Inc()
	gauge.Inc()
	gauge.Dec()
	histogram.Observe(1.5)
	histogram.Observe(0)
	for i, want := range []struct {
		operation string
		message   []byte
	}{
		{"counter", []byte{0x0a, 1, 'c'}},
		{"gauge", []byte{0x0a, 1, 'g', 0x12, 3, 'i', 'n', 'c'}},
		{"gauge", []byte{0x0a, 1, 'g', 0x12, 3, 'd', 'e', 'c'}},
		{"histogram", []byte{0x0a, 1, 'h', 0x11, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f}},
		{"histogram", []byte{0x0a, 1, 'h', 0x11, 0, 0, 0, 0, 0, 0, 0, 0}},
	} {
		if host.operations[i] != "tarmac metrics "+want.operation || !bytes.Equal(host.messages[i], want.message) {
			t.Errorf("%s % x", host.operations[i], host.messages[i])
		}
	}
}

func TestNamesAreThoseThatTheHostTakes(t *testing.T) {
	client, _ := metrics.New(metrics.Config{})
	for _, name := range []string{"a", "Z", "0", "_", ":", "http_requests:rate5m", strings.Repeat("a", 255)} {
		if _, err := client.NewCounter(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "a-b", "a b", "ä", "a.b", "@", "[", "`", "{", "a\n", strings.Repeat("a", 256)} {
		_, counter := client.NewCounter(name)
		_, gauge := client.NewGauge(name)
		_, histogram := client.NewHistogram(name)
		for _, err := range []error{counter, gauge, histogram} {
			if !errors.Is(err, metrics.ErrInvalidMetricName) {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
}

func TestWhatTheHostRefusesGoesToOnErrorAndNowhereElse(t *testing.T) {
	mock, _ := hostmock.New(hostmock.Config{Fail: true, Error: errors.New("metric name in use")})
	var heard []error
	client, _ := metrics.New(metrics.Config{HostCall: mock.HostCall, OnError: func(err error) { heard = append(heard, err) }})
	gauge, _ := client.NewGauge("a")
	gauge.Dec()
	if len(heard) != 1 || !errors.Is(heard[0], tarmac.ErrHostCall) || heard[0].Error() != "host call failed: metric name in use" {
		t.Error(heard)
	}
	silent, _ := metrics.New(metrics.Config{HostCall: mock.HostCall})
	counter, _ := silent.NewCounter("a")
	counter.Inc()
}
