package main

import (
	"bytes"
	"encoding/json"
	"errors"
)

type airport struct {
	LocalCode string `json:"local_code"`
	Name      string `json:"name"`
	Country   string `json:"country"`
	Emoji     string `json:"emoji"`
	Type      string `json:"type"`
	TypeEmoji string `json:"type_emoji"`
	Status    string `json:"status"`
}

func decode(payload []byte) (string, error) {
	var request struct {
		LocalCode string `json:"local_code"`
	}
	if json.Unmarshal(payload, &request) != nil {
		return "", errors.New(`the body must be JSON such as {"local_code": "PHX"}`)
	}
	return request.LocalCode, nil
}

func problem(text string) []byte {
	return encode(struct {
		Error string `json:"error"`
	}{text})
}

// encode leaves <, > and & as they are: nobody puts the answer into a page unread.
func encode(value any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}
