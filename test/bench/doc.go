// Package bench measures what only the whole program can show: line, record store, handshake and wire together. It holds
// benchmarks and nothing else; docs/performance.md says what they found.
package bench
