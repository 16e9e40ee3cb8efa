package main

import (
	"strconv"
	"syscall"
	"time"
)

// trap is the unreachable instruction; see trap_wasm.s.
func trap()

func doTrap([]byte) ([]byte, error) {
	trap()
	return nil, nil
}

func doPanic(text []byte) ([]byte, error) { panic(string(text)) }

func doExit(arguments []byte) ([]byte, error) {
	code, err := number(arguments)
	if err != nil {
		return nil, err
	}
	syscall.Exit(code)
	return nil, nil
}

func doLoop([]byte) ([]byte, error) {
	for {
		calls++
	}
}

func doSleep(arguments []byte) ([]byte, error) {
	milliseconds, err := number(arguments)
	time.Sleep(time.Duration(milliseconds) * time.Millisecond)
	return nil, err
}

var eaten [][]byte

// doEat keeps so many MiB for good; without a number it never has enough.
func doEat(arguments []byte) ([]byte, error) {
	limit := 1 << 20
	if len(arguments) > 0 {
		var err error
		if limit, err = number(arguments); err != nil {
			return nil, err
		}
	}
	for range limit {
		block := make([]byte, 1<<20)
		for i := 0; i < len(block); i += 4096 {
			block[i] = 1
		}
		eaten = append(eaten, block)
	}
	return strconv.AppendInt(nil, int64(len(eaten)), 10), nil
}

// doAnswer makes an answer of so many bytes.
func doAnswer(arguments []byte) ([]byte, error) {
	size, err := number(arguments)
	if err != nil {
		return nil, err
	}
	answer := make([]byte, size)
	for i := range answer {
		answer[i] = byte('a' + i%26)
	}
	return answer, nil
}
