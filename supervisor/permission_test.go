package supervisor_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linectl/line"
	"linectl/supervisor"
)

// account gives a person a role by the journal alone.
func (d *desk) account(user string, roles ...line.Role) {
	d.fact("", "", line.UserAdded{User: user, Roles: roles, By: "test"})
	d.fact("", "", line.PasswordChanged{User: user, Number: 1, By: "test"})
}

// as asks with the session of an account, and returns the answer with its audit.
func (d *desk) as(user string, c line.Command) (line.Reply, line.CommandApplied) {
	return d.request(line.Request{By: user, Account: user, Origin: line.FromSession, Proof: line.ByPassword, Why: "test", Command: c})
}

func (d *desk) request(q line.Request) (line.Reply, line.CommandApplied) {
	d.t.Helper()
	out := d.Step(d.now, supervisor.Asked{Request: q})
	if len(out.Replies) != 1 {
		d.t.Fatalf("%d answers to %+v", len(out.Replies), q)
	}
	for _, r := range out.Records {
		if f, ok := r.Fact.(line.CommandApplied); ok {
			return out.Replies[0], f
		}
	}
	d.t.Fatalf("no audit of %+v", q)
	return line.Reply{}, line.CommandApplied{}
}

// TestWhoMayDoWhat writes the whole matrix out: the columns are the roles in the order of line.Roles, x means may.
func TestWhoMayDoWhat(t *testing.T) {
	const columns = "Viewer Operator TeamLeader Maintenance ProcessEngineer Quality Commissioning Admin"
	if got := strings.ReplaceAll(line.RoleNames(line.Roles), ",", ""); got != columns {
		t.Fatalf("the columns are %s", got)
	}
	machine := func(c string) line.Command { return line.Machine{Target: "ST060", Command: c} }
	for _, row := range []struct {
		may     string
		command line.Command
	}{
		// V O T M P Q C A
		{". x x x . . . .", machine("Reset")},
		{". x x x . . . .", machine("Start")},
		{". x x x . . . .", machine("Stop")},
		{". x x x . . . .", machine("Hold")},
		{". x x x . . . .", machine("Unhold")},
		{". x x x . . . .", machine("Abort")},
		{". x x x . . . .", machine("Clear")},
		{". x x x . . . .", machine("Complete")},
		{". . x x . . . .", line.SetMode{Target: "ST060", Mode: "Maintenance"}},
		{". x x x . . . .", line.LoadMaterial{Station: "ST100", Item: "gap-filler", Lot: "G33", Quantity: 1}},
		{". x x x . . . .", line.CheckMaster{Station: "ST020"}},
		{". x x x . x . .", line.AnswerPrompt{Prompt: "p", Option: "o"}},
		{". x x x . . . .", line.ServiceTool{Station: "ST060", Action: "clean"}},
		{". x x x . . . .", line.AcknowledgeAlarm{Alarm: "ST060/x"}},
		{". x x x . . . .", line.ConfirmAlarm{Alarm: "ST060/x"}},
		{". x x x . . . .", line.CommentAlarm{Alarm: "ST060/x"}},
		{". x x x . . . .", line.ShelveAlarm{Alarm: "ST060/x"}},
		{". x x x . . . .", line.UnshelveAlarm{Alarm: "ST060/x"}},
		{". x x x . . . .", line.ResetAlarm{Alarm: "ST060/x"}},
		{". . . x . . . .", line.DisableAlarm{Alarm: "ST060/x"}},
		{". . x . . . . .", line.AddOrder{Order: "o", Product: "ESS-P2", Quantity: 1}},
		{". . x . . . . .", line.DecideRework{Pack: "ESS-P2-000001"}},
		{". . x . . x . .", line.DecideRework{Pack: "ESS-P2-000001", Scrap: true}},
		{". . x . . x . .", line.WriteOff{Station: "ST060", Part: "ESS-P2-000001"}},
		{". . x x . x . .", line.InspectQuarantine{Pack: "ESS-P2-000001", Saw: line.SeenDone}},
		{". . x . . x . .", line.DecideQuarantine{Pack: "ESS-P2-000001", Decision: line.DecisionScrap}},
		{". . . . . x . .", line.Hold{Subject: "L1"}},
		{". . . . . x . .", line.Hold{Subject: "L1", Release: true}},
		{". . . . . . . x", line.AddUser{User: "omar", Roles: []line.Role{line.Viewer}}},
		{". . . . . . . x", line.ChangeRoles{User: "other", Roles: []line.Role{line.Viewer}}},
		{". . . . . . . x", line.DisableUser{User: "other"}},
		{". . . . . . . x", line.BindCertificate{User: "other"}},
		{". . . . . . . x", line.ChangePassword{User: "other"}},
		{"x x x x x x x x", line.ChangePassword{User: "me"}},
		{"x x x x x x x x", line.LogIn{Source: "panel 1"}},
		{". . . . . . . .", line.NoteFailedLogIns{User: "me", Source: "panel 1", Count: 1}},
		{". . . . . . . .", nil},
	} {
		for i, role := range line.Roles {
			d := newDesk(t)
			d.account("other", line.Operator)
			d.account("me", role)
			reply, audit := d.as("me", row.command)
			denied := strings.Contains(reply.Text, "may not ") || strings.Contains(reply.Text, "nobody may ask")
			if may := row.may[2*i] == 'x'; may == denied {
				t.Errorf("%s asks %T%+v: %q, want may %t", role, row.command, row.command, reply.Text, may)
			}
			if denied && reply.Accepted || audit.Account != "me" || !slices.Equal(audit.Roles, []line.Role{role}) || audit.Accepted != reply.Accepted {
				t.Errorf("%s asks %+v: answer %+v, audit %+v", role, row.command, reply, audit)
			}
		}
	}
}

