package opcua

import (
	"fmt"
	"reflect"
	"slices"
	"unsafe"

	"github.com/awcullen/opcua/server"
	"github.com/awcullen/opcua/ua"

	"linectl/line"
)

// The library evaluates where clauses itself, knows two of the operators, and a malformed clause ends the process with a panic
// or a stack that never ends. So no event goes through it: we look up who watches, evaluate the clause ourselves, and put the
// event into the watcher's queue, all under the watcher's own lock. What is needed for that lies in private fields. They are
// found by name, their types are checked once at the start, and a library in which they differ is refused (ADR 18).

// watcherQueue is what we use of the queue of an item.
type watcherQueue interface {
	Len() int
	PushBack(fields []ua.Variant)
	PopFront() []ua.Variant
	PopBack() []ua.Variant
}

// maxWatcherQueue is the library's own bound.
const maxWatcherQueue = 1024

// innards are the places of the private fields.
type innards struct {
	listeners     uintptr // of server.ObjectNode: map[server.EventListener]struct{}
	subscription  uintptr // of server.EventMonitoredItem: *server.Subscription
	filter        uintptr // of the same: ua.EventFilter
	discardOldest uintptr // of the same: bool
	triggers      uintptr // of the same: []server.MonitoredItem
	queue         uintptr // of the same
	queueType     reflect.Type
}

// findInnards finds the fields, or says which one the library no longer has.
func findInnards() (in innards, err error) {
	find := func(of reflect.Type, name string, fits func(reflect.Type) bool) uintptr {
		f, ok := of.FieldByName(name)
		if !ok || !fits(f.Type) {
			err = fmt.Errorf("the OPC UA library has no field %s.%s as it was; another version? See ADR 18", of.Name(), name)
		}
		return f.Offset
	}
	is := func(want reflect.Type) func(reflect.Type) bool { return func(t reflect.Type) bool { return t == want } }
	item, object := reflect.TypeFor[server.EventMonitoredItem](), reflect.TypeFor[server.ObjectNode]()
	in.listeners = find(object, "subs", is(reflect.TypeFor[map[server.EventListener]struct{}]()))
	in.subscription = find(item, "sub", is(reflect.TypeFor[*server.Subscription]()))
	in.filter = find(item, "eventFilter", is(reflect.TypeFor[ua.EventFilter]()))
	in.discardOldest = find(item, "discardOldest", is(reflect.TypeFor[bool]()))
	in.triggers = find(item, "triggeredItems", is(reflect.TypeFor[[]server.MonitoredItem]()))
	in.queue = find(item, "queue", func(t reflect.Type) bool {
		in.queueType = t
		return reflect.PointerTo(t).Implements(reflect.TypeFor[watcherQueue]())
	})
	return in, err
}

// private returns a private field of a value of the library. The caller holds that value's lock.
func private[F, T any](of *T, offset uintptr) *F {
	return (*F)(unsafe.Add(unsafe.Pointer(of), offset)) //nolint:gosec // checked by findInnards
}

// watchersOf returns the items that watch an object.
func (s *Server) watchersOf(object *server.ObjectNode) []*server.EventMonitoredItem {
	object.RLock()
	defer object.RUnlock()
	var items []*server.EventMonitoredItem
	for l := range *private[map[server.EventListener]struct{}](object, s.innards.listeners) {
		if item, ok := l.(*server.EventMonitoredItem); ok {
			items = append(items, item)
		}
	}
	return items
}

// deliver tells those who watch any of some objects of an event. An event may be for some roles only.
func (s *Server) deliver(objects []*server.ObjectNode, e event) {
	for _, object := range objects {
		for _, item := range s.watchersOf(object) {
			s.tell(item, e)
		}
	}
}

// tell puts an event into the queue of one watcher, if its filter lets it through and its person may see it.
func (s *Server) tell(item *server.EventMonitoredItem, e event) {
	defer s.contain("event", func() {})
	item.Lock()
	sub := *private[*server.Subscription](item, s.innards.subscription)
	item.Unlock()
	if sub == nil { // the item has just been deleted
		return
	}
	session := sessionOf(sub) // not under the item's lock: the library takes the two the other way round
	if session == nil || len(e.only) > 0 && !s.hasRole(session, e.only) {
		return
	}
	locale := s.locale(session)
	item.Lock()
	defer item.Unlock()
	wanted := private[ua.EventFilter](item, s.innards.filter)
	where, err := compileFilter(wanted.WhereClause)
	if err != nil {
		return // inspectFilter has refused it: there is none
	}
	if !where.match(e, s.server.NamespaceManager().IsSubtype) {
		return
	}
	s.enqueue(item, s.selected(e, wanted.SelectClauses, locale))
}

// selected are the fields of an event that somebody wants, with texts in their language.
func (s *Server) selected(e event, clauses []ua.SimpleAttributeOperand, locale string) []ua.Variant {
	fields := make([]ua.Variant, len(clauses))
	for i, clause := range clauses {
		fields[i] = e.GetAttribute(clause)
		switch text := fields[i].(type) {
		case ua.LocalizedText:
			if text.Locale == "en" {
				fields[i] = s.localized(text.Text, locale)
			}
		case []ua.LocalizedText:
			texts := make([]ua.LocalizedText, len(text))
			for j, t := range text {
				texts[j] = s.localized(t.Text, locale)
			}
			fields[i] = texts
		}
	}
	return fields
}

// enqueue does what the library does with an event that has passed its filter. The caller holds the item's lock.
func (s *Server) enqueue(item *server.EventMonitoredItem, selected []ua.Variant) {
	queue := reflect.NewAt(s.innards.queueType, unsafe.Pointer(private[byte](item, s.innards.queue))).Interface().(watcherQueue) //nolint:gosec // checked by findInnards
	for queue.Len() >= maxWatcherQueue {
		if *private[bool](item, s.innards.discardOldest) {
			queue.PopFront()
		} else {
			queue.PopBack()
		}
	}
	queue.PushBack(selected)
	for _, other := range *private[[]server.MonitoredItem](item, s.innards.triggers) {
		other.SetTriggered(true)
	}
}

// hasRole reports whether the person of a session has one of some roles.
func (s *Server) hasRole(session *server.Session, roles []line.Role) bool {
	ids, err := s.roles(session.UserIdentity(), "", "")
	if err != nil {
		return false
	}
	return slices.ContainsFunc(roles, func(r line.Role) bool { return slices.Contains(ids, roleID(r)) })
}

// above returns an object and those above it that pass on its events, the Server last.
func (s *Server) above(id ID) []*server.ObjectNode {
	s.mu.Lock()
	defer s.mu.Unlock()
	var objects []*server.ObjectNode
	for {
		sh := s.declared[id]
		if sh == nil || sh.object == nil {
			break
		}
		if sh.object.EventNotifier() != 0 {
			objects = append(objects, sh.object)
		}
		id = browse(sh.node).Parent
	}
	if top, ok := s.server.NamespaceManager().FindObject(ua.ObjectIDServer); ok {
		objects = append(objects, top)
	}
	return objects
}

// inspectFilter takes away a where clause that we would not evaluate, so that the library refuses the item: an event item needs a
// filter.
func (s *Server) inspectFilter(p *ua.MonitoringParameters) {
	wanted, ok := p.Filter.(ua.EventFilter)
	if !ok {
		return
	}
	if _, err := compileFilter(wanted.WhereClause); err != nil {
		s.o.Log.Info("an event filter is refused", "err", err)
		p.Filter = nil
	}
}
