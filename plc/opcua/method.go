package opcua

import (
	"context"
	"fmt"

	"github.com/gopcua/opcua/ua"

	"linectl/line"
	"linectl/plc/tags"
)

// method is the face with the method Execute and one variable a field under Status.
type method struct {
	object, execute *ua.NodeID
	status          *ua.ReadRequest // all fields, then the witnesses again
}

// field is one variable of the status.
type field struct {
	name string
	kind string                           // its OPC UA type, for people
	set  func(s *tags.Status, v any) bool // false: it has another type
}

func number[N uint16 | uint32 | uint64, T ~uint16 | ~uint32 | ~uint64](at func(*tags.Status) *T) func(*tags.Status, any) bool {
	return func(s *tags.Status, v any) bool {
		n, ok := v.(N)
		*at(s) = T(n)
		return ok
	}
}

func word[T ~uint16](name string, at func(*tags.Status) *T) field {
	return field{name, "UInt16", number[uint16](at)}
}

func double(name string, at func(*tags.Status) *uint32) field {
	return field{name, "UInt32", number[uint32](at)}
}

func token[T ~uint64](name string, at func(*tags.Status) *T) field {
	return field{name, "UInt64", number[uint64](at)}
}

// fields are the variables in the order of tags.StatusFields.
var fields = []field{
	{"Magic", "UInt32", func(_ *tags.Status, v any) bool { n, ok := v.(uint32); return ok && n == tags.Magic }},
	word("Heartbeat", func(s *tags.Status) *uint16 { return &s.Heartbeat }),
	double("RetainId", func(s *tags.Status) *uint32 { return &s.RetainID }),
	double("BootEpoch", func(s *tags.Status) *uint32 { return &s.BootEpoch }),
	word("FenceHighest", func(s *tags.Status) *uint16 { return &s.FenceHighest }),
	token("Floor", func(s *tags.Status) *line.Token { return &s.Floor }),
	token("InFlight", func(s *tags.Status) *line.Token { return &s.InFlight }),
	word("Phase", func(s *tags.Status) *line.Phase { return &s.Phase }),
	token("LastCompleted", func(s *tags.Status) *line.Token { return &s.LastCompleted }),
	word("Outcome", func(s *tags.Status) *line.Outcome { return &s.Outcome }),
	word("Reason", func(s *tags.Status) *uint16 { return &s.Reason }),
	{"PartId", "String", func(s *tags.Status, v any) bool {
		text, ok := v.(string)
		s.Part = text[:min(len(text), 32)]
		return ok
	}},
	word("IndexEcho", func(s *tags.Status) *uint16 { return &s.Index }),
	{"Values", "Float[24]", func(s *tags.Status, v any) bool {
		values, ok := v.([]float32)
		return ok && copy(s.Values[:], values) == len(s.Values) && len(values) == len(s.Values)
	}},
	double("EffectCount", func(s *tags.Status) *uint32 { return &s.EffectCount }),
	word("IndexState", func(s *tags.Status) *uint16 { return &s.IndexState }),
	token("RejectedToken", func(s *tags.Status) *line.Token { return &s.Rejected }),
	word("RejectReason", func(s *tags.Status) *line.RejectReason { return &s.RejectReason }),
	word("PackMLState", func(s *tags.Status) *uint16 { return &s.Machine }),
	word("UnitMode", func(s *tags.Status) *uint16 { return &s.Mode }),
	double("Permissives", func(s *tags.Status) *uint32 { return &s.Permissives }),
	double("Safety", func(s *tags.Status) *uint32 { return &s.Safety }),
	double("Alarms", func(s *tags.Status) *uint32 { return &s.Alarms }),
	word("FirstOutAlarm", func(s *tags.Status) *uint16 { return &s.FirstOut }),
	double("Sensors", func(s *tags.Status) *uint32 { return &s.Sensors }),
}

// witnesses are the fields that move when an act does. They are read twice in the one request, first and last: a device that
// serves the variables one after the other while they change is found out by them.
var witnesses = []int{2, 3, 5, 6, 7, 8}

