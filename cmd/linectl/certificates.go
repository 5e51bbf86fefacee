package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"linectl/line"
	"linectl/supervisor"
)

// certificatesEvery is how often the files of the certificates are read.
const certificatesEvery = time.Hour

// watchCertificates tells the line, at once and every hour, until when the certificates are valid on which its connections depend:
// its own, the gateway's, and those of devices that it pins.
func watchCertificates(ctx context.Context, cfg *Config, data string, loop *supervisor.Loop, log *slog.Logger) {
	again := time.NewTicker(certificatesEvery)
	defer again.Stop()
	for {
		loop.Certify(ctx, readCertificates(cfg, data, log))
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

// readCertificates reads what there is. A file that cannot be read is said in the log; who needs it says more.
func readCertificates(cfg *Config, data string, log *slog.Logger) []line.Certificate {
	type place struct{ file, shown string }
	var files []place
	add := func(file, shown string) {
		if !slices.ContainsFunc(files, func(p place) bool { return p.file == file }) {
			files = append(files, place{file, filepath.ToSlash(shown)})
		}
	}
	own, err := filepath.Glob(filepath.Join(cfg.at(cfg.PKI), "*.crt"))
	if err != nil {
		log.Warn("certificates", "err", err)
	}
	for _, file := range own {
		add(file, filepath.Join(cfg.PKI, filepath.Base(file)))
	}
	gateway, err := filepath.Glob(filepath.Join(data, "gateway", "*.crt"))
	if err != nil {
		log.Warn("certificates", "err", err)
	}
	for _, file := range gateway {
		add(file, filepath.Join("gateway", filepath.Base(file)))
	}
	cfg.devices(func(_ *Station, d *Device) {
		if d.Certificate != "" {
			add(cfg.at(d.Certificate), d.Certificate)
		}
	})
	list := []line.Certificate{}
	for _, f := range files {
		until, err := certificateEnds(f.file)
		if err != nil {
			log.Warn("certificate", "err", err)
			continue
		}
		list = append(list, line.Certificate{Name: strings.Trim(strings.NewReplacer("/", "-", " ", "-").Replace(f.shown), "-."), File: f.shown, Until: until})
	}
	return list
}

// certificateEnds returns until when the certificate in a file, PEM or DER, is valid.
func certificateEnds(file string) (time.Time, error) {
	b, err := os.ReadFile(file) //nolint:gosec // the configuration names the file
	if err != nil {
		return time.Time{}, err
	}
	if block, _ := pem.Decode(b); block != nil {
		b = block.Bytes
	}
	crt, err := x509.ParseCertificate(b)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is no certificate: %w", file, err)
	}
	return crt.NotAfter.UTC(), nil
}
