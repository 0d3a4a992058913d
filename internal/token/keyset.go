package token

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// ErrUnchecked: the credential cannot be checked at present, since the keys of the
// identity provider were never got.
var ErrUnchecked = errors.New("credential cannot be checked: the keys of the identity provider are not known yet")

var errBrokenOff = errors.New("the fetch broke off")

const (
	// fetchEvery is how old a key set may become, and so how long a key counts that
	// the provider has withdrawn.
	fetchEvery = 10 * time.Minute
	// fetchPause is the shortest time between two fetches while there are keys. It
	// bounds what tokens with made-up keys can do to the provider, and how long a
	// new key of its takes to show.
	fetchPause = 30 * time.Second
	// firstPause is the same while there are none.
	firstPause = 10 * time.Second
	// fetchWithin is how long a fetch may take.
	fetchWithin = 10 * time.Second
	maxDocument = 1 << 20
)

// KeySetOptions are what a key set works with.
type KeySetOptions struct {
	URL       string
	Transport http.RoundTripper // default: one of its own
	Now       func() time.Time
	Logger    *slog.Logger
}

// KeySet keeps the public keys of an identity provider. Those that were got go on
// counting while the provider is away. It is safe for concurrent use.
type KeySet struct {
	url    string
	client *http.Client
	now    func() time.Time
	log    *slog.Logger

	mu      sync.Mutex
	keys    []publicKey   // none until they were got
	began   time.Time     // when the last fetch began
	failed  bool          // the last fetch did
	ongoing chan struct{} // closed when the fetch that is on its way is over; nil if there is none
}

// NewKeySet makes a key set. It fetches for whoever needs a key, and Run keeps it
// fresh.
func NewKeySet(o KeySetOptions) *KeySet {
	if o.Transport == nil {
		// Fetches are rare: no connection is kept between them.
		o.Transport = &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10}
	}
	return &KeySet{
		url: o.URL,
		client: &http.Client{
			Transport: o.Transport,
			// The operator said where the keys are. A redirect is somebody else's word.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		now: o.Now,
		log: cmp.Or(o.Logger, slog.Default()),
	}
}

// Run fetches the keys now and then, until ctx ends.
func (k *KeySet) Run(ctx context.Context) {
	for {
		// Its error is that of ctx, which is looked at below.
		_ = k.refresh(ctx, ctx)
		timer := time.NewTimer(k.next())
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// next is how long to wait before the next fetch that nobody asks for.
func (k *KeySet) next() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failed {
		return k.pause()
	}
	return fetchEvery
}

// pause is the shortest time between two fetches. The lock is held.
func (k *KeySet) pause() time.Duration {
	if len(k.keys) == 0 {
		return firstPause
	}
	return fetchPause
}

// find gives the key that a token names, which must fit its algorithm. It returns
// ErrInvalid if there is none, and ErrUnchecked if that cannot be told.
func (k *KeySet) find(ctx context.Context, id, algorithm string) (any, error) {
	keys := k.kept()
	key, known := pick(keys, id, algorithm)
	if !known {
		// Whoever asked first may give up, but others may wait for the same fetch.
		if err := k.refresh(context.WithoutCancel(ctx), ctx); err != nil {
			return nil, err
		}
		keys = k.kept()
		key, _ = pick(keys, id, algorithm)
	}
	switch {
	case key != nil:
		return key, nil
	case len(keys) == 0:
		return nil, ErrUnchecked
	default:
		return nil, ErrInvalid
	}
}

func (k *KeySet) kept() []publicKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keys
}

// refresh fetches the keys, unless that was done a moment ago. Whoever comes
// while a fetch is on its way waits for that one.
func (k *KeySet) refresh(fetching, waiting context.Context) error {
	ongoing, mine := k.begin()
	switch {
	case mine:
		var keys []publicKey
		err := errBrokenOff
		defer func() { k.end(keys, err) }()
		keys, err = k.fetch(fetching)
		return nil
	case ongoing == nil:
		return nil
	}
	select {
	case <-ongoing:
		return nil
	case <-waiting.Done():
		return waiting.Err()
	}
}

// begin gives the fetch that is on its way, which may be the caller's to make;
// nil if it is too early for another one.
func (k *KeySet) begin() (ongoing chan struct{}, mine bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ongoing != nil {
		return k.ongoing, false
	}
	now := k.now()
	// A clock that was set back must not stop us.
	if since := now.Sub(k.began); since >= 0 && since < k.pause() {
		return nil, false
	}
	k.began, k.ongoing = now, make(chan struct{})
	return k.ongoing, true
}

// end keeps what a fetch gave, and lets those go on who waited for it.
func (k *KeySet) end(keys []publicKey, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.ongoing)
	k.ongoing, k.failed = nil, err != nil
	if err != nil {
		k.log.Warn("the keys of the identity provider were not fetched", "kept", len(k.keys), "error", err.Error())
		return
	}
	k.log.Debug("the keys of the identity provider were fetched", "keys", len(keys))
	k.keys = keys
}

func (k *KeySet) fetch(ctx context.Context) ([]publicKey, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, nil)
	if err != nil {
		return nil, errors.New("the address is not one")
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	res, err := k.client.Do(req)
	if err != nil {
		return nil, withoutAddress(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer is %d", res.StatusCode)
	}
	document, err := io.ReadAll(io.LimitReader(res.Body, maxDocument+1))
	if err != nil {
		return nil, withoutAddress(err)
	}
	if len(document) > maxDocument {
		return nil, fmt.Errorf("the answer is larger than %d bytes", maxDocument)
	}
	return readKeys(document)
}

// withoutAddress takes the address out of an error: its query may hold a secret.
func withoutAddress(err error) error {
	if of := (*url.Error)(nil); errors.As(err, &of) {
		return of.Err
	}
	return err
}
