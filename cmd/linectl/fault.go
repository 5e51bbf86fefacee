package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"linectl/control"
	"linectl/simulator"
)

// listenPlant opens the plant's own socket. It is not the supervisor's: the two know nothing of each other.
func listenPlant(ctx context.Context, data string) (net.Listener, error) {
	l, err := control.Listen(ctx, plantSocket(data))
	if err != nil {
		return nil, fmt.Errorf("virtual plant in %s: %w", data, err)
	}
	return l, nil
}

func plantSocket(data string) string { return filepath.Join(data, "control", "plant.sock") }

// plantPlace says which virtual plant a command means.
type plantPlace struct {
	config, data string
	json         bool
}

func (p *plantPlace) flags(c *cobra.Command) {
	c.Flags().StringVar(&p.config, "config", "line.yaml", "line.yaml, beside which the plant keeps its memory")
	c.Flags().StringVar(&p.data, "plant", "", "directory of the plant's memory, where simulate was given another")
	c.Flags().BoolVar(&p.json, "json", false, "print JSON")
}

func newFault() *cobra.Command {
	c := &cobra.Command{
		Use: "fault", Short: "Lets faults into the virtual plant, by name",
		Long: `Lets faults into the virtual plant, by name. It works against linectl simulate only: a real device has no such door, and
the supervisor cannot tell that it was used. What each fault does is in docs/faults.md.`,
	}
	c.AddCommand(newFaultInject(), newFaultClear(), newFaultList(), newFaultNames())
	return c
}

func newFaultInject() *cobra.Command {
	p := &plantPlace{}
	c := &cobra.Command{
		Use: "inject NAME TARGET [at joint N] [of PART] [after TIME] [for TIME] [times N] [by X]", Short: "Lets a fault happen",
		Long: `Lets a fault happen at a device ("ST060.welder") or at every device of a station ("ST060"):

  linectl fault inject electrode-stuck ST060.welder at joint 23
  linectl fault inject drop-comms ST060.welder at joint 12 of EV-P1-000001 for 20s
  linectl fault inject guard-open ST040 after 5s

Without at and of a fault that lasts begins at once, and one that strikes acts strikes the next. Times are real time: --speed does
not divide them. A plant that is started again has no faults.`,
		Args: cobra.MinimumNArgs(2),
	}
	p.flags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		f, err := simulator.ParseFault(strings.Join(args, " "))
		if err != nil {
			return usagef("%v", err)
		}
		var state simulator.FaultState
		if err := p.do(c.Context(), http.MethodPost, "", map[string]any{"fault": f}, &state); err != nil {
			return err
		}
		if p.json {
			return printJSON(c, state)
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s %s: %s\n", state.ID, state.Stage, state.Fault)
		return err
	}
	return c
}

func newFaultClear() *cobra.Command {
	p := &plantPlace{}
	c := &cobra.Command{
		Use: "clear ID|NAME|all", Short: "Ends faults; what they have done stays done", Args: cobra.ExactArgs(1),
	}
	p.flags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if strings.ContainsAny(args[0], "/?#%") {
			return usagef("%q is no id and no name of a fault", args[0])
		}
		var n struct {
			Cleared int `json:"cleared"`
		}
		if err := p.do(c.Context(), http.MethodDelete, "/"+args[0], nil, &n); err != nil {
			return err
		}
		if p.json {
			return printJSON(c, n)
		}
		if n.Cleared == 0 && args[0] != "all" {
			return fmt.Errorf("no fault %s waits or stands; linectl fault list shows them", args[0])
		}
		_, err := fmt.Fprintf(c.OutOrStdout(), "%d ended\n", n.Cleared)
		return err
	}
	return c
}

func newFaultList() *cobra.Command {
	p := &plantPlace{}
	c := &cobra.Command{Use: "list", Short: "Lists the faults that were injected since the plant was started", Args: cobra.NoArgs}
	p.flags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		var list []simulator.FaultState
		if err := p.do(c.Context(), http.MethodGet, "", nil, &list); err != nil {
			return err
		}
		if p.json {
			return printJSON(c, list)
		}
		if len(list) == 0 {
			_, err := fmt.Fprintln(c.OutOrStdout(), "no faults")
			return err
		}
		w := tabwriter.NewWriter(c.OutOrStdout(), 0, 8, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tSTAGE\tSTRUCK\tLAST\tFAULT")
		for _, s := range list {
			last := "-"
			if !s.Began.IsZero() {
				last = s.Began.Format(time.TimeOnly)
			}
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", s.ID, s.Stage, s.Struck, last, s.Fault)
		}
		return w.Flush()
	}
	return c
}

func newFaultNames() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "names", Short: "Lists what can be injected", Args: cobra.NoArgs}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if asJSON {
			type fault struct {
				Name simulator.FaultName `json:"name"`
				Does string              `json:"does"`
			}
			var list []fault
			for _, k := range simulator.Catalogue {
				list = append(list, fault{k.Name, k.Does})
			}
			return printJSON(c, list)
		}
		w := tabwriter.NewWriter(c.OutOrStdout(), 0, 8, 2, ' ', 0)
		for _, k := range simulator.Catalogue {
			fmt.Fprintf(w, "%s\t%s\n", k.Name, k.Does)
		}
		return w.Flush()
	}
	return c
}

// do asks the plant about faults.
func (p *plantPlace) do(ctx context.Context, method, path string, body, answer any) error {
	return p.ask(ctx, method, "/v1/faults"+path, body, answer)
}

// ask asks the plant. What it refuses is an error in its own words.
func (p *plantPlace) ask(ctx context.Context, method, path string, body, answer any) error {
	data := p.data
	if data == "" {
		data = filepath.Join(filepath.Dir(p.config), "plant")
	}
	socket := plantSocket(data)
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	sent, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://plant"+path, bytes.NewReader(sent))
	if err != nil {
		return err
	}
	got, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		if _, refused := errors.AsType[*net.OpError](err); refused {
			return fmt.Errorf("no virtual plant runs in %s; start it with linectl simulate, or name its directory with --plant", data)
		}
		return fmt.Errorf("virtual plant: %w", err)
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusOK {
		var said struct {
			Error string `json:"error"`
		}
		_ = json.NewDecoder(got.Body).Decode(&said) // the status says enough
		return fmt.Errorf("refused: %s", said.Error)
	}
	return json.NewDecoder(got.Body).Decode(answer)
}