// everything shows the whole line as text.
func (d *desk) everything() string {
	snap := d.Snapshot(d.now)
	text, err := json.Marshal(snap)
	if err != nil {
		d.t.Fatal(err)
	}
	return fmt.Sprintf("%s %+v", text, snap.Accounts)
}

// No origin is nobody, and what a person types as their name gives no right.
func TestNobodyMayDoAnything(t *testing.T) {
	order := line.AddOrder{Order: "o", Product: "ESS-P2", Quantity: 1}
	for _, tt := range []struct {
		name string
		q    line.Request
		want string
	}{
		{"no origin", line.Request{By: "boss", Account: "boss", Command: order}, "nobody has logged in"},
		{"another origin", line.Request{By: "boss", Account: "boss", Origin: "web", Command: order}, "nobody has logged in"},
		{"no account", line.Request{By: "boss", Origin: line.FromSession, Command: order}, `there is no account ""`},
		{"an unknown account", line.Request{By: "boss", Account: "omar", Origin: line.FromSession, Command: order}, `there is no account "omar"`},
		{"only the name is a leader's", line.Request{By: "boss", Account: "amna", Origin: line.FromSession, Command: order}, "amna (Viewer) may not add orders; TeamLeader may"},
		{"a local user without a name", line.Request{By: "boss", Origin: line.FromLocal, Command: order}, "nobody has logged in"},
		{"linectl itself", line.Request{By: "boss", Account: "boss", Origin: line.FromItself, Command: order}, "linectl itself may not add orders"},
		{"a log-in without a password", line.Request{Account: "local:ali", Origin: line.FromLocal, Command: line.LogIn{}}, "may not log in over the control socket"},
		{"a second set-up", line.Request{Account: "set-up", Origin: line.FromItself, Command: line.AddUser{User: "omar", Roles: []line.Role{line.Admin}}}, "may not keep accounts"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t)
			d.account("boss", line.TeamLeader)
			d.account("amna", line.Viewer)
			before := d.everything()
			reply, audit := d.request(tt.q)
			if reply.Accepted || !strings.Contains(reply.Text, tt.want) {
				t.Errorf("answer %+v, want refused with %q", reply, tt.want)
			}
			if audit.Accepted || audit.By != tt.q.By || audit.Account != tt.q.Account || audit.Origin != tt.q.Origin || audit.Reply != reply.Text {
				t.Errorf("audit %+v", audit)
			}
			if after := d.everything(); after != before {
				t.Errorf("something changed:\n%s\n%s", before, after)
			}
		})
	}
}

