package opcua

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"linectl/line"
	"linectl/packml"
)

var (
	requestID    = Argument{"RequestId", String, "Chosen by the caller; the same one again is done once. May be empty."}
	reason       = Argument{"Why", String, "The reason, for the record. May be empty where none is asked for."}
	replyOutputs = []Argument{
		{"Accepted", Bool, "True when it is done and recorded."},
		{"Text", Text, "What was done, or why not and what to do."},
	}
)

// commands are the PackML commands that people give, in the order of their numbers.
var commands = []packml.Command{
	packml.CmdReset, packml.CmdStart, packml.CmdStop, packml.CmdHold, packml.CmdUnhold, packml.CmdAbort, packml.CmdClear, packml.CmdComplete,
}

// who returns the roles that may do any of some things. The supervisor has the last word: it asks again for the roles that the
// account has at the moment when it decides.
func who(may ...line.Action) []line.Role {
	var roles []line.Role
	for _, a := range may {
		more, _ := line.WhoMay(a)
		for _, r := range more {
			if !slices.Contains(roles, r) {
				roles = append(roles, r)
			}
		}
	}
	return roles
}

// method makes a method of an object of ours, whose last two inputs are the request's id and reason.
func (g *Gateway) method(of, name, help string, roles []line.Role, in []Argument, command func(args []any) (line.Command, error)) Method {
	return Method{
		Browse: Browse{ID: Own(of + "." + name), Parent: Own(of), Name: name, Help: help}, Roles: roles,
		In: append(slices.Clip(in), requestID, reason), Out: replyOutputs,
		Call: func(ctx context.Context, by Caller, args []any) ([]any, Status) {
			c, err := command(args)
			if err != nil {
				return []any{false, err.Error()}, Refused
			}
			n := len(args)
			reply, status := g.ask(ctx, by, args[n-2].(string), args[n-1].(string), c)
			if status == Unanswered || status == NoSession {
				return nil, status
			}
			return []any{reply.Accepted, reply.Text}, status
		},
	}
}

// ask asks the line in the caller's name. An id of the caller's own keeps its meaning among those of other people.
func (g *Gateway) ask(ctx context.Context, by Caller, id, why string, c line.Command) (line.Reply, Status) {
	if id == "" {
		id = rand.Text()
	}
	undo := g.noteAnswer(c)
	reply, err := g.line.Ask(ctx, by.Session, line.Request{ID: "opcua/" + by.User + "/" + id, By: by.User, Why: why, Command: c})
	if errors.Is(err, ErrNoSession) {
		undo()
		return line.Reply{}, NoSession
	}
	if err != nil {
		g.log.Warn("a request without an answer", "user", by.User, "request", id, "err", err)
		return line.Reply{Text: unanswered}, Unanswered
	}
	if reply.Accepted {
		return reply, Done
	}
	undo()
	return reply, Refused
}

const unanswered = "the line does not answer; nobody knows whether it was done"

func (g *Gateway) machineMethods(of, target string) []Node {
	nodes := []Node{
		g.method(of, "SetUnitMode", "Asks for a unit mode, which is taken in Stopped, Idle and Aborted only.", who(line.MayChangeMode),
			[]Argument{{"Mode", String, "Production, Maintenance, Manual or Setup"}}, func(a []any) (line.Command, error) {
				return line.SetMode{Target: target, Mode: a[0].(string)}, nil
			}),
	}
	for _, c := range commands {
		nodes = append(nodes, g.method(of, c.String(), "PackML command "+c.String()+".", who(line.MayOperate), nil, func([]any) (line.Command, error) {
			return line.Machine{Target: target, Command: c.String()}, nil
		}))
	}
	return nodes
}

func (g *Gateway) stationMethods(name string) []Node {
	station := line.StationID(name)
	return append(g.machineMethods(name, name),
		g.method(name, "LoadMaterial", "Puts a lot of a consumable at the station.", who(line.MayLoadMaterial), []Argument{
			{"Item", String, "The consumable."}, {"Lot", String, "Its lot."}, {"Quantity", Double, "How much."}, {"Expiry", Moment, "Until when it may be used, UTC."},
		}, func(a []any) (line.Command, error) {
			if q := a[2].(float64); math.IsNaN(q) || math.IsInf(q, 0) {
				return nil, fmt.Errorf("a quantity of %g is none", q)
			}
			return line.LoadMaterial{Station: station, Item: a[0].(string), Lot: line.LotID(a[1].(string)), Quantity: a[2].(float64), Expiry: a[3].(time.Time)}, nil
		}),
		g.method(name, "ServiceTool", "Says that the tool was cleaned, dressed or replaced.", who(line.MayServiceTools),
			[]Argument{{"Action", String, "clean, dress or replace"}}, func(a []any) (line.Command, error) {
				return line.ServiceTool{Station: station, Action: a[0].(string)}, nil
			}),
		g.method(name, "CheckMaster", "Asks for a check of the station's measuring against its reference part now.", who(line.MayCheckMasters), nil,
			func([]any) (line.Command, error) { return line.CheckMaster{Station: station}, nil }),
		g.method(name, "WriteOff", "Says that a part which is expected here is not there and will not come.", who(line.MayWriteOff),
			[]Argument{{"Part", String, "The part."}}, func(a []any) (line.Command, error) {
				return line.WriteOff{Station: station, Part: a[0].(string)}, nil
			}),
	)
}

