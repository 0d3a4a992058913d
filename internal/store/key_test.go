package store_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

func TestAPIKeys(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		full := idv.APIKey{
			ID: id.New(id.Key), Name: "backend", Hash: bytes.Repeat([]byte{0xA5}, 32),
			Scopes:    []idv.Scope{idv.ScopeSessionsWrite, idv.ScopeUsersRead},
			CreatedAt: kept(k.now()), ExpiresAt: kept(k.now().Add(time.Hour)),
		}
		bare := idv.APIKey{ID: id.New(id.Key), Hash: bytes.Repeat([]byte{0x5A}, 32), CreatedAt: kept(k.now())}
		for _, key := range []idv.APIKey{full, bare} {
			if err := k.CreateKey(t.Context(), key, "key_1"); err != nil {
				t.Fatal(err)
			}
		}
		got, err := k.KeyByHash(t.Context(), full.Hash)
		if diff := cmp.Diff(full, got); err != nil || diff != "" {
			t.Errorf("by hash: %v (-want +got):\n%s", err, diff)
		}
		for _, hash := range [][]byte{nil, {}, full.Hash[:31], bytes.Repeat([]byte{1}, 32)} {
			if _, err := k.KeyByHash(t.Context(), hash); !errors.Is(err, idv.ErrNotFound) {
				t.Errorf("hash %x: %v", hash, err)
			}
		}
		twin := bare
		twin.ID = id.New(id.Key)
		if err := k.CreateKey(t.Context(), twin, "key_1"); err == nil {
			t.Error("two keys with one hash")
		}

		at := kept(k.now())
		if err := k.RevokeKey(t.Context(), full.ID, "key_1", at); err != nil {
			t.Fatal(err)
		}
		if err := k.RevokeKey(t.Context(), full.ID, "key_1", at.Add(time.Hour)); err != nil {
			t.Errorf("a second time: %v", err)
		}
		if err := k.RevokeKey(t.Context(), "key_none", "key_1", at); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("of none: %v", err)
		}
		full.RevokedAt = at
		one, err := k.Key(t.Context(), full.ID)
		if diff := cmp.Diff(full, one); err != nil || diff != "" {
			t.Errorf("by id: %v (-want +got):\n%s", err, diff)
		}
		if _, err := k.Key(t.Context(), id.New(id.Key)); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("by the id of none: %v", err)
		}
		for _, c := range []struct {
			page idv.Page
			want []idv.APIKey
		}{
			{idv.Page{}, []idv.APIKey{bare, full}},
			{idv.Page{Limit: 1}, []idv.APIKey{bare}},
			{idv.Page{Limit: 2, After: bare.ID}, []idv.APIKey{full}},
			{idv.Page{Limit: 2, After: full.ID}, []idv.APIKey{}},
		} {
			list, err := k.Keys(t.Context(), c.page)
			if diff := cmp.Diff(c.want, list); err != nil || diff != "" {
				t.Errorf("list %+v: %v (-want +got):\n%s", c.page, err, diff)
			}
		}
	})
}

func TestUseOfAKeyIsKnownToTheMinute(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		key := idv.APIKey{ID: id.New(id.Key), Hash: bytes.Repeat([]byte{1}, 32), CreatedAt: k.now()}
		if err := k.CreateKey(t.Context(), key, "key_1"); err != nil {
			t.Fatal(err)
		}
		first := kept(k.now())
		for _, step := range []struct{ at, want time.Time }{
			{first, first},
			{first.Add(59 * time.Second), first},
			{first.Add(time.Minute), first.Add(time.Minute)},
			{first, first.Add(time.Minute)},
		} {
			if err := k.TouchKey(t.Context(), key.ID, step.at); err != nil {
				t.Fatal(err)
			}
			got, err := k.KeyByHash(t.Context(), key.Hash)
			if err != nil || !got.LastUsedAt.Equal(step.want) {
				t.Errorf("used at %v: known as %v, %v", step.at, got.LastUsedAt, err)
			}
		}
		if err := k.TouchKey(t.Context(), "key_none", first); err != nil {
			t.Errorf("of none: %v", err)
		}
	})
}

// A key that another process revokes counts for a bounded time; one that this
// process revokes does not count any more.
func TestRevocationIsKnownInTime(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, url string) {
		k, other := open(t, url), open(t, url)
		revoked := func(hash []byte) bool {
			key, err := k.KeyByHash(t.Context(), hash)
			if err != nil {
				t.Fatal(err)
			}
			return !key.RevokedAt.IsZero()
		}
		for i, revoker := range []*kit{k, other} {
			key := idv.APIKey{ID: id.New(id.Key), Hash: bytes.Repeat([]byte{byte(i)}, 32), CreatedAt: k.now()}
			if _, err := k.KeyByHash(t.Context(), key.Hash); !errors.Is(err, idv.ErrNotFound) {
				t.Fatalf("before it is made: %v", err)
			}
			if err := k.CreateKey(t.Context(), key, "key_1"); err != nil {
				t.Fatal(err)
			}
			if revoked(key.Hash) {
				t.Fatal("revoked at first")
			}
			if err := revoker.RevokeKey(t.Context(), key.ID, "key_1", k.now()); err != nil {
				t.Fatal(err)
			}
			if revoker == other {
				k.pass(2 * time.Second)
			}
			if !revoked(key.Hash) {
				t.Errorf("key %d still counts", i)
			}
		}
	})
}

// Any number of keys is known, and each is itself.
func TestManyKeys(t *testing.T) {
	k := open(t, enginetest.SQLite(t))
	var all sync.WaitGroup
	for i := range 1_100 {
		key := idv.APIKey{ID: id.New(id.Key), Hash: bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 16), CreatedAt: k.now()}
		if err := k.CreateKey(t.Context(), key, "key_1"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			all.Go(func() {
				got, err := k.KeyByHash(t.Context(), key.Hash)
				if err != nil || got.ID != key.ID {
					t.Errorf("key %s is %s, %v", key.ID, got.ID, err)
				}
			})
		}
	}
	all.Wait()
}
