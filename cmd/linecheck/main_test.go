package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linectl/line"
	"linectl/traceability"
)

// TestARealStore holds a store that was really written against a plant in which nothing has happened.
func TestARealStore(t *testing.T) {
	dir := t.TempDir()
	s, err := traceability.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append([]line.Record{{At: time.Now(), Fact: line.LineStarted{Fence: 1, Version: "test", Simulated: true}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	truth, asked := filepath.Join(dir, "truth.jsonl"), filepath.Join(dir, "asked.jsonl")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(truth, "{\"n\":1,\"what\":\"begun\"}\n")
	write(asked, "{\"request\":\"1\",\"by\":\"amna\",\"told\":\"done\"}\n")
	deaths := filepath.Join(dir, "deaths.jsonl")
	write(deaths, "{\"found\":1,\"last\":\"another\"}\n")
	for _, tt := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--truth", truth, "--data", dir, "--ended"}, 0, "1 events, 1 entries, 0 requests: 0 violations"},
		{[]string{"--truth", truth, "--data", dir, "--asked", asked}, 1, "I11 request 1: amna was told that it is done, and it is never on record"},
		{[]string{"--truth", truth, "--data", dir, "--deaths", deaths}, 1, "I10 death 1: entry 1 was another one when the supervisor was started again"},
		{[]string{"--truth", filepath.Join(dir, "none"), "--data", dir}, 1, "no such file"},
		{[]string{"--truth", truth, "--data", filepath.Join(dir, "none")}, 1, "no records in " + filepath.Join(dir, "none") + ": name the data directory of linectl run"},
		{[]string{"--help"}, 0, "It exits with 0 when nothing is violated, 1 when something is or cannot be read, and 2 for a wrong usage.\n\n  -asked"},
		{[]string{"--nonsense"}, 2, "flag provided but not defined: -nonsense"},
		{[]string{"--truth", truth}, 2, "wants --truth FILE and --data DIR"},
	} {
		var out bytes.Buffer
		if code := run(tt.args, &out, &out); code != tt.code || !strings.Contains(out.String(), tt.says) {
			t.Errorf("%q exits %d, want %d, and says %s", tt.args, code, tt.code, &out)
		}
	}
}
