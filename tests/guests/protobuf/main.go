// Reads and writes Tarmac's messages with Google's Go implementation of protobuf, which shares no code with the host's. The
// payload's first line is a verb and a message's full name, the rest its operand. Verbs are listed in tests/guests/README.md.
package main

import (
	"bytes"
	_ "embed"
	"errors"
	"slices"
	"strings"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// The .proto files of sdk/proto, compiled by sdk/proto/generate.py.
//
//go:embed messages.binpb
var compiled []byte

func main() {
	messages, err := load()
	if err != nil {
		panic(err)
	}
	handle := func(payload []byte) ([]byte, error) { return answer(messages, payload) }
	if _, err := tarmac.New(tarmac.Config{Handler: handle}); err != nil {
		panic(err)
	}
}

// load returns every message by its full name, without the entries of maps.
func load() (map[string]protoreflect.MessageDescriptor, error) {
	set := &descriptorpb.FileDescriptorSet{}
	if err := proto.Unmarshal(compiled, set); err != nil {
		return nil, err
	}
	files, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, err
	}
	messages := map[string]protoreflect.MessageDescriptor{}
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Messages().Len() {
			message := file.Messages().Get(i)
			messages[string(message.FullName())] = message
		}
		return true
	})
	return messages, nil
}

func answer(messages map[string]protoreflect.MessageDescriptor, payload []byte) ([]byte, error) {
	line, operand, _ := bytes.Cut(payload, []byte("\n"))
	verb, name, _ := strings.Cut(string(line), " ")
	if verb == "list" {
		return []byte(strings.Join(names(messages), "\n")), nil
	}
	described, known := messages[name]
	if !known {
		return nil, errors.New("unknown message " + name)
	}
	message := dynamicpb.NewMessage(described)
	switch verb {
	case "write":
		if err := protojson.Unmarshal(operand, message); err != nil {
			return nil, err
		}
		return proto.MarshalOptions{Deterministic: true}.Marshal(message)
	case "read":
		if err := proto.Unmarshal(operand, message); err != nil {
			return nil, err
		}
		return protojson.Marshal(message)
	case "again":
		if err := proto.Unmarshal(operand, message); err != nil {
			return nil, err
		}
		return proto.MarshalOptions{Deterministic: true}.Marshal(message)
	}
	return nil, errors.New("unknown verb " + verb)
}

func names(messages map[string]protoreflect.MessageDescriptor) []string {
	var all []string
	for name := range messages {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

