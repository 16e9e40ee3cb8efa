package main

import (
	"strconv"
	"strings"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/function"
	"github.com/tarmac-project/tarmac-python/sdk/go/logging"
	"github.com/tarmac-project/tarmac-python/sdk/go/metrics"
)

// measure: lines such as "counter NAME", "inc NAME", "dec NAME", "observe NAME VALUE".
func measure(config tarmac.RuntimeConfig, arguments []string) (string, error) {
	var refused error
	client, err := metrics.New(metrics.Config{SDKConfig: config, OnError: func(err error) { refused = err }})
	if err != nil {
		return "", err
	}
	for _, line := range arguments {
		if err := measureOne(client, strings.Split(line, " ")); err != nil {
			return "", err
		}
	}
	return "", refused
}

func measureOne(client metrics.Client, words []string) error {
	switch words[0] {
	case "counter":
		counter, err := client.NewCounter(words[1])
		if err == nil {
			counter.Inc()
		}
		return err
	case "observe":
		value, err := strconv.ParseFloat(words[2], 64)
		if err != nil {
			return err
		}
		histogram, err := client.NewHistogram(words[1])
		if err == nil {
			histogram.Observe(value)
		}
		return err
	}
	gauge, err := client.NewGauge(words[1])
	if err == nil && words[0] == "inc" {
		gauge.Inc()
	}
	if err == nil && words[0] == "dec" {
		gauge.Dec()
	}
	return err
}

// writeLog: text, which is written at each level.
func writeLog(config tarmac.RuntimeConfig, arguments []string) (string, error) {
	log, err := logging.New(logging.Config{SDKConfig: config})
	if err != nil {
		return "", err
	}
	for _, write := range []func(string){log.Trace, log.Debug, log.Info, log.Warn, log.Error} {
		write(arguments[0])
	}
	return "", nil
}

// callFunction: name, input.
func callFunction(config tarmac.RuntimeConfig, arguments []string) (string, error) {
	functions, err := function.New(function.Config{SDKConfig: config})
	if err != nil {
		return "", err
	}
	answer, err := functions.Call(arguments[0], []byte(strings.Join(arguments[1:], "\n")))
	return string(answer), err
}
