package main

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"linectl": func() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs what the README tells people to type, and what happens when they type it wrong.
func TestScripts(t *testing.T) {
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"freeports": func(ts *testscript.TestScript, _ bool, args []string) { // so that tests can run beside a line
				ts.Check(freePorts(t.Context(), ts.MkAbs(args[0])))
			},
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("REFERENCE", root+"/../../examples/reference")
			e.Setenv("NO_COLOR", "1")
			return os.CopyFS(e.WorkDir+"/ref", os.DirFS(root+"/../../examples/reference"))
		},
	})
}

func TestExitCodes(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want int
	}{
		{[]string{"version"}, exitDone},
		{[]string{"nonsense"}, exitUsage},
		{[]string{"status", "--nonsense"}, exitUsage},
		{[]string{"status", "too", "many"}, exitUsage},
		{[]string{"check"}, exitUsage},
		{[]string{"check", "--offline", "--config", "nowhere.yaml"}, exitFailed},
		{[]string{"status", "--socket", "nowhere.sock"}, exitFailed},
	} {
		var out, errs bytes.Buffer
		if got := run(t.Context(), tt.args, &out, &errs); got != tt.want {
			t.Errorf("linectl %q exits %d, want %d; it says %s%s", tt.args, got, tt.want, &out, &errs)
		}
	}
}
