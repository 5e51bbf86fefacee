package traceability

import (
	"math"
	"reflect"
	"time"

	"pgregory.net/rapid"

	"linectl/line"
)

// facts has one of each kind.
var facts = []line.Fact{
	line.LineStarted{},
	line.RecipePinned{},
	line.OrderAdded{},
	line.PackStarted{},
	line.CellReceived{},
	line.CellGraded{},
	line.SetReserved{},
	line.Intent{},
	line.ActDone{},
	line.ActRefused{},
	line.ActQuarantined{},
	line.StateChanged{},
	line.PartArrived{},
	line.StepDone{},
	line.PartMoved{},
	line.ReworkDecided{},
	line.PackDisposed{},
	line.HoldSet{},
	line.HoldReleased{},
	line.AlarmRaised{},
	line.AlarmCleared{},
	line.AlarmAcknowledged{},
	line.AlarmConfirmed{},
	line.AlarmCommented{},
	line.AlarmShelved{},
	line.AlarmUnshelved{},
	line.AlarmSuppressed{},
	line.AlarmUnsuppressed{},
	line.AlarmReset{},
	line.AlarmRepeated{},
	line.AlarmOutOfService{},
	line.CommandApplied{},
	line.MaterialLoaded{},
	line.ToolServiced{},
	line.MasterChecked{},
	line.UserAdded{},
	line.RoleChanged{},
	line.UserDisabled{},
	line.PasswordChanged{},
	line.CertificateBound{},
	line.ModeChanged{},
	line.MasterAsked{},
	line.QuarantineInspected{},
	line.QuarantineProposed{},
	line.QuarantineRefused{},
	line.QuarantineDecided{},
}

// factGens draws facts of every kind with arbitrary contents, field by field.
var factGens = func() []*rapid.Generator[line.Fact] {
	gens := make([]*rapid.Generator[line.Fact], len(facts))
	for i, fact := range facts {
		gens[i] = rapid.Custom(func(t *rapid.T) line.Fact {
			v := reflect.New(reflect.TypeOf(fact)).Elem()
			fill(t, v)
			return v.Interface().(line.Fact)
		})
	}
	return gens
}()

func recordGen() *rapid.Generator[line.Record] {
	return rapid.Custom(func(t *rapid.T) line.Record {
		return line.Record{
			At:      drawTime(t).Truncate(time.Microsecond),
			Station: rapid.SampledFrom([]line.StationID{"", "ST010", "ST060", "ST130"}).Draw(t, "station"),
			Pack:    rapid.SampledFrom([]line.PackID{"", "EV-P1-000001", "DRN-P3-000002"}).Draw(t, "pack"),
			Fact:    rapid.OneOf(factGens...).Draw(t, "fact"),
		}
	})
}

func drawTime(t *rapid.T) time.Time {
	return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
}

// words is what identities and words are drawn from: few, so that they meet again, and some that are hard to store.
var words = rapid.OneOf(
	rapid.SampledFrom([]string{"", "a", "b", "weld", "ST060.welder", "EV-P1-000001", "1Ω; DROP TABLE packs; --", "<&>\u2028\x00"}),
	rapid.StringN(0, 8, 32),
)

// fill draws a value for every field below v.
func fill(t *rapid.T, v reflect.Value) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(drawTime(t)))
		return
	case line.Token:
		v.SetUint(uint64(line.NewToken(rapid.Uint16().Draw(t, "fence"), rapid.Uint64Range(0, 3).Draw(t, "sequence"))))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(t, field)
		}
	case reflect.Slice:
		n := rapid.IntRange(0, 3).Draw(t, "len")
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(t, v.Index(i))
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "given") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem())
		}
	case reflect.String:
		v.SetString(words.Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Float64:
		v.SetFloat(rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64).Draw(t, "number"))
	case reflect.Uint16, reflect.Uint32:
		v.SetUint(rapid.Uint64Range(0, math.MaxUint16).Draw(t, "number"))
	default:
		v.SetInt(int64(rapid.IntRange(-3, 300).Draw(t, "number")))
	}
}
