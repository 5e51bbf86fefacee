package control_test

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linectl/control"
	"linectl/line"
)

func TestEveryCommandSurvivesTheWire(t *testing.T) {
	text := rapid.StringMatching(`[A-Za-z0-9 .,µΩ"\\/{}-]{0,40}`)
	rapid.Check(t, func(t *rapid.T) {
		s := func(what string) string { return text.Draw(t, what) }
		command := rapid.SampledFrom([]line.Command{
			line.Machine{Target: s("target"), Command: s("command")},
			line.AddOrder{Order: line.OrderID(s("order")), Product: s("product"), Quantity: rapid.Int().Draw(t, "quantity")},
			line.DecideRework{Pack: line.PackID(s("pack")), Scrap: rapid.Bool().Draw(t, "scrap")},
			line.WriteOff{Station: "ST020", Part: s("part")},
			line.Hold{Subject: s("subject"), Release: rapid.Bool().Draw(t, "release")},
			line.LoadMaterial{
				Station: "ST100", Item: s("item"), Lot: line.LotID(s("lot")), Quantity: rapid.Float64Range(-1e9, 1e9).Draw(t, "amount"),
				Expiry: time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "expiry"), 0).UTC(),
			},
			line.ServiceTool{Station: "ST060", Action: s("action")},
			line.AcknowledgeAlarm{Alarm: s("alarm"), Occurrence: rapid.Int().Draw(t, "occurrence")},
			line.ConfirmAlarm{Alarm: s("alarm"), Occurrence: rapid.Int().Draw(t, "occurrence")},
			line.CommentAlarm{Alarm: s("alarm"), Comment: s("comment")},
			line.ShelveAlarm{Alarm: s("alarm"), For: time.Duration(rapid.Int64().Draw(t, "for")), OneShot: rapid.Bool().Draw(t, "once")},
			line.UnshelveAlarm{Alarm: s("alarm")},
			line.ResetAlarm{Alarm: s("alarm")},
			line.DisableAlarm{Alarm: s("alarm"), Back: rapid.Bool().Draw(t, "back")},
			line.ChangeRoles{User: s("user"), Roles: []line.Role{line.Role(s("role")), line.Quality}},
			line.DisableUser{User: s("user"), Back: rapid.Bool().Draw(t, "back")},
			line.BindCertificate{User: s("user")},
			line.BindCertificate{User: s("user"), Certificate: &line.UserCertificate{Thumbprint: s("thumbprint"), Subject: s("subject"), Until: time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "until"), 0).UTC()}},
		}).Draw(t, "kind")
		in := line.Request{ID: s("id"), By: s("by"), Why: s("why"), Command: command}
		body, err := control.EncodeRequest(in)
		if err != nil {
			t.Fatal(err)
		}
		out, err := control.DecodeRequest(body)
		if err != nil || !reflect.DeepEqual(in, out) {
			t.Fatalf("%+v came back as %+v, error %v, body %s", in, out, err, body)
		}
	})
}

// FuzzDecodeRequest holds that whatever is accepted can be written again and means the same, and that nothing panics.
func FuzzDecodeRequest(f *testing.F) {
	for _, seed := range []string{
		`{"id":"1","by":"A","why":"w","command":{"kind":"machine","target":"ST060","command":"Reset"}}`,
		`{"command":{"kind":"order","order":"o","product":"EV-P1","quantity":1}}`,
		`{"command":{"kind":"material","station":"ST100","item":"x","lot":"l","quantity":1.5,"expiry":"2026-01-02T03:04:05Z"}}`,
		`{"command":{"kind":"hold","kind":"rework"}}`, `{"command":null}`, `{"command":[]}`, `null`, `{`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		in, err := control.DecodeRequest(body)
		if err != nil {
			return
		}
		again, err := control.EncodeRequest(in)
		if err != nil {
			t.Fatalf("%s was accepted and cannot be written: %v", body, err)
		}
		out, err := control.DecodeRequest(again)
		if err != nil || !reflect.DeepEqual(in, out) {
			t.Fatalf("%s: %+v came back as %+v, error %v", body, in, out, err)
		}
	})
}
