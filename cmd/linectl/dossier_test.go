package main

import (
	"strings"
	"testing"

	"linectl/line"
	"linectl/traceability"
)

// A dossier is read by people: numbers stand in runs, and a pack that has just begun has no acts to praise.
func TestADossierIsInWords(t *testing.T) {
	for _, c := range []struct {
		d         traceability.Dossier
		want, not string
	}{
		{traceability.Dossier{}, "no act yet", "acts in all"},
		{traceability.Dossier{Attempts: []traceability.Attempt{{Station: "ST040", End: "done", Verdict: line.OK, Attempt: 1}}}, "every act was good the first time\n1 acts in all: ST040 1; 0 joints", "no act yet"},
		{traceability.Dossier{Reworks: []traceability.Rework{{Step: line.Weld, Indexes: []int{3, 6, 7, 8, 10, 11}, Build: 2, By: "amna"}}}, "weld    3, 6-8, 10-11  2      amna", "["},
		{traceability.Dossier{Reworks: []traceability.Rework{{Step: line.Assemble, Build: 2, By: "amna"}}}, "assemble  -        2      amna", "["},
	} {
		var out strings.Builder
		if err := writeDossier(&out, &c.d); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), c.want) || strings.Contains(out.String(), c.not) {
			t.Errorf("it says\n%s\nwant %q and not %q", &out, c.want, c.not)
		}
	}
}
