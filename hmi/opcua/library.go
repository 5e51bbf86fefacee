package opcua

import (
	"bytes"
	"io"
	"net"
	"reflect"
	"sync"
	"unsafe"

	"github.com/awcullen/opcua/server"
	"github.com/awcullen/opcua/ua"
)

// This file, and server_watch.go for events (docs/adr/0018), are the only ones that reach behind the library's exported names,
// and say what for (docs/adr/0019). The library
// listens on every interface, reads what a stranger sends before anybody could look at it, and has no recover: one message
// ends the process. With the functions below the connections are ours: we listen, look at each chunk before the library reads
// it and at each request before it acts on it, and a panic ends one connection. A version of the library without these
// functions does not link, and TestTheLibraryIsAsWeKnowIt fails when one has changed.

//go:linkname libraryNewChannel github.com/awcullen/opcua/server.newServerSecureChannel
func libraryNewChannel(s *server.Server, conn net.Conn, trace bool) unsafe.Pointer

//go:linkname libraryOpen github.com/awcullen/opcua/server.(*serverSecureChannel).Open
func libraryOpen(ch unsafe.Pointer) error

//go:linkname libraryAbort github.com/awcullen/opcua/server.(*serverSecureChannel).Abort
func libraryAbort(ch unsafe.Pointer, reason ua.StatusCode, message string) error

//go:linkname libraryRead github.com/awcullen/opcua/server.(*serverSecureChannel).readRequest
func libraryRead(ch unsafe.Pointer) (ua.ServiceRequest, uint32, error)

//go:linkname libraryWrite github.com/awcullen/opcua/server.(*serverSecureChannel).Write
func libraryWrite(ch unsafe.Pointer, res ua.ServiceResponse, id uint32) error

//go:linkname libraryChannelID github.com/awcullen/opcua/server.(*serverSecureChannel).ChannelID
func libraryChannelID(ch unsafe.Pointer) uint32

//go:linkname libraryHandle github.com/awcullen/opcua/server.(*Server).handleRequest
func libraryHandle(s *server.Server, ch unsafe.Pointer, req ua.ServiceRequest, id uint32) error

// libraryDecoders has the library's decoder of each type that was decoded before.
//
//go:linkname libraryDecoders github.com/awcullen/opcua/ua.typeToDecoderMap
var libraryDecoders sync.Map

// checkShapes puts a look at the whole message before the library's decoder of each request, which believes every length.
var checkShapes = sync.OnceFunc(func() {
	for _, t := range requestTypes {
		_ = ua.NewBinaryDecoder(bytes.NewReader(nil), ua.NewEncodingContext()).Decode(reflect.New(t).Interface()) // makes the library's
		made, ok := libraryDecoders.Load(t)
		if !ok {
			panic("the OPC UA library keeps its decoders elsewhere")
		}
		decode, check := reflect.ValueOf(made), checkerOf(t)
		libraryDecoders.Store(t, reflect.MakeFunc(decode.Type(), func(args []reflect.Value) []reflect.Value {
			dec := args[0].Interface().(*ua.BinaryDecoder)
			context := *(*ua.EncodingContext)(hidden(dec, "ec").Addr().UnsafePointer())
			body, err := io.ReadAll(*(*io.Reader)(hidden(dec, "r").Addr().UnsafePointer()))
			s := shape{wire: wire{rest: body, err: err}, namespaces: context.NamespaceURIs()}
			if check(&s); s.err != nil {
				return []reflect.Value{reflect.ValueOf(&s.err).Elem()}
			}
			return decode.Call([]reflect.Value{reflect.ValueOf(ua.NewBinaryDecoder(bytes.NewReader(body), context)), args[1]})
		}).Interface())
	}
})

