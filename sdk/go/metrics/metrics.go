// Package metrics counts and measures. Where the numbers go is up to the host: Prometheus, StatsD, or both.
package metrics

import (
	"errors"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/fault"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/wire"
)

// ErrInvalidMetricName is returned for a name that is not 1 to 255 of A-Z a-z 0-9 _ and colon.
var ErrInvalidMetricName = errors.New("metric name is invalid")

const maxNameBytes = 255

// Client makes metrics. A name belongs to all functions of the host, and to the kind it was first used with.
type Client interface {
	NewCounter(name string) (*Counter, error)
	NewGauge(name string) (*Gauge, error)
	NewHistogram(name string) (*Histogram, error)
}

// Config describes a client.
type Config struct {
	// SDKConfig comes from tarmac.SDK.Config.
	SDKConfig tarmac.RuntimeConfig
	// HostCall replaces the host in tests.
	HostCall tarmac.HostCall
	// OnError gets what the host refuses, such as a name in use for another kind: tarmac.ErrHostCall with the host's text. Nil
	// drops it, so that measuring never stands in the way of what is measured.
	OnError func(err error)
}

type client struct {
	namespace string
	host      tarmac.HostCall
	onError   func(error)
}

// New makes a client. It returns no error now.
func New(config Config) (Client, error) {
	return &client{
		namespace: config.SDKConfig.WithDefaults().Namespace, host: config.HostCall.OrDefault(), onError: config.OnError,
	}, nil
}

// Counter only grows.
type Counter struct {
	client  *client
	message []byte
}

// Inc adds 1.
func (c *Counter) Inc() { c.client.emit("counter", c.message) }

// Gauge goes up and down.
type Gauge struct {
	client   *client
	inc, dec []byte
}

// Inc adds 1.
func (g *Gauge) Inc() { g.client.emit("gauge", g.inc) }

// Dec takes 1 away.
func (g *Gauge) Dec() { g.client.emit("gauge", g.dec) }

// Histogram collects values.
type Histogram struct {
	client *client
	name   []byte
}

// Observe adds one value; it must be finite.
func (h *Histogram) Observe(value float64) {
	h.client.emit("histogram", wire.AppendDouble(h.name[:len(h.name):len(h.name)], 2, value))
}

func (c *client) NewCounter(name string) (*Counter, error) {
	message, err := named(name)
	if err != nil {
		return nil, err
	}
	return &Counter{client: c, message: message}, nil
}

func (c *client) NewGauge(name string) (*Gauge, error) {
	message, err := named(name)
	if err != nil {
		return nil, err
	}
	message = message[:len(message):len(message)]
	return &Gauge{client: c, inc: wire.AppendBytes(message, 2, "inc"), dec: wire.AppendBytes(message, 2, "dec")}, nil
}

func (c *client) NewHistogram(name string) (*Histogram, error) {
	message, err := named(name)
	if err != nil {
		return nil, err
	}
	return &Histogram{client: c, name: message}, nil
}

func (c *client) emit(operation string, message []byte) {
	_, err := c.host(c.namespace, "metrics", operation, message)
	if err != nil && c.onError != nil {
		c.onError(fault.Wrap(tarmac.ErrHostCall, err))
	}
}

// named writes field 1 of a metric's message, which all three have.
func named(name string) ([]byte, error) {
	if name == "" || len(name) > maxNameBytes {
		return nil, ErrInvalidMetricName
	}
	for _, c := range []byte(name) {
		if letter := c | 0x20; (letter < 'a' || letter > 'z') && (c < '0' || c > '9') && c != '_' && c != ':' {
			return nil, ErrInvalidMetricName
		}
	}
	return wire.AppendBytes(nil, 1, name), nil
}