// A role counts as it is when the command is applied, whatever session is open, and so after a restart.
func TestRolesCountWhenTheCommandIsApplied(t *testing.T) {
	d := newDesk(t)
	d.account("sana", line.Admin)
	if r, _ := d.as("sana", line.AddUser{User: "amna", Roles: []line.Role{line.Viewer}}); !r.Accepted {
		t.Fatal(r.Text)
	}
	try := func(want string) {
		t.Helper()
		if r, _ := d.as("amna", line.AddOrder{Order: "o", Product: "ESS-P2", Quantity: 0}); !strings.Contains(r.Text, want) {
			t.Errorf("%q, want %q", r.Text, want)
		}
	}
	try("amna (Viewer) may not add orders")
	for _, step := range []struct {
		c    line.Command
		want string
	}{
		{line.ChangeRoles{User: "amna", Roles: []line.Role{line.Operator, line.TeamLeader}}, "give a name and 1 to 100000 packs"},
		{line.DisableUser{User: "amna"}, "the account amna is disabled"},
		{line.DisableUser{User: "amna", Back: true}, "give a name and 1 to 100000 packs"},
		{line.ChangeRoles{User: "amna", Roles: []line.Role{line.Quality}}, "amna (Quality) may not add orders"},
	} {
		if r, _ := d.as("sana", step.c); !r.Accepted {
			t.Fatal(r.Text)
		}
		try(step.want)
	}
}

func TestTheLastAdminStays(t *testing.T) {
	d := newDesk(t)
	d.account("sana", line.Admin)
	d.account("omar", line.Admin, line.Quality)
	for _, tt := range []struct {
		c    line.Command
		want string
	}{
		{line.DisableUser{User: "omar"}, "omar is disabled"},
		{line.DisableUser{User: "sana"}, "sana is the last Admin"},
		{line.ChangeRoles{User: "sana", Roles: []line.Role{line.Viewer}}, "sana is the last Admin"},
		{line.ChangeRoles{User: "sana", Roles: nil}, "an account needs a role"},
		{line.ChangeRoles{User: "sana", Roles: []line.Role{"Boss"}}, `no role "Boss"`},
		{line.ChangeRoles{User: "sana", Roles: []line.Role{line.Admin, line.Admin}}, "named twice"},
		{line.ChangeRoles{User: "sana", Roles: []line.Role{line.Admin}}, "sana is Admin already"},
		{line.AddUser{User: "sana", Roles: []line.Role{line.Viewer}}, "never given to another person"},
		{line.AddUser{User: "local:sana", Roles: []line.Role{line.Viewer}}, "is no user name"},
	} {
		if r, _ := d.as("sana", tt.c); !strings.Contains(r.Text, tt.want) {
			t.Errorf("%+v: %q, want %q", tt.c, r.Text, tt.want)
		}
	}
}

// The audit says what stood before and after, for what was done and for what was refused.
func TestTheAuditHasTheOldAndTheNewValue(t *testing.T) {
	d := newDesk(t)
	d.account("sana", line.Admin, line.Quality, line.TeamLeader, line.Operator)
	lot := line.LoadMaterial{Station: "ST100", Item: "screw-m6", Lot: "G34", Quantity: 5, Expiry: noon.AddDate(1, 0, 0)}
	d.fact("ST100", "", line.MaterialLoaded{Item: "screw-m6", Lot: "G33", Quantity: 2, Expiry: noon.AddDate(1, 0, 0)})
	d.fact("", "", line.OrderAdded{Order: "first", Product: "ESS-P2", Revision: d.recipe.Revision, Hash: d.recipe.Hash, Quantity: 1})
	d.fact("", "ESS-P2-000001", line.PackStarted{Order: "first", Number: 1, Product: "ESS-P2", Revision: d.recipe.Revision, Hash: d.recipe.Hash})
	d.fact("ST010", "", line.PartArrived{})
	d.fact("ST010", "", line.CellReceived{Cell: "C001", Item: d.recipe.Cell.Item, Lot: "L1", Verdict: line.OK})
	d.fact("ST010", "", line.PartMoved{Part: "C001", To: "ST020"})
	for _, tt := range []struct {
		c        line.Command
		old, new string
	}{
		{line.Machine{Target: "ST060", Command: "Start"}, "Stopped", "Stopped"}, // refused
		{line.Machine{Target: "line", Command: "Stop"}, "9 Stopped", "9 Stopped"},
		{line.AddOrder{Order: "o", Product: "ESS-P2", Quantity: 3}, "", "3 × ESS-P2 revision " + d.recipe.Revision},
		{line.WriteOff{Station: "ST020", Part: "C001"}, "expected at ST020", "not expected"},
		{line.WriteOff{Station: "ST020", Part: "C002"}, "not expected", "not expected"}, // refused
		{line.Hold{Subject: "G33"}, "not held", "held by sana: test"},
		{line.Hold{Subject: "G33", Release: true}, "held by sana: test", "not held"},
		{lot, "lot G33, 2 left", "lot G34, 5 left"},
		{line.AddUser{User: "amna", Roles: []line.Role{line.Viewer}}, "no account", "Viewer"},
		{line.ChangeRoles{User: "amna", Roles: []line.Role{line.Operator}}, "Viewer", "Operator"},
		{line.ChangePassword{User: "amna"}, "password 1", "password 2"},
		{line.DisableUser{User: "amna"}, "Operator", "Operator, disabled"},
		{line.AcknowledgeAlarm{Alarm: "ST060/none"}, "not in the list", "not in the list"},
	} {
		_, audit := d.request(line.Request{ID: fmt.Sprintf("%T%v", tt.c, tt.c), By: "sana", Account: "sana", Origin: line.FromSession, Why: "test", Command: tt.c})
		if audit.Old != tt.old || audit.New != tt.new || audit.Why != "test" || audit.By != "sana" || audit.Request == "" || audit.Command == "" {
			t.Errorf("%+v: audit %+v, want %q → %q", tt.c, audit, tt.old, tt.new)
		}
	}
}

