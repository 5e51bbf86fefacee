package browser

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"linectl/internal/testbuild"
)

var (
	program string // linectl, built for these tests
	chrome  context.Context
	axe     string // its source
	missing string // why nothing can be tried here
	shots   = os.Getenv("LINECTL_SCREENS")
)

// TestMain builds linectl once and starts one Chromium for all tests. Where Chromium or axe is missing every test is skipped and
// says so; scripts/setup.sh brings them.
func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(within(m))
}

func within(m *testing.M) (code int) {
	dir, err := os.MkdirTemp("", "lb")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if missing = prepare(dir); missing == "" {
		if program, err = testbuild.Linectl(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { stopLines(code != 0) }()
		ctx, cancel := startChrome(dir)
		defer cancel()
		if err := chromedp.Do(ctx); err != nil { // the browser lives as long as this context
			fmt.Fprintf(os.Stderr, "chromium does not start: %v\n", err)
			return 1
		}
		chrome = ctx
	}
	return m.Run()
}

func prepare(dir string) string {
	if browserPath() == "" {
		return "no chromium here; scripts/setup.sh installs it"
	}
	source, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		return "no axe here; scripts/setup.sh installs it"
	}
	axe = string(source)
	if shots == "" {
		shots = filepath.Join(dir, "screens")
	}
	if err := os.MkdirAll(shots, 0o755); err != nil {
		return err.Error()
	}
	return ""
}

// browserPath finds Chromium without windows of its own, which spares a busy computer their drawing, or else the whole.
func browserPath() string {
	for _, name := range []string{"chromium-headless-shell", "chromium"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func startChrome(dir string) (context.Context, context.CancelFunc) {
	o := append([]chromedp.ExecAllocatorOption{}, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.ExecPath(browserPath()), chromedp.UserDataDir(filepath.Join(dir, "chrome")),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-renderer-backgrounding", true), chromedp.Flag("disable-backgrounding-occluded-windows", true),
		chromedp.Flag("disable-background-timer-throttling", true))
	ctx, cancelAll := chromedp.NewExecAllocator(context.Background(), o...)
	ctx, cancel := chromedp.NewContext(ctx)
	return ctx, func() { cancel(); cancelAll() }
}

// needed skips a test that cannot be tried here.
func needed(t *testing.T) {
	t.Helper()
	if missing != "" {
		t.Skip("skipped: " + missing)
	}
}
