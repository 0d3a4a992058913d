package enginetest_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/store"
)

func TestEachGivesMigratedDatabasesOfTheirOwn(t *testing.T) {
	var seen sync.Map
	for range 2 {
		enginetest.Each(t, func(t *testing.T, url string) {
			if _, twice := seen.LoadOrStore(url, true); twice {
				t.Errorf("%s was given twice", url)
			}
			s, err := store.Open(context.Background(), store.Options{URL: url})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			if ok, err := s.Migrated(context.Background()); err != nil || !ok {
				t.Errorf("Migrated = %v, %v", ok, err)
			}
		})
	}
}

// doomed has a process start its server, say where, and wait to be killed.
const doomed = "BONAFIDE_TEST_DOOMED"

func TestServerEndsWithItsProcess(t *testing.T) {
	if os.Getenv("BONAFIDE_TEST_DATABASE_URL") != "" {
		return // there is no throw-away server
	}
	if os.Getenv(doomed) != "" {
		fmt.Println("\nurl " + enginetest.Postgres(t))
		select {}
	}
	victim := exec.Command(os.Args[0], "-test.run=^TestServerEndsWithItsProcess$")
	victim.Env = append(os.Environ(), doomed+"=1")
	said, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	address := ""
	lines := bufio.NewScanner(said)
	for address == "" && lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "url "); ok {
			address = url
		}
	}
	reach := func() error {
		s, err := store.Open(context.Background(), store.Options{URL: address})
		if err != nil {
			return err
		}
		return s.Close()
	}
	if err := reach(); err != nil {
		t.Errorf("the server at %q does not answer: %v", address, err)
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait() // it was killed
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(30 * time.Second); reach() == nil; {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the server at %s outlived its process", address)
		}
	}
}
