package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"sync"
	"time"

	"linectl/hmi/opcua"
	"linectl/line"
)

// shelf is a record store with a few packs in it, as they would be told by the real one.
type shelf struct {
	mu       sync.Mutex
	dossiers map[string]string
	found    string
	shift    string
	orders   string
	spans    []time.Time // that were asked for
}

func newShelf() *shelf {
	return &shelf{dossiers: map[string]string{"EV-P1-000001": aDossier}, found: "[]", shift: aShift, orders: someOrders}
}

func (s *shelf) change(how func(*shelf)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	how(s)
}

// FindParts finds what stands in found, and everything on the shelf when nothing is asked for.
func (s *shelf) FindParts(_ context.Context, text string, _ uint32, _ int) (json.RawMessage, uint32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.HasPrefix(text, "EV") || text == "SIM-1" {
		return json.RawMessage(`[{"pack":"EV-P1-000001","product":"EV-P1","order":"4711","state":"quarantined","serial":"SIM-1","found":"serial","begun":"2026-03-04T05:06:07Z","ended":null}]`), 0, nil
	}
	return json.RawMessage(s.found), 0, nil
}

func (s *shelf) Part(_ context.Context, id string) (json.RawMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, ok := s.dossiers[id]; ok {
		return json.RawMessage(d), nil
	}
	return nil, errors.New("no pack bears " + id + "; look at the label")
}

func (s *shelf) Shift(_ context.Context, from, to time.Time) (json.RawMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spans = append(s.spans, from, to)
	return json.RawMessage(s.shift), nil
}

func (s *shelf) Orders(context.Context, uint32, int) (json.RawMessage, uint32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.RawMessage(s.orders), 0, nil
}

func (s *shelf) Audit(context.Context, time.Time, time.Time, uint32, int) (json.RawMessage, uint32, error) {
	return json.RawMessage("[]"), 0, nil
}

// Waveform has one weld of three samples, the last of which leaves its band, and a channel without a band.
func (s *shelf) Waveform(_ context.Context, hash string) (*opcua.Waveform, error) {
	if hash != "abc" {
		return nil, errors.New("the file of the waveform is gone")
	}
	gap := []float64{math.NaN(), math.NaN(), math.NaN()}
	return &opcua.Waveform{Interval: time.Millisecond, OutsidePercent: 100.0 / 3, Channels: []line.Compared{
		{Channel: line.Channel{Name: "power", Unit: "W", Samples: []float32{1, 2, 9}}, Low: []float64{0, 1, 2}, High: []float64{2, 3, 4}},
		{Channel: line.Channel{Name: "plasma", Unit: "1", Samples: []float32{1, 1, 1}}, Low: gap, High: gap},
	}}, nil
}

