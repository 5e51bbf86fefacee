package main

import (
	"strings"
	"testing"
)

func TestTallyCountsAndTellsWhatWentWrong(t *testing.T) {
	for _, tt := range []struct {
		name   string
		events string
		ok     bool
		want   []string
		absent string
	}{
		{"all pass", `{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}`, true, []string{"ok  \tp\t0.1s\tafter 0s\n", "1 passed, 0 failed, 0 skipped\n"}, "chatter"},
		{"figures", `{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:12: points=60 died=60 in 19s\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:13: all is well\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"seeds=7 violations=0\n"}
{"Action":"pass","Package":"p"}`, true, []string{"points=60 died=60 in 19s\nseeds=7 violations=0\n"}, "well"},
		{"one fails", `{"Action":"output","Package":"p","Test":"TestA","Output":"want 1\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`, false, []string{"want 1\n", "failed:\n  p TestA\n", "0 passed, 1 failed, 0 skipped\n"}, ""},
		{"one left out", `{"Action":"output","Package":"p","Test":"TestA","Output":"needs root\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p"}`, true, []string{"needs root\n", "1 passed, 0 failed, 1 skipped\n"}, ""},
		{"one left out where all must run", `{"Action":"output","Package":"p","Test":"TestA","Output":"needs root\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p"}`, false, []string{"needs root\n", "left out, for the reasons above:\n  p.TestA\n", "1 passed, 0 failed, 1 skipped\n"}, ""},
		{"one that may be left out where all must run", `{"Action":"output","Package":"p","Test":"TestMount","Output":"needs root\n"}
{"Action":"skip","Package":"p","Test":"TestMount"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p"}`, true, []string{"needs root\n", "left out, for the reasons above:\n  p.TestMount\n", "1 passed, 0 failed, 1 skipped\n"}, ""},
		{"does not build", `{"Action":"build-output","ImportPath":"p","Output":"p.go:1: no\n"}
{"Action":"build-fail","ImportPath":"p"}
{"Action":"fail","Package":"p","FailedBuild":"p"}`, false, []string{"p.go:1: no\n", "failed:\n  p\n", "0 passed, 1 failed, 0 skipped\n"}, ""},
		{"dies in a test", `{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestA","Output":"panic: no\n"}
{"Action":"fail","Package":"p"}`, false, []string{"panic: no\n", "1 passed, 1 failed, 0 skipped\n"}, ""},
		{"nothing at all", ``, false, []string{"no test ran"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			ok, err := tally(strings.NewReader(tt.events), &out, strings.Contains(tt.name, "all must run"), "p.TestMount")
			if ok != tt.ok || err != nil {
				t.Errorf("ok = %v, %v; want %v", ok, err, tt.ok)
			}
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("output lacks %q:\n%s", want, out.String())
				}
			}
			if tt.absent != "" && strings.Contains(out.String(), tt.absent) {
				t.Errorf("output has %q:\n%s", tt.absent, out.String())
			}
		})
	}
}
