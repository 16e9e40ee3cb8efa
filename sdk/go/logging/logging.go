// Package logging writes lines to the host's log.
package logging

import tarmac "github.com/tarmac-project/tarmac-python/sdk/go"

// Client writes one line a call. Nothing is returned: a line that the host does not take is lost.
type Client interface {
	Info(message string)
	Warn(message string)
	Error(message string)
	Debug(message string)
	Trace(message string)
}

// Config describes a client.
type Config struct {
	// SDKConfig comes from tarmac.SDK.Config.
	SDKConfig tarmac.RuntimeConfig
	// HostCall replaces the host in tests.
	HostCall tarmac.HostCall
}

type client struct {
	namespace string
	host      tarmac.HostCall
}

// New makes a client. It returns no error now.
func New(config Config) (Client, error) {
	return &client{namespace: config.SDKConfig.WithDefaults().Namespace, host: config.HostCall.OrDefault()}, nil
}

func (c *client) Info(message string)  { c.write("info", message) }
func (c *client) Warn(message string)  { c.write("warn", message) }
func (c *client) Error(message string) { c.write("error", message) }
func (c *client) Debug(message string) { c.write("debug", message) }
func (c *client) Trace(message string) { c.write("trace", message) }

func (c *client) write(level, message string) {
	_, _ = c.host(c.namespace, "logger", level, []byte(message))
}