const aDossier = `{"pack":"EV-P1-000001","product":"EV-P1","order":"4711","number":1,"revision":"3","recipe_hash":"0123456789abcdef","simulated":true,
"state":"quarantined","station":"ST060","build":1,"first_pass":false,"begun":"2026-03-04T05:06:07Z","ended":"2026-03-04T06:06:07Z","software":{"version":"test"},
"modules":[{"module":"EV-P1-000001-M01","number":1,"cells":[
 {"slot":1,"group":1,"cell":"CELL-1","lot":"LOT-A","placed":"CELL-1","gradings":[{"capacity_ah":50.1,"verdict":"OK","measurements":[{"name":"ocv","value":3.28,"unit":"V","lsl":3.2,"usl":3.4,"verdict":"OK"},{"name":"acir","value":0.0005,"unit":"Ω","usl":0.001,"verdict":"OK"}]}]},
 {"slot":2,"group":1,"cell":"CELL-2","lot":"LOT-A","placed":"","gradings":[]}]}],
"lots":[{"station":"ST040","item":"foil","lot":"F-1","quantity":2,"expiry":null}],
"steps":[{"at":"2026-03-04T05:10:00Z","station":"ST060","step":"weld","build":1,"verdict":"NOK","codes":["060-W-010"],"text":"plasma 2","acts":4}],
"attempts":[
 {"seq":1,"end_seq":2,"at":"2026-03-04T05:10:00Z","station":"ST060","device":"ST060.welder","task":41,"name":"laser weld","index":1,"attempt":1,"verdict":"OK","measurements":[{"name":"weldPower","index":1,"value":2800,"unit":"W","lsl":2660,"usl":2940,"verdict":"OK"}]},
 {"seq":3,"end_seq":4,"at":"2026-03-04T05:10:01Z","station":"ST060","device":"ST060.welder","task":41,"name":"laser weld","index":2,"attempt":1,"verdict":"NOK","code":"060-W-010","text":"plasma 2 1.8 > 1.15","measurements":[{"name":"plasma","index":2,"value":1.8,"unit":"1","lsl":0.85,"usl":1.15,"verdict":"NOK","code":"060-W-010"}]},
 {"seq":5,"end_seq":6,"at":"2026-03-04T05:10:02Z","station":"ST060","device":"ST060.welder","task":41,"name":"laser weld","index":3,"attempt":1,"verdict":"NOK"},
 {"seq":7,"end_seq":8,"at":"2026-03-04T05:10:03Z","station":"ST060","device":"ST060.welder","task":41,"name":"laser weld","index":3,"attempt":2,"verdict":"OK","rework":true},
 {"seq":9,"end_seq":10,"at":"2026-03-04T05:20:00Z","station":"ST130","device":"ST130.tester","task":105,"name":"insulation resistance","attempt":1,"verdict":"OK","measurements":[{"name":"insulationPlus","value":235000000,"unit":"Ω","lsl":5000000,"verdict":"OK"}]}],
"joints":[{"joint":1,"welds":[{"seq":2,"task":41,"attempt":1,"verdict":"OK","no_waveform":"the disk was full"}]},
 {"joint":2,"welds":[{"seq":4,"task":41,"attempt":1,"verdict":"NOK","waveform":"abc"}]},
 {"joint":3,"welds":[{"seq":6,"task":41,"attempt":1,"verdict":"NOK","waveform":"gone"},{"seq":8,"task":41,"attempt":2,"rework":true,"verdict":"OK"}]},
 {"joint":4,"welds":[]}],
"quarantine":[{"at":"2026-03-04T05:25:00Z","word":"inspected","saw":"done","by":"qasim","proof":"password","why":"whole"},
 {"at":"2026-03-04T05:26:00Z","word":"proposed","decision":"accept","by":"tariq","proof":"password","why":"as seen"},
 {"at":"2026-03-04T05:27:00Z","word":"refused","decision":"accept","by":"Omar","why":"look again"},
 {"at":"2026-03-04T05:28:00Z","word":"decided","decision":"scrap","by":"qasim","proof":"password","proposed_by":"tariq","why":"agreed"}],
"reservations":[],"moves":[],"reworks":[],"alarms":[],"masters":[],"tools":[],
"holds":[{"at":"2026-03-04T05:30:00Z","subject":"EV-P1-000001","reason":"seam 2 looks open","by":"qasim","released_at":null}],
"actions":[{"at":"2026-03-04T05:30:00Z","by":"qasim","account":"opcua:qasim","command":"hold EV-P1-000001","accepted":true,"reply":"held","why":"seam 2 looks open"}],
"dispositions":[{"at":"2026-03-04T06:06:07Z","disposition":"quarantined","reason":"joint 4 was never welded","evidence":["weld"]}],
"missing":["no weld of joint 4","cell of slot 2 was never placed"]}`

const aShift = `{"from":"2026-03-04T06:00:00Z","to":"2026-03-04T14:00:00Z","begun":9,"released":6,"scrapped":1,"quarantined":1,"first_pass":5,
"products":[{"product":"EV-P1","released":6,"scrapped":1,"quarantined":1,"first_pass":5}],
"stations":[{"station":"ST060","processed":9,"defective":2}],
"nok":[{"station":"ST060","code":"060-W-010","verdict":"NOK","count":3,"packs":2}],
"alarms":[{"alarm":"ST060/held","station":"ST060","text":"station holds","count":2,"active_s":120}],
"losses":[{"station":"ST060","cause":"the electrode sticks","own":true,"seconds":600,"times":2},{"station":"ST070","cause":"starved by ST060","own":false,"seconds":1200,"times":2}]}`

const someOrders = `[{"order":"4711","product":"EV-P1","revision":"3","quantity":5,"added":"2026-03-04T05:00:00Z","started":4,"released":3,"scrapped":0,"quarantined":1,"first_pass":2,"ended":null}]`
