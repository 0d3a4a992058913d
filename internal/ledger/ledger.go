// Package ledger notes, in a file beside the database, which keys of users were
// destroyed. A backup of the database that was made before brings such a key
// back; the ledger tells which ones have to go again.
package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// Ledger is a file to which lines are added. It names keys and nobody.
type Ledger struct {
	path string
	mu   sync.Mutex
}

// Open gives the ledger at the path, which need not be there yet. The error says
// that it could not be written to.
func Open(path string) (*Ledger, error) {
	f, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("open the ledger of erasures: %w", err)
	}
	return &Ledger{path: path}, f.Close()
}

func open(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
}

type line struct {
	KeyID    string    `json:"keyId"`
	ErasedAt time.Time `json:"erasedAt"`
}

// Note adds keys, those that are not there yet. Once it returns nil they are
// durable.
func (l *Ledger) Note(at time.Time, keyIDs ...string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	noted, err := l.Destroyed()
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, keyID := range noted {
		known[keyID] = true
	}
	var text []byte
	for _, keyID := range keyIDs {
		if known[keyID] {
			continue
		}
		one, err := json.Marshal(line{KeyID: keyID, ErasedAt: at.UTC()})
		if err != nil {
			return err
		}
		text = append(append(text, one...), '\n')
	}
	if text == nil {
		return nil
	}
	return l.add(text)
}

func (l *Ledger) add(text []byte) error {
	f, err := open(l.path)
	if err != nil {
		return err
	}
	// A line that was cut off, by a disk that was full, must not spoil this one.
	if !endsWhole(f) {
		text = append([]byte("\n"), text...)
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

func endsWhole(f *os.File) bool {
	last := make([]byte, 1)
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return err == nil
	}
	_, err = f.ReadAt(last, info.Size()-1)
	return err == nil && last[0] == '\n'
}

// Destroyed lists the keys that were noted, oldest first. A line that was cut off
// was never acknowledged and counts for nothing.
func (l *Ledger) Destroyed() ([]string, error) {
	raw, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var ids []string
	// Of any length: a disk that lost power can leave a long run of zeros.
	for text := range bytes.Lines(raw) {
		var noted line
		if json.Unmarshal(text, &noted) == nil && noted.KeyID != "" {
			ids = append(ids, noted.KeyID)
		}
	}
	return ids, nil
}
