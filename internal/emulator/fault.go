package emulator

import (
	"strconv"
	"sync"
	"time"
)

// Faults are what goes wrong on demand, set through the control door. The zero
// value is none.
type Faults struct {
	Webhook WebhookFault `json:"webhook"`
	API     APIFault     `json:"api"`
}

// WebhookFault is what goes wrong with the webhooks of a step.
type WebhookFault struct {
	DelayMS   int  `json:"delayMs,omitempty"`   // sent this much later
	Duplicate bool `json:"duplicate,omitempty"` // each is sent twice
	Reorder   bool `json:"reorder,omitempty"`   // sent in reverse; a single one is held back so that the next overtakes it
	Drop      bool `json:"drop,omitempty"`      // never sent
	Forge     bool `json:"forge,omitempty"`     // sent once, with a body changed after it was signed
	Times     int  `json:"times,omitempty"`     // how many steps it hits; 0 is until it is changed
}

// APIFault is what goes wrong with calls of the provider's API.
type APIFault struct {
	Method     string `json:"method,omitempty"`     // only calls with this HTTP method; empty is all
	Status     int    `json:"status,omitempty"`     // refused with this HTTP status, without any effect
	RetryAfter int    `json:"retryAfter,omitempty"` // seconds, sent with a refusal
	Hang       bool   `json:"hang,omitempty"`       // never answered, without any effect
	Lose       bool   `json:"lose,omitempty"`       // has its effect, but the connection breaks before the answer
	Times      int    `json:"times,omitempty"`      // how many calls it hits; 0 is until it is changed
}

// webhookFaults and apiFaults are the faults that an externalUserId may name.
func webhookFaults() []string { return []string{"delay", "duplicate", "reorder", "drop", "forge"} }
func apiFaults() []string     { return []string{"429", "500", "503", "hang", "lose"} }

// FaultsOf reads the faults that a magic externalUserId names after plus signs:
// +delay (2 s), +duplicate, +reorder, +drop, +forge for the session's webhooks;
// +429, +500, +503 (refused), +hang, +lose for its create.
func FaultsOf(externalUserID string) Faults {
	var f Faults
	_, names, _ := magic(externalUserID)
	for _, name := range names {
		switch name {
		case "delay":
			f.Webhook.DelayMS = 2000
		case "duplicate":
			f.Webhook.Duplicate = true
		case "reorder":
			f.Webhook.Reorder = true
		case "drop":
			f.Webhook.Drop = true
		case "forge":
			f.Webhook.Forge = true
		case "429", "500", "503":
			f.API.Status, _ = strconv.Atoi(name) // one of the three
			f.API.RetryAfter = 1
		case "hang":
			f.API.Hang = true
		case "lose":
			f.API.Lose = true
		}
	}
	return f
}

func (f WebhookFault) delay() time.Duration { return time.Duration(f.DelayMS) * time.Millisecond }

// with adds the faults of other.
func (f WebhookFault) with(other WebhookFault) WebhookFault {
	return WebhookFault{
		DelayMS:   max(f.DelayMS, other.DelayMS),
		Duplicate: f.Duplicate || other.Duplicate,
		Reorder:   f.Reorder || other.Reorder,
		Drop:      f.Drop || other.Drop,
		Forge:     f.Forge || other.Forge,
	}
}

// faults keeps those of the control door and counts what they hit.
type faults struct {
	mu sync.Mutex
	f  Faults
}

func (k *faults) get() Faults {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.f
}

func (k *faults) set(f Faults) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.f = f
}

// webhook gives the fault that hits the next step's webhooks.
func (k *faults) webhook() WebhookFault {
	k.mu.Lock()
	defer k.mu.Unlock()
	hit := k.f.Webhook
	if !countDown(&k.f.Webhook.Times) {
		k.f.Webhook = WebhookFault{}
	}
	return hit
}

// api gives the fault that hits a call with the given method.
func (k *faults) api(method string) APIFault {
	k.mu.Lock()
	defer k.mu.Unlock()
	hit := k.f.API
	if hit.Method != "" && hit.Method != method {
		return APIFault{}
	}
	if !countDown(&k.f.API.Times) {
		k.f.API = APIFault{}
	}
	return hit
}

// countDown reports whether a fault goes on after this hit.
func countDown(times *int) bool {
	if *times == 0 {
		return true
	}
	*times--
	return *times > 0
}
