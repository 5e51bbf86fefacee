// Package strangers lets OPC UA clients that other people wrote work a line: node-opcua, awcullen's client, gopcua and FUXA, each
// against linectl as its user starts it, with the virtual plant behind it. What they are shown is compared with what the
// supervisor has said.
//
// It holds tests only, and nothing imports it. How a gateway behaves alone is tested in hmi/opcua.
package strangers
