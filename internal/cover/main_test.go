package main

import (
	"strings"
	"testing"
)

func TestCoverHoldsEachPackageToTheLeast(t *testing.T) {
	const half = "mode: set\nlinectl/a/x.go:1.2,3.4 9 1\nlinectl/a/x.go:5.2,6.4 1 0\nlinectl/b/y.go:1.2,3.4 1 1\nlinectl/b/y.go:5.2,6.4 1 0\n"
	for _, tt := range []struct {
		name, profile, want string
		ok                  bool
	}{
		{"one is below", half, "linectl/a: 90.0 % of 10 statements have run\nlinectl/b: 50.0 % of 2 statements have run  below 90 %\n", false},
		{"another test ran the block", half + "linectl/b/y.go:5.2,6.4 1 7\n", "linectl/a: 90.0 % of 10 statements have run\nlinectl/b: 100.0 % of 2 statements have run\n", true},
		{"nothing was measured", "mode: set\n", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			ok, err := cover(strings.NewReader(tt.profile), &out)
			if err != nil || ok != tt.ok || out.String() != tt.want {
				t.Errorf("got %v, %v:\n%s", ok, err, out.String())
			}
		})
	}
	for _, bad := range []string{"mode: set\nnonsense\n", "mode: set\na.go:1.1,2.2 x 1\n"} {
		if _, err := cover(strings.NewReader(bad), &strings.Builder{}); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
