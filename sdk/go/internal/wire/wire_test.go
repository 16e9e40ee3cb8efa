package wire_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/tarmac-project/tarmac-python/sdk/go/internal/wire"
)

func fields(t *testing.T, message []byte) []wire.Field {
	t.Helper()
	var found []wire.Field
	if err := wire.Each(message, func(f wire.Field) error { found = append(found, f); return nil }); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	for _, number := range []uint64{1, 127, 128, 300, 1 << 32, math.MaxUint64} {
		long := bytes.Repeat([]byte{0xff}, 300)
		message := wire.AppendBytes(wire.AppendVarint(nil, 3, number), 2, long)
		found := fields(t, message)
		if len(found) != 2 || found[0].ID != 3 || found[0].Number != number || !bytes.Equal(found[1].Bytes, long) {
			t.Errorf("%d: %+v", number, found)
		}
	}
}

func TestTheBytesAreThoseOfTheProtobufEncoding(t *testing.T) {
	if message := wire.AppendVarint(nil, 1, 150); !bytes.Equal(message, []byte{0x08, 0x96, 0x01}) {
		t.Errorf("% x", message)
	}
	if message := wire.AppendBytes(nil, 2, "testing"); !bytes.Equal(message, append([]byte{0x12, 7}, "testing"...)) {
		t.Errorf("% x", message)
	}
}

func TestAZeroNumberIsLeftOutAndEmptyBytesAreNot(t *testing.T) {
	if message := wire.AppendVarint(nil, 1, 0); len(message) != 0 {
		t.Errorf("% x", message)
	}
	if message := wire.AppendBytes(nil, 2, ""); !bytes.Equal(message, []byte{0x12, 0}) {
		t.Errorf("% x", message)
	}
}

func TestFixedSizeFieldsAreSkipped(t *testing.T) {
	message := append([]byte{0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 1, 2, 3, 4}, 0x08, 5)
	if found := fields(t, message); len(found) != 1 || found[0].Number != 5 {
		t.Errorf("%+v", found)
	}
}

func TestGroupsAreSkipped(t *testing.T) {
	message := []byte{0x0b, 0x08, 1, 0x13, 0x12, 1, 'a', 0x14, 0x0c, 0x08, 5}
	if found := fields(t, message); len(found) != 1 || found[0].Number != 5 {
		t.Errorf("%+v", found)
	}
}

func TestAFieldOfAnotherWireTypeIsNotTheOneAskedFor(t *testing.T) {
	found := fields(t, []byte{0x08, 5, 0x12, 1, 'a'})
	if !found[0].IsVarint(1) || found[0].IsBytes(1) || !found[1].IsBytes(2) || found[1].IsVarint(2) || found[1].IsBytes(1) {
		t.Errorf("%+v", found)
	}
}

func TestMembersOfAOneofAreWrittenEvenWhenTheyAreZero(t *testing.T) {
	if message := wire.AppendSetVarint(nil, 1, 0); !bytes.Equal(message, []byte{0x08, 0}) {
		t.Errorf("% x", message)
	}
	if message := wire.AppendDouble(nil, 3, -2); !bytes.Equal(message, []byte{0x19, 0, 0, 0, 0, 0, 0, 0, 0xc0}) {
		t.Errorf("% x", message)
	}
}

func TestBrokenMessagesAreErrors(t *testing.T) {
	for name, message := range map[string][]byte{
		"truncated tag":     {0x80},
		"field zero":        {0x02, 0},
		"truncated number":  {0x08, 0x80},
		"number too long":   {0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02},
		"truncated bytes":   {0x12, 2, 'a'},
		"huge length":       {0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
		"truncated fixed":   {0x09, 1, 2},
		"group without end": {0x0b, 0x08, 1},
		"end of no group":   {0x0c},
		"end of another":    {0x0b, 0x14},
		"groups too deep":   append(bytes.Repeat([]byte{0x0b}, 1000), bytes.Repeat([]byte{0x0c}, 1000)...),
		"JSON":              []byte(`{"a":1}`),
	} {
		err := wire.Each(message, func(wire.Field) error { return nil })
		if !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheCallersErrorEndsTheReading(t *testing.T) {
	enough, seen := errors.New("enough"), 0
	err := wire.Each([]byte{0x08, 1, 0x08, 2}, func(wire.Field) error { seen++; return enough })
	if !errors.Is(err, enough) || seen != 1 {
		t.Error(err, seen)
	}
}

func FuzzAnyBytesAreReadOrRefused(f *testing.F) {
	f.Add([]byte{0x12, 2, 'a', 'b'})
	f.Fuzz(func(t *testing.T, message []byte) {
		total := 0
		err := wire.Each(message, func(field wire.Field) error { total += len(field.Bytes); return nil })
		if err == nil && total > len(message) {
			t.Errorf("%d bytes found in %d", total, len(message))
		}
	})
}
