package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"linectl/line"
)

// MaxRequest is the largest body of a request in bytes. A request has a few hundred; more is a mistake.
const MaxRequest = 64 << 10

const maxText = 1024 // bytes in one text of a request

// commands names every command as it stands in "kind". The names are part of the protocol: they never change.
var commands = map[string]line.Command{
	"machine":     line.Machine{},
	"mode":        line.SetMode{},
	"prompt":      line.AnswerPrompt{},
	"master":      line.CheckMaster{},
	"order":       line.AddOrder{},
	"rework":      line.DecideRework{},
	"write-off":   line.WriteOff{},
	"hold":        line.Hold{},
	"inspect":     line.InspectQuarantine{},
	"quarantine":  line.DecideQuarantine{},
	"material":    line.LoadMaterial{},
	"service":     line.ServiceTool{},
	"acknowledge": line.AcknowledgeAlarm{},
	"confirm":     line.ConfirmAlarm{},
	"comment":     line.CommentAlarm{},
	"shelve":      line.ShelveAlarm{},
	"unshelve":    line.UnshelveAlarm{},
	"reset":       line.ResetAlarm{},
	"disable":     line.DisableAlarm{},

	"user-roles":   line.ChangeRoles{},
	"user-disable": line.DisableUser{},

	"user-certificate": line.BindCertificate{},
}

var commandNames = func() map[reflect.Type]string {
	names := make(map[reflect.Type]string, len(commands))
	for name, c := range commands {
		names[reflect.TypeOf(c)] = name
	}
	return names
}()

// wireRequest is a line.Request as it goes over the socket.
type wireRequest struct {
	ID      string          `json:"id,omitempty"`
	By      string          `json:"by,omitempty"`
	Why     string          `json:"why,omitempty"`
	Command json.RawMessage `json:"command"`
}

// DecodeRequest reads one request. Unknown fields, a second value after the first and texts that no screen can show are
// refused: a command that is half understood must not be obeyed.
func DecodeRequest(body []byte) (line.Request, error) {
	if len(body) > MaxRequest {
		return line.Request{}, fmt.Errorf("request of %d bytes: at most %d are read", len(body), MaxRequest)
	}
	var wire wireRequest
	if err := strict(body, &wire); err != nil {
		return line.Request{}, fmt.Errorf("request: %w", err)
	}
	var head map[string]json.RawMessage
	if err := json.Unmarshal(wire.Command, &head); err != nil || head == nil {
		return line.Request{}, errors.New(`request: "command" must be an object with a "kind"`)
	}
	var kind string
	if err := json.Unmarshal(head["kind"], &kind); err != nil {
		return line.Request{}, fmt.Errorf(`request: command has no "kind"; known are %s`, kinds())
	}
	proto, ok := commands[kind]
	if !ok {
		return line.Request{}, fmt.Errorf("request: unknown command kind %q; known are %s", kind, kinds())
	}
	delete(head, "kind")
	rest, err := json.Marshal(head)
	if err != nil {
		return line.Request{}, fmt.Errorf("request: %w", err)
	}
	command := reflect.New(reflect.TypeOf(proto))
	if err := strict(rest, command.Interface()); err != nil {
		return line.Request{}, fmt.Errorf("request: command %q: %w", kind, err)
	}
	r := line.Request{ID: wire.ID, By: wire.By, Why: wire.Why, Command: command.Elem().Interface().(line.Command)}
	return r, checkTexts(r)
}

// EncodeRequest writes what DecodeRequest reads.
func EncodeRequest(r line.Request) ([]byte, error) {
	kind, ok := commandNames[reflect.TypeOf(r.Command)]
	if !ok {
		return nil, fmt.Errorf("request: command of type %T cannot be sent", r.Command)
	}
	body, err := json.Marshal(r.Command)
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	head := fmt.Appendf(nil, `{"kind":%q`, kind)
	if !bytes.Equal(body, []byte("{}")) {
		head = append(head, ',')
	}
	return json.Marshal(wireRequest{ID: r.ID, By: r.By, Why: r.Why, Command: append(head, body[1:]...)})
}

func kinds() string { return strings.Join(slices.Sorted(maps.Keys(commands)), ", ") }

func strict(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value in the body")
	}
	return nil
}

// checkTexts refuses texts that are too long or hold control characters: they would end in the journal and on screens.
func checkTexts(r line.Request) error {
	texts := map[string]string{"id": r.ID, "by": r.By, "why": r.Why}
	v := reflect.ValueOf(r.Command)
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		switch f := v.Field(i); {
		case f.Kind() == reflect.String:
			texts[name] = f.String()
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.String:
			for j := range f.Len() {
				texts[name] += f.Index(j).String() + " "
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if len(texts[name]) > maxText {
			return fmt.Errorf("request: %q is longer than %d bytes", name, maxText)
		}
		if i := strings.IndexFunc(texts[name], func(c rune) bool { return c < 0x20 || c == 0x7f || c == 0xfffd }); i >= 0 {
			return fmt.Errorf("request: %q holds a character at byte %d that no screen can show", name, i)
		}
	}
	return nil
}
