package web

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"
)

var partsPage = Page{
	Name: "parts", Path: "/parts", Title: "Parts", More: true, Data: func(*View) any { return struct{}{} },
	Read: func(ctx context.Context, ask asker, v *View) (any, error) { return findParts(ctx, ask, v) }, Again: 15 * time.Second,
}

// partsAtOnce is how many packs stand on a page.
const partsAtOnce = 50

// partList is what was found by a text, the newest first.
type partList struct {
	Text string
	Hits []summary
	More string // where there are more; empty if this is all
}

// findParts looks for packs by whatever stands in the field. Who scans what is on one pack only comes to it at once.
func findParts(ctx context.Context, ask asker, v *View) (*partList, error) {
	l := &partList{Text: strings.TrimSpace(v.Query.Get("q"))}
	from, _ := strconv.ParseUint(v.Query.Get("from"), 10, 32) // what is none is the beginning
	next, err := ask.page(ctx, &l.Hits, "Line.FindParts", l.Text, uint32(partsAtOnce), uint32(from))
	if err != nil {
		return nil, err
	}
	if l.Text != "" && from == 0 && len(l.Hits) == 1 && next == 0 {
		return nil, elsewhere(partPath(l.Hits[0].Pack))
	}
	if next > 0 {
		l.More = "/parts?" + url.Values{"q": {l.Text}, "from": {strconv.FormatUint(uint64(next), 10)}}.Encode()
	}
	return l, nil
}

// PartPath is where a part's page is.
func (v *View) PartPath(id string) string { return partPath(id) }
