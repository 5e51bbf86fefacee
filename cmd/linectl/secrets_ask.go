package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"
)

// secrets reads lines that nobody may read along: from a pipe or a file as they are, at a terminal without an echo.
type secrets struct {
	in       *bufio.Reader
	out      io.Writer
	terminal bool
}

func newSecrets(c *cobra.Command) *secrets {
	return &secrets{in: bufio.NewReader(io.LimitReader(c.InOrStdin(), 4096)), out: c.ErrOrStderr(), terminal: echo(c.Context(), true) == nil}
}

// echo switches whether the terminal shows what is typed. It fails where standard input is no terminal.
func echo(ctx context.Context, on bool) error {
	arg := "-echo"
	if on {
		arg = "echo"
	}
	stty := exec.CommandContext(ctx, "stty", arg)
	stty.Stdin = os.Stdin
	return stty.Run()
}

// ask reads one line.
func (s *secrets) ask(what string) (string, error) {
	if s.terminal {
		fmt.Fprintf(s.out, "%s: ", what)
		if err := echo(context.Background(), false); err != nil {
			return "", fmt.Errorf("the terminal would show what is typed: %w", err)
		}
		defer func() {
			_ = echo(context.Background(), true) // a terminal that is gone shows nothing
			fmt.Fprintln(s.out)
		}()
	}
	text, err := s.in.ReadString('\n')
	text = strings.TrimRight(text, "\r\n")
	if text == "" {
		return "", usagef("no %s: write it to standard input, on a line of its own", what)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	return text, nil
}

// askTwice is ask for what a person makes up: at a terminal it must be typed twice.
func (s *secrets) askTwice(what string) (string, error) {
	first, err := s.ask(what)
	if err != nil || !s.terminal {
		return first, err
	}
	second, err := s.ask(what + " again")
	if err == nil && first != second {
		err = errors.New("that was not the same twice; nothing was changed")
	}
	return first, err
}