// requestTypes are all that the library decodes, also those that it then does not serve.
var requestTypes = []reflect.Type{
	reflect.TypeFor[ua.PublishRequest](), reflect.TypeFor[ua.ReadRequest](), reflect.TypeFor[ua.BrowseRequest](), reflect.TypeFor[ua.BrowseNextRequest](),
	reflect.TypeFor[ua.TranslateBrowsePathsToNodeIDsRequest](), reflect.TypeFor[ua.WriteRequest](), reflect.TypeFor[ua.CallRequest](),
	reflect.TypeFor[ua.HistoryReadRequest](), reflect.TypeFor[ua.GetEndpointsRequest](), reflect.TypeFor[ua.OpenSecureChannelRequest](),
	reflect.TypeFor[ua.CloseSecureChannelRequest](), reflect.TypeFor[ua.CreateSessionRequest](), reflect.TypeFor[ua.ActivateSessionRequest](),
	reflect.TypeFor[ua.CloseSessionRequest](), reflect.TypeFor[ua.CreateMonitoredItemsRequest](), reflect.TypeFor[ua.DeleteMonitoredItemsRequest](),
	reflect.TypeFor[ua.CreateSubscriptionRequest](), reflect.TypeFor[ua.DeleteSubscriptionsRequest](), reflect.TypeFor[ua.SetPublishingModeRequest](),
	reflect.TypeFor[ua.ModifyMonitoredItemsRequest](), reflect.TypeFor[ua.SetMonitoringModeRequest](), reflect.TypeFor[ua.SetTriggeringRequest](),
	reflect.TypeFor[ua.ModifySubscriptionRequest](), reflect.TypeFor[ua.RepublishRequest](), reflect.TypeFor[ua.TransferSubscriptionsRequest](),
	reflect.TypeFor[ua.FindServersRequest](), reflect.TypeFor[ua.FindServersOnNetworkRequest](), reflect.TypeFor[ua.RegisterServerRequest](),
	reflect.TypeFor[ua.RegisterServer2Request](), reflect.TypeFor[ua.CancelRequest](), reflect.TypeFor[ua.AddNodesRequest](),
	reflect.TypeFor[ua.AddReferencesRequest](), reflect.TypeFor[ua.DeleteNodesRequest](), reflect.TypeFor[ua.DeleteReferencesRequest](),
	reflect.TypeFor[ua.RegisterNodesRequest](), reflect.TypeFor[ua.UnregisterNodesRequest](), reflect.TypeFor[ua.QueryFirstRequest](),
	reflect.TypeFor[ua.QueryNextRequest](), reflect.TypeFor[ua.HistoryUpdateRequest](),
}

// channel is the library's side of one connection.
type channel struct {
	server *server.Server
	ch     unsafe.Pointer
}

func newChannel(s *server.Server, conn net.Conn) channel {
	return channel{s, libraryNewChannel(s, conn, false)}
}

// open answers the greeting and the first OpenSecureChannel. On an error the client has been told.
func (c channel) open() error {
	err := libraryOpen(c.ch)
	if code, ok := err.(ua.StatusCode); ok && err != nil { //nolint:errorlint // the library returns it bare
		_ = libraryAbort(c.ch, code, "")
	}
	return err
}

func (c channel) id() uint32 { return libraryChannelID(c.ch) }

// read waits for the next request.
func (c channel) read() (ua.ServiceRequest, uint32, error) { return libraryRead(c.ch) }

// handle lets the library answer a request.
func (c channel) handle(req ua.ServiceRequest, id uint32) error {
	return libraryHandle(c.server, c.ch, req, id)
}

// write answers a request in the library's place.
func (c channel) write(res ua.ServiceResponse, id uint32) error { return libraryWrite(c.ch, res, id) }

// fault answers a request with a refusal.
func (c channel) fault(req ua.ServiceRequest, id uint32, reason ua.StatusCode) error {
	return libraryWrite(c.ch, &ua.ServiceFault{ResponseHeader: ua.ResponseHeader{
		Timestamp: now(), RequestHandle: req.Header().RequestHandle, ServiceResult: reason,
	}}, id)
}

// hidden is a field of the library's that it does not export.
func hidden(of any, name string) reflect.Value { return reflect.ValueOf(of).Elem().FieldByName(name) }

// markRunning says to the library that it serves, as its own listener would have done: its ServerStatus shows it.
func markRunning(s *server.Server) {
	s.Lock()
	defer s.Unlock()
	*(*ua.ServerState)(hidden(s, "state").Addr().UnsafePointer()) = ua.ServerStateRunning
}

// sessions lists the open sessions.
func sessions(s *server.Server) []*server.Session {
	m := s.SessionManager()
	m.RLock()
	defer m.RUnlock()
	list := make([]*server.Session, 0, 16)
	for _, v := range hidden(m, "sessionsByToken").Seq2() {
		list = append(list, (*server.Session)(v.UnsafePointer()))
	}
	return list
}

// subscriptions lists the subscriptions, each with its session.
func subscriptions(s *server.Server) map[*server.Subscription]*server.Session {
	m := s.SubscriptionManager()
	list := map[*server.Subscription]*server.Session{}
	m.RLock()
	for _, v := range hidden(m, "subscriptionsByID").Seq2() {
		list[(*server.Subscription)(v.UnsafePointer())] = nil
	}
	m.RUnlock() // first: a subscription that writes to its client keeps its own lock
	for sub := range list {
		list[sub] = sessionOf(sub)
	}
	return list
}

// sessionOf is whose a subscription is; nobody's when it has ended.
func sessionOf(sub *server.Subscription) *server.Session {
	sub.RLock()
	defer sub.RUnlock()
	return (*server.Session)(hidden(sub, "session").UnsafePointer())
}

// sourceOf is where the session was made from: what was put there in place of the endpoint that its client named.
func sourceOf(s *server.Session) string {
	s.RLock()
	defer s.RUnlock()
	return hidden(s, "endpointURL").String()
}