func newMethod(node func(string) *ua.NodeID) *method {
	m := &method{
		object: node(""), execute: node(".Execute"),
		status: &ua.ReadRequest{MaxAge: 0, TimestampsToReturn: ua.TimestampsToReturnNeither},
	}
	add := func(f field) {
		m.status.NodesToRead = append(m.status.NodesToRead, &ua.ReadValueID{NodeID: node(".Status." + f.name), AttributeID: ua.AttributeIDValue})
	}
	for _, f := range fields {
		add(f)
	}
	for _, w := range witnesses {
		add(fields[w])
	}
	return m
}

// check names every variable that is missing or has the wrong type, and a method that is none.
func (m *method) check(ctx context.Context, c *conn) error {
	results, err := c.request(ctx, "status", m.status)
	if err != nil {
		return err
	}
	var problems []string
	for i, f := range fields {
		var s tags.Status
		node := m.status.NodesToRead[i].NodeID
		switch r := results[i]; {
		case r == nil || configurationCodes[r.Status]:
			problems = append(problems, fmt.Sprintf("%s is missing or not readable", node))
		case r.Status == ua.StatusOK && (r.Value == nil || !f.set(&s, r.Value.Value())):
			problems = append(problems, fmt.Sprintf("%s is not %s or has a wrong value", node, f.kind))
		}
	}
	class, err := c.request(ctx, "method", &ua.ReadRequest{
		TimestampsToReturn: ua.TimestampsToReturnNeither,
		NodesToRead:        []*ua.ReadValueID{{NodeID: m.execute, AttributeID: ua.AttributeIDNodeClass}},
	})
	if err != nil {
		return err
	}
	if r := class[0]; r == nil || r.Status != ua.StatusOK || r.Value == nil || !isClass(r.Value.Value(), ua.NodeClassMethod) {
		problems = append(problems, fmt.Sprintf("%s is no method", m.execute))
	}
	if problems != nil {
		return c.mapping(problems)
	}
	return nil
}

func (m *method) read(ctx context.Context, c *conn) (tags.Status, error) {
	results, err := c.request(ctx, "status", m.status)
	if err != nil {
		return tags.Status{}, err
	}
	var s, again tags.Status
	for i, r := range results {
		into, f := &s, i
		if i >= len(fields) {
			into, f = &again, witnesses[i-len(fields)]
		}
		node := m.status.NodesToRead[i].NodeID
		v, err := c.value("status", node, r)
		if err != nil {
			return tags.Status{}, err
		}
		if !fields[f].set(into, v) {
			return tags.Status{}, c.mapping([]string{fmt.Sprintf("%s is not %s or has a wrong value", node, fields[f].kind)})
		}
	}
	if s.RetainID != again.RetainID || s.BootEpoch != again.BootEpoch || s.Floor != again.Floor || s.InFlight != again.InFlight ||
		s.Phase != again.Phase || s.LastCompleted != again.LastCompleted {
		return s, fmt.Errorf("read status at %s: %w", c.where, tags.ErrTorn)
	}
	return s, nil
}

// write calls the method. Its return value is not looked at: what the device made of the call stands in its status.
func (m *method) write(ctx context.Context, c *conn, cmd tags.Command) error {
	arguments := make([]*ua.Variant, 0, len(tags.ExecuteArguments))
	for _, v := range []any{
		uint64(cmd.Token), cmd.Fence, cmd.BootEpoch, uint16(cmd.Op), cmd.Task, cmd.Flags, cmd.Part, cmd.Index, cmd.RecipeHash[:],
		cmd.Params[:],
	} {
		argument, err := ua.NewVariant(v)
		if err != nil {
			return fmt.Errorf("call Execute at %s: %w", c.where, err)
		}
		arguments = append(arguments, argument)
	}
	result, err := c.client.Call(ctx, &ua.CallMethodRequest{ObjectID: m.object, MethodID: m.execute, InputArguments: arguments})
	if err != nil {
		return fmt.Errorf("call Execute at %s: %w", c.where, c.guard.Explain(err))
	}
	if result == nil {
		return fmt.Errorf("call Execute at %s: an empty answer came", c.where)
	}
	if result.StatusCode != ua.StatusOK {
		return c.refused("call Execute", m.execute, result.StatusCode)
	}
	return nil
}
