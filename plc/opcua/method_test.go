package opcua

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopcua/opcua/ua"
	"pgregory.net/rapid"

	"linectl/plc/tags"
)

func TestTheFieldsAreThoseOfTheTagMap(t *testing.T) {
	var names []string
	for _, f := range fields {
		names = append(names, f.name)
	}
	if diff := cmp.Diff(tags.StatusFields, names); diff != "" {
		t.Errorf("fields differ from the tag map (-want +got):\n%s", diff)
	}
	for _, w := range witnesses {
		if w <= 0 || w >= len(fields) {
			t.Errorf("witness %d is no field", w)
		}
	}
}

// TestAHostileValueIsATypeErrorAndNoPanic gives every field values of every type that a server can send.
func TestAHostileValueIsATypeErrorAndNoPanic(t *testing.T) {
	right := map[string]func(any) bool{
		"UInt16":    func(v any) bool { _, ok := v.(uint16); return ok },
		"UInt32":    func(v any) bool { _, ok := v.(uint32); return ok },
		"UInt64":    func(v any) bool { _, ok := v.(uint64); return ok },
		"String":    func(v any) bool { _, ok := v.(string); return ok },
		"Float[24]": func(v any) bool { f, ok := v.([]float32); return ok && len(f) == 24 },
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(
			rapid.Just[any](nil), rapid.Map(rapid.Uint16(), toAny), rapid.Map(rapid.Uint32(), toAny), rapid.Map(rapid.Uint64(), toAny),
			rapid.Map(rapid.Int32(), toAny), rapid.Map(rapid.String(), toAny), rapid.Map(rapid.SliceOfN(rapid.Float32(), 0, 60), toAny),
			rapid.Map(rapid.SliceOfN(rapid.Float32(), 24, 24), toAny), rapid.Map(rapid.SliceOf(rapid.Byte()), toAny),
			rapid.Map(rapid.SliceOf(rapid.Uint16()), toAny), rapid.Just[any](ua.StatusBad), rapid.Just[any]((*ua.Variant)(nil)),
			rapid.Just[any](tags.Magic),
		).Draw(t, "value")
		f := rapid.SampledFrom(fields).Draw(t, "field")
		var s tags.Status
		want := right[f.kind](v)
		if f.name == "Magic" {
			want = v == any(tags.Magic)
		}
		if got := f.set(&s, v); got != want {
			t.Fatalf("%s takes %T: %v, want %v", f.name, v, got, want)
		}
		if len(s.Part) > 32 {
			t.Fatalf("a part of %d characters", len(s.Part))
		}
	})
}

func toAny[T any](v T) any { return v }

func TestValuesArriveBitForBit(t *testing.T) {
	values := make([]float32, 24)
	for i := range values {
		values[i] = math.Float32frombits(0x7FC00001 + uint32(i)) // NaNs that differ in their payload only
	}
	var s tags.Status
	for _, f := range fields {
		if f.name == "Values" && !f.set(&s, values) {
			t.Fatal("24 floats are refused")
		}
	}
	for i, v := range s.Values {
		if math.Float32bits(v) != 0x7FC00001+uint32(i) {
			t.Errorf("value %d arrived as %#x", i, math.Float32bits(v))
		}
	}
}
