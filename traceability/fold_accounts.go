package traceability

import "linectl/line"

// commandApplied keeps the audit of one request.
func (f *fold) commandApplied(s scope, fact line.CommandApplied) {
	f.exec(`INSERT INTO actions (seq, at_us, station, pack_id, request, asker, why, command, accepted, reply, account, origin, roles, old_value, new_value)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, s.seq, s.micros, s.station, s.pack, fact.Request, fact.By, fact.Why,
		fact.Command, fact.Accepted, fact.Reply, fact.Account, string(fact.Origin), f.json(fact.Roles), fact.Old, fact.New)
}

// accountEntry folds the entries that concern accounts.
func (f *fold) accountEntry(s scope, fact line.Fact) {
	switch fact := fact.(type) {
	case line.UserAdded:
		f.accountChange(s, fact.User, "added", fact.Roles, fact.By, fact.Why)
	case line.RoleChanged:
		f.accountChange(s, fact.User, "roles", fact.New, fact.By, fact.Why)
	case line.UserDisabled:
		change := "disabled"
		if fact.Back {
			change = "enabled"
		}
		f.accountChange(s, fact.User, change, nil, fact.By, fact.Why)
	case line.PasswordChanged:
		f.accountChange(s, fact.User, "password", nil, fact.By, fact.Why)
	case line.CertificateBound:
		change := "certificate taken away"
		if fact.Certificate != nil {
			change = "certificate " + fact.Certificate.Thumbprint
		}
		f.accountChange(s, fact.User, change, nil, fact.By, fact.Why)
	default: // none of them
	}
}

func (f *fold) accountChange(s scope, user, change string, roles []line.Role, by, why string) {
	f.exec("INSERT INTO account_changes (seq, at_us, name, change, roles, actor, why) VALUES (?, ?, ?, ?, ?, ?, ?)",
		s.seq, s.micros, user, change, f.json(roles), by, why)
}