func (g *Gateway) lineMethods() []Node {
	alarm := Argument{"Alarm", String, "The alarm, ST060/held."}
	named := func(command func(string) line.Command) func([]any) (line.Command, error) {
		return func(a []any) (line.Command, error) { return command(a[0].(string)), nil }
	}
	return append(g.machineMethods("Line", "line"),
		g.method("Line", "AddOrder", "Puts an order at the end of the queue.", who(line.MayAddOrders), []Argument{
			{"Order", String, "The order's name."}, {"Product", String, "What to build."}, {"Quantity", UInt32, "Packs, 1 to 100000."},
		}, func(a []any) (line.Command, error) {
			return line.AddOrder{Order: line.OrderID(a[0].(string)), Product: a[1].(string), Quantity: int(a[2].(uint32))}, nil
		}),
		g.method("Line", "DecideRework", "Decides on a pack: rework it, when it waits at the bench, or scrap it, wherever it waits.", who(line.MayRouteRework, line.MayScrap), []Argument{
			{"Pack", String, "The pack."}, {"Scrap", Bool, "True to scrap it."},
		}, func(a []any) (line.Command, error) {
			return line.DecideRework{Pack: line.PackID(a[0].(string)), Scrap: a[1].(bool)}, nil
		}),
		g.method("Line", "HoldPart", "Keeps a pack or lot from going on.", who(line.MayHold), []Argument{{"Subject", String, "The pack or lot."}},
			named(func(s string) line.Command { return line.Hold{Subject: s} })),
		g.method("Line", "ReleasePart", "Ends a hold.", who(line.MayHold), []Argument{{"Subject", String, "The pack or lot."}},
			named(func(s string) line.Command { return line.Hold{Subject: s, Release: true} })),
		g.method("Line", "AnswerPrompt", "Answers a question of the line.", who(line.MayAnswer), []Argument{
			{"Prompt", String, "The question's name, from Prompts."},
			{"Option", String, "One of its answers, as it stands in PromptOptions."},
			{"Input", String, "What was scanned or typed, where PromptInputs asks for it."},
		}, func(a []any) (line.Command, error) {
			return line.AnswerPrompt{Prompt: a[0].(string), Option: a[1].(string), Input: a[2].(string)}, nil
		}),
		g.method("Line", "DisableAlarm", "Takes an alarm out of service. The reason is needed.", who(line.MayRetireAlarms), []Argument{alarm},
			named(func(s string) line.Command { return line.DisableAlarm{Alarm: s} })),
		g.method("Line", "EnableAlarm", "Puts an alarm back into service. The reason is needed.", who(line.MayRetireAlarms), []Argument{alarm},
			named(func(s string) line.Command { return line.DisableAlarm{Alarm: s, Back: true} })),
		g.method("Line", "AcknowledgeAlarm", "Says that a person has seen the alarm.", who(line.MaySeeToAlarms), []Argument{alarm},
			named(func(s string) line.Command { return line.AcknowledgeAlarm{Alarm: s} })),
		g.method("Line", "ConfirmAlarm", "Says that what the alarm asked for was done.", who(line.MaySeeToAlarms), []Argument{alarm},
			named(func(s string) line.Command { return line.ConfirmAlarm{Alarm: s} })),
		g.method("Line", "ResetAlarm", "Releases a latched alarm whose cause is gone.", who(line.MaySeeToAlarms), []Argument{alarm},
			named(func(s string) line.Command { return line.ResetAlarm{Alarm: s} })),
		g.method("Line", "UnshelveAlarm", "Puts a shelved alarm back.", who(line.MaySeeToAlarms), []Argument{alarm},
			named(func(s string) line.Command { return line.UnshelveAlarm{Alarm: s} })),
		g.method("Line", "CommentAlarm", "Notes something on an alarm.", who(line.MaySeeToAlarms), []Argument{alarm, {"Comment", String, "The note."}},
			func(a []any) (line.Command, error) {
				return line.CommentAlarm{Alarm: a[0].(string), Comment: a[1].(string)}, nil
			}),
		g.method("Line", "ShelveAlarm", "Takes an alarm out of sight for a while; it returns alone. The reason is needed.", who(line.MaySeeToAlarms),
			[]Argument{alarm, {"Minutes", UInt32, "1 to 480"}, {"OneShot", Bool, "Return already when the cause is gone."}},
			func(a []any) (line.Command, error) {
				return line.ShelveAlarm{Alarm: a[0].(string), For: time.Duration(a[1].(uint32)) * time.Minute, OneShot: a[2].(bool)}, nil
			}),
	)
}