// Nobody spends another's request id: the second asker gets an answer of their own.
func TestARequestIDBelongsToItsAsker(t *testing.T) {
	d := newDesk(t)
	d.account("amna", line.Viewer)
	d.account("sana", line.TeamLeader)
	ask := func(user string) line.Reply {
		r, _ := d.request(line.Request{ID: "7", By: user, Account: user, Origin: line.FromSession, Command: line.AddOrder{Order: "o", Product: "ESS-P2", Quantity: 1}})
		return r
	}
	if r := ask("amna"); r.Accepted {
		t.Fatal(r.Text)
	}
	if r := ask("sana"); !r.Accepted {
		t.Errorf("an id that a Viewer had used is lost for the team leader: %s", r.Text)
	}
}

// Accounts are a fold: a line that read the journal permits and refuses as the one that wrote it.
func TestAccountsComeBackFromTheJournal(t *testing.T) {
	user := rapid.SampledFrom([]string{"amna", "sana", "omar", "root"})
	roles := rapid.SliceOfNDistinct(rapid.SampledFrom(line.Roles), 1, 3, rapid.ID)
	rapid.Check(t, func(rt *rapid.T) {
		live, again := newDesk(t), newDesk(t)
		for range rapid.IntRange(1, 15).Draw(rt, "steps") {
			c := rapid.SampledFrom([]line.Command{
				line.AddUser{User: user.Draw(rt, "user"), Roles: roles.Draw(rt, "roles")},
				line.ChangeRoles{User: user.Draw(rt, "user"), Roles: roles.Draw(rt, "roles")},
				line.DisableUser{User: user.Draw(rt, "user"), Back: rapid.Bool().Draw(rt, "back")},
				line.ChangePassword{User: user.Draw(rt, "user")},
				line.BindCertificate{User: user.Draw(rt, "user")},
				line.BindCertificate{User: user.Draw(rt, "user"), Certificate: &line.UserCertificate{
					Thumbprint: strings.Repeat(rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "certificate"), 64), Until: noon.Add(time.Hour),
				}},
			}).Draw(rt, "command")
			out := live.Step(live.now, supervisor.Asked{Request: line.Request{By: "ali", Account: "local:ali", Origin: line.FromLocal, Command: c}})
			for _, r := range out.Records {
				again.Apply(r)
			}
		}
		got, want := fmt.Sprint(again.Snapshot(noon).Accounts), fmt.Sprint(live.Snapshot(noon).Accounts)
		if got != want {
			rt.Fatalf("came back as %s, were %s", got, want)
		}
		names := map[string]bool{}
		for _, a := range live.Snapshot(noon).Accounts {
			if names[a.User] || a.Passwords < 1 || len(a.Roles) == 0 {
				rt.Fatalf("accounts %s", want)
			}
			names[a.User] = true
		}
	})
}

