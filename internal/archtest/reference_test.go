package archtest

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"linectl/plc/tags"
)

var blockRow = regexp.MustCompile(`(?m)^\| (\d+) \| (\d+) \| (\w+) \|`)

// The tables of docs/handshake.md are what people program PLCs from. Each row must be where the code puts that field, and
// the rows together must be the block.
func TestTheHandshakePageIsTheLayout(t *testing.T) {
	source, err := os.ReadFile("../../docs/handshake.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(source), "## Command block")
	command, status, _ := strings.Cut(rest, "## Status block")
	status, rest, _ = strings.Cut(status, "## What the device must do")
	_, rest, _ = strings.Cut(rest, "### Plain command block")
	plainCommand, plainStatus, _ := strings.Cut(rest, "### Plain status block")
	plainStatus, _, _ = strings.Cut(plainStatus, "## Waveform area")

	holdTable(t, command, tags.CommandRegisters, tags.Command{}, func(v reflect.Value) []uint16 {
		b := v.Interface().(tags.Command).Encode(tags.ABCD)
		return b[:63] // CRC and commit word change with everything
	})
	holdTable(t, status, tags.StatusRegisters, tags.Status{}, func(v reflect.Value) []uint16 {
		b := v.Interface().(tags.Status).Encode(0, tags.ABCD)
		return b[:]
	})
	holdTable(t, plainCommand, tags.PlainCommandRegisters+1, tags.Command{}, func(v reflect.Value) []uint16 {
		b := v.Interface().(tags.Command).EncodePlain(tags.ABCD)
		return b[:56] // the CRC changes with everything
	})
	holdTable(t, plainStatus, tags.PlainStatusRegisters, tags.Status{}, func(v reflect.Value) []uint16 {
		b := v.Interface().(tags.Status).EncodePlain(0, tags.ABCD)
		return b[:]
	})
}

// holdTable fills one field after the other and looks which registers change.
func holdTable(t *testing.T, table string, size int, zero any, encode func(reflect.Value) []uint16) {
	t.Helper()
	rows := map[string][2]int{}
	next := 0
	for _, m := range blockRow.FindAllStringSubmatch(table, -1) {
		at, err1 := strconv.Atoi(m[1])
		n, err2 := strconv.Atoi(m[2])
		if err1 != nil || err2 != nil || at != next {
			t.Errorf("%s stands at %s, want %d", m[3], m[1], next)
		}
		rows[m[3]] = [2]int{at, n}
		next = at + n
	}
	if next != size {
		t.Errorf("the table has %d registers, the block %d", next, size)
	}
	empty := reflect.New(reflect.TypeOf(zero)).Elem()
	before := encode(empty)
	for i := range empty.NumField() {
		name := empty.Type().Field(i).Name
		filled := reflect.New(empty.Type()).Elem()
		fill(filled.Field(i))
		first, last := -1, -1
		for r, v := range encode(filled) {
			if v != before[r] {
				if first < 0 {
					first = r
				}
				last = r
			}
		}
		if _, told := rows[name]; !told && first < 0 {
			continue // neither the page nor the code has it in this block
		}
		if got, want := fmt.Sprint(rows[name]), fmt.Sprint([2]int{first, last - first + 1}); got != want {
			t.Errorf("%s: the page says %s (register, length), the code %s", name, got, want)
		}
	}
}

// fill sets every bit of a field.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString(strings.Repeat("X", 32))
	case reflect.Float32:
		v.SetFloat(-1.1) // both words of it differ from zero
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i))
		}
	default:
		v.SetUint(1<<(8*v.Type().Size()) - 1)
	}
}

// Every key of line.yaml is explained, and no key is explained that is not there.
func TestTheConfigurationPageHasEveryKey(t *testing.T) {
	config, err := os.ReadFile("../../cmd/linectl/config.go")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, page, _ := strings.Cut(string(source), "## line.yaml")
	page, _, _ = strings.Cut(page, "## A recipe")

	explained := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]+) \\|").FindAllStringSubmatch(page, -1) {
		for _, key := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(row[1], -1) {
			explained[key[1]] = true
		}
	}
	known := map[string]bool{}
	for _, tag := range regexp.MustCompile(`yaml:"(\w+)"`).FindAllStringSubmatch(string(config), -1) {
		known[tag[1]] = true
		if !explained[tag[1]] {
			t.Errorf("docs/configuration.md does not explain %q", tag[1])
		}
	}
	for key := range explained {
		if !known[key] {
			t.Errorf("docs/configuration.md explains %q, which line.yaml does not have", key)
		}
	}
}
