package traceability

import (
	"context"
	"fmt"
	"slices"
	"time"

	"linectl/line"
)

// QuarantineWord is what one person has said of a pack in quarantine.
type QuarantineWord struct {
	Seq        int64         `json:"seq"`
	At         time.Time     `json:"at"`
	Word       string        `json:"word"`               // inspected, proposed, refused, decided
	Saw        line.Seen     `json:"saw,omitempty"`      // of an inspection
	Decision   line.Decision `json:"decision,omitempty"` // of the others
	Token      string        `json:"token,omitempty"`    // of the act in doubt
	Accepted   string        `json:"accepted,omitempty"` // as the evidence of a release names an act that counts as done
	By         string        `json:"by"`
	Account    string        `json:"account,omitempty"`
	Proof      line.Proof    `json:"proof,omitempty"`       // how By was shown; empty: a name that was typed
	ProposedBy string        `json:"proposed_by,omitempty"` // of a decision
	Why        string        `json:"why"`                   // of an inspection, what was seen
}

// quarantineWord folds what people say of packs in quarantine. A decision takes the pack out: it has no disposition then.
func (f *fold) quarantineWord(s scope, fact line.Fact) {
	var w QuarantineWord
	token := func(t line.Token) string {
		if t == 0 {
			return ""
		}
		return t.String()
	}
	switch fact := fact.(type) {
	case line.QuarantineInspected:
		w = QuarantineWord{Word: "inspected", Saw: fact.Saw, Token: token(fact.Token), By: fact.By, Account: fact.Account, Proof: fact.Proof, Why: fact.Remark}
	case line.QuarantineProposed:
		w = QuarantineWord{Word: "proposed", Decision: fact.Decision, By: fact.By, Account: fact.Account, Proof: fact.Proof, Why: fact.Why}
	case line.QuarantineRefused:
		w = QuarantineWord{Word: "refused", Decision: fact.Decision, By: fact.By, Account: fact.Account, Proof: fact.Proof, Why: fact.Why}
	case line.QuarantineDecided:
		w = QuarantineWord{
			Word: "decided", Decision: fact.Decision, Token: token(fact.Token), Accepted: fact.Accepted(), By: fact.By, Account: fact.Account, Proof: fact.Proof,
			ProposedBy: fact.ProposedBy, Why: fact.Why,
		}
		f.exec("UPDATE packs SET state = ?, disposed_seq = NULL, disposed_us = NULL WHERE pack_id = ?", string(line.InProcess), s.pack)
	default:
		return
	}
	f.exec(`INSERT INTO quarantine_words (seq, pack_id, at_us, word, saw, decision, token, act, actor, account, proof, proposed_by, why)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, s.seq, s.pack, s.micros, w.Word, string(w.Saw), string(w.Decision), w.Token, w.Accepted,
		w.By, w.Account, string(w.Proof), w.ProposedBy, w.Why)
}

func (d *Dossier) readQuarantine(ctx context.Context, q querier) (err error) {
	d.Quarantine, err = list(ctx, q, func(w *QuarantineWord) []any {
		return []any{
			&w.Seq, at{&w.At}, &w.Word, text[line.Seen]{&w.Saw}, text[line.Decision]{&w.Decision}, &w.Token, &w.Accepted, &w.By, &w.Account, text[line.Proof]{&w.Proof}, &w.ProposedBy, &w.Why,
		}
	}, `SELECT seq, at_us, word, saw, decision, token, act, actor, account, proof, proposed_by, why
		FROM quarantine_words WHERE pack_id = ? ORDER BY seq`, d.id)
	return err
}

// settle says of every act that was in doubt what two people have decided of it, and of its weld too. The verdict stays UNKNOWN: nobody
// knew it, and a decision does not change that.
func (d *Dossier) settle() {
	for i := range d.Attempts {
		a := &d.Attempts[i]
		a.Decided = d.decided(i)
		if weld := d.weldOf(a); weld != nil {
			weld.Decided, weld.Attempt = a.Decided, a.Attempt // the end of an act of which nobody knows does not say which attempt it was
		}
	}
}

// decided says what two people have made of an attempt, and by which entry it was made again. It is empty where none have.
func (d *Dossier) decided(attempt int) string {
	a := d.Attempts[attempt]
	said := slices.IndexFunc(d.Quarantine, func(w QuarantineWord) bool { return w.Word == "decided" && w.Token == a.Token.String() })
	if said < 0 {
		return ""
	}
	w := d.Quarantine[said]
	both := fmt.Sprintf("by %s and %s", w.ProposedBy, w.By)
	switch w.Decision {
	case line.DecisionAccept:
		return "accepted as done " + both
	case line.DecisionScrap:
		return "scrapped " + both
	case line.DecisionRework:
	}
	for _, later := range d.Attempts[attempt+1:] {
		if later.Station == a.Station && later.Task == a.Task && later.Index == a.Index && later.End == "done" {
			return fmt.Sprintf("made again (entry %d), decided %s", later.EndSeq, both)
		}
	}
	return "to be made again, decided " + both
}

// weldOf returns the weld that an attempt made or may have made, or nil.
func (d *Dossier) weldOf(a *Attempt) *Weld {
	for i := range d.Joints {
		if j := &d.Joints[i]; j.Joint == a.Index {
			for k := range j.Welds {
				if j.Welds[k].Seq == a.EndSeq {
					return &j.Welds[k]
				}
			}
		}
	}
	return nil
}

// accepted returns the decision by which two people let an act count as done, or nil.
func (d *Dossier) accepted(token line.Token) *QuarantineWord {
	for i := range d.Quarantine {
		if w := &d.Quarantine[i]; w.Word == "decided" && w.Decision == line.DecisionAccept && w.Token == token.String() {
			return w
		}
	}
	return nil
}

// acceptedAt reports whether the result or the quarantine of an entry is of an act that counts as done.
func (d *Dossier) acceptedAt(seq int64) bool {
	for _, a := range d.Attempts {
		if a.EndSeq == seq {
			return d.accepted(a.Token) != nil
		}
	}
	return false
}

// names reports whether an item of a release's evidence is not a step but an act that two people have accepted.
func (d *Dossier) names(item string) bool {
	for _, w := range d.Quarantine {
		if w.Accepted != "" && w.Accepted == item {
			return true
		}
	}
	return false
}