// What is done in person nobody does by a name that was typed, nor on a gateway's word for a certificate: not even the owner of the
// computer, whatever accounts there are.
func TestInPersonIsWithAPassword(t *testing.T) {
	look := line.InspectQuarantine{Pack: "ESS-P2-000001", Saw: line.SeenDone}
	decide := line.DecideQuarantine{Pack: "ESS-P2-000001", Decision: line.DecisionRework}
	confirm, refuse := decide, decide
	confirm.Confirm, refuse.Refuse = true, true
	local := line.Request{By: "amna", Account: "local:ali", Origin: line.FromLocal, Why: "test"}
	session := line.Request{By: "amna", Account: "amna", Origin: line.FromSession, Why: "test"}
	card := session
	card.Proof = line.ByCertificate
	leader := func(d *desk) { d.account("amna", line.TeamLeader) }
	for _, tt := range []struct {
		name string
		q    line.Request
		with func(*desk)
		want string
	}{
		{"by name", local, leader, "you log in with your own account, so that the record can say who it was"},
		{"by name, where nobody has an account", local, func(*desk) {}, "nobody has an account yet: make the first one with linectl setup"},
		{"by name, where nobody has the role", local, func(d *desk) { d.account("amna", line.Viewer) }, "no account has that role yet: linectl user add USER TeamLeader"},
		{"by name, where who has the role has left", local, func(d *desk) { leader(d); d.fact("", "", line.UserDisabled{User: "amna"}) }, "no account has that role yet"},
		{"a session of which nobody says how it was opened", session, leader, "log in with the password"},
		{"with a certificate", card, leader, "amna has logged in with a certificate, which the gateway has seen and the line has not"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, c := range []line.Command{look, decide, confirm, refuse} {
				d := newDesk(t)
				tt.with(d)
				id := d.quarantined(interrupt)
				d.welder(inDoubt, line.PhaseIdle)
				if c != look {
					d.fact("", id, line.QuarantineInspected{Token: inDoubt, Saw: line.SeenDone, By: "sana", Account: "sana", Proof: line.ByPassword, Floor: inDoubt})
				}
				if c == confirm || c == refuse {
					d.account("omar", line.Quality)
					d.fact("", id, line.QuarantineProposed{Decision: line.DecisionRework, By: "omar", Account: "omar", Proof: line.ByPassword})
				}
				before := fmt.Sprintf("%+v", d.item())
				tt.q.Command = c
				reply, audit := d.request(tt.q)
				if reply.Accepted || audit.Accepted || !strings.Contains(reply.Text, tt.want) && c != confirm && c != refuse {
					t.Errorf("%+v: %+v, want refused with %q", c, reply, tt.want)
				}
				if after := fmt.Sprintf("%+v", d.item()); after != before {
					t.Errorf("refused, and yet %s became %s", before, after)
				}
			}
		})
	}
}

// The page on security shows the matrix as it is: its rows are asked of the line, one command for each.
func TestTheSecurityPageShowsTheMatrix(t *testing.T) {
	source, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]line.Command{
		"PackML commands of stations and the line":                line.Machine{Target: "line", Command: "Stop"},
		"load material, service a tool":                           line.ServiceTool{Station: "ST060", Action: "clean"},
		"set the unit mode":                                       line.SetMode{Target: "line", Mode: "Maintenance"},
		"ask for a check against the reference part":              line.CheckMaster{Station: "ST020"},
		"answer a question of the line":                           line.AnswerPrompt{Prompt: "p", Option: "o"},
		"acknowledge, confirm, comment, shelve, reset alarms":     line.ShelveAlarm{Alarm: "ST060/x"},
		"take an alarm out of service":                            line.DisableAlarm{Alarm: "ST060/x"},
		"add an order":                                            line.AddOrder{Order: "o"},
		"decide on rework":                                        line.DecideRework{Pack: "p"},
		"scrap a pack":                                            line.DecideRework{Pack: "p", Scrap: true},
		"write a part off":                                        line.WriteOff{Station: "ST060", Part: "p"},
		"inspect a pack in quarantine":                            line.InspectQuarantine{Pack: "p"},
		"decide on a pack in quarantine":                          line.DecideQuarantine{Pack: "p"},
		"hold, release a hold":                                    line.Hold{Subject: "L1"},
		"add and disable accounts, give roles, others' passwords": line.AddUser{User: "omar"},
		"one's own password":                                      line.ChangePassword{User: "me"},
	}
	found := 0
	for text := range strings.Lines(string(source)) {
		cells := strings.Split(strings.TrimSpace(text), "|")
		if len(cells) != len(line.Roles)+3 {
			continue
		}
		c, ok := rows[strings.TrimSpace(cells[1])]
		if !ok {
			continue
		}
		found++
		for i, role := range line.Roles {
			d := newDesk(t)
			d.account("me", role)
			reply, _ := d.as("me", c)
			if may, says := !strings.Contains(reply.Text, "may not "), strings.TrimSpace(cells[i+2]) == "x"; may != says {
				t.Errorf("%s, %s: the page says %t, the line %t", cells[1], role, says, may)
			}
		}
	}
	if found != len(rows) {
		t.Errorf("%d rows on the page, want %d", found, len(rows))
	}
}
