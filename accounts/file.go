package accounts

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"linectl/line"
)

// FileName is the file with the password hashes in the data directory.
const FileName = "accounts"

// fileFormat stands in the file. Another format is another name here, never another meaning of this one.
const fileFormat = "linectl-accounts-1"

const maxFile = 1 << 20 // bytes; a thousand accounts have 150 kB

// proof is what proves who a user is: the hash of the password, and which of the account's passwords it is.
type proof struct {
	number int
	hash   phc
}

// wireFile is the file as JSON.
type wireFile struct {
	Format string      `json:"format"`
	Sum    string      `json:"sum"` // SHA-256 of the proofs as they stand there: shows an edit, and no more than that
	Proofs []wireProof `json:"proofs"`
}

type wireProof struct {
	User   string `json:"user"`
	Number int    `json:"number"`
	Hash   string `json:"hash"`
}

const repair = "put a copy of it back from a backup, or move it away and give every account a new password with linectl user password"

// load reads the file. No file is an empty one. A file that others may read or that linectl has not written as it is now is
// refused, with what to do.
func load(path string) (map[string]proof, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]proof{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("accounts file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("accounts file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("accounts file %s is no regular file; %s", path, repair)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("accounts file %s may be read or changed by others (mode %04o): chmod 600 it, and give every account a new password, for the hashes may be known", path, mode)
	}
	body, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("accounts file: %w", err)
	}
	proofs, err := decode(body)
	if err != nil {
		return nil, fmt.Errorf("accounts file %s: %w; %s", path, err, repair)
	}
	return proofs, nil
}

func decode(body []byte) (map[string]proof, error) {
	if len(body) > maxFile {
		return nil, fmt.Errorf("longer than %d bytes", maxFile)
	}
	var head struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(body, &head); err != nil {
		return nil, fmt.Errorf("not what linectl has written: %w", err)
	}
	if head.Format != fileFormat {
		return nil, fmt.Errorf("format %.40q, this linectl knows %s: was it written by a newer one?", head.Format, fileFormat)
	}
	var w wireFile
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return nil, fmt.Errorf("not what linectl has written: %w", err)
	}
	if sum := sumOf(w.Proofs); w.Sum != sum {
		return nil, errors.New("it was edited: its sum does not fit its contents")
	}
	proofs := map[string]proof{}
	for _, p := range w.Proofs {
		hash, err := parsePHC(p.Hash)
		if err := errors.Join(line.CheckUserName(p.User), err); err != nil {
			return nil, fmt.Errorf("account %.40q: %w", p.User, err)
		}
		if _, twice := proofs[p.User]; twice || p.Number < 1 {
			return nil, fmt.Errorf("account %s stands there twice or has password %d", p.User, p.Number)
		}
		proofs[p.User] = proof{p.Number, hash}
	}
	return proofs, nil
}

func encode(proofs map[string]proof) ([]byte, error) {
	w := wireFile{Format: fileFormat, Proofs: []wireProof{}}
	for _, user := range slices.Sorted(maps.Keys(proofs)) {
		w.Proofs = append(w.Proofs, wireProof{user, proofs[user].number, proofs[user].hash.String()})
	}
	w.Sum = sumOf(w.Proofs)
	body, err := json.MarshalIndent(w, "", "  ")
	return append(body, '\n'), err
}

func sumOf(proofs []wireProof) string {
	h := sha256.New()
	for _, p := range proofs {
		fmt.Fprintf(h, "%q %d %q\n", p.User, p.Number, p.Hash)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// save puts the file in the place of the one before, whole or not at all, and durably.
func save(path string, proofs map[string]proof) (err error) {
	body, err := encode(proofs)
	if err != nil {
		return fmt.Errorf("accounts file: %w", err)
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, FileName+".new-*") // 0600 from the first byte
	if err != nil {
		return fmt.Errorf("accounts file: %w", err)
	}
	_, err = f.Write(body)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("accounts file %s: %w", path, err), os.Remove(f.Name()))
	}
	d, err := os.Open(dir) //nolint:gosec // the data directory
	if err != nil {
		return fmt.Errorf("accounts file: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
