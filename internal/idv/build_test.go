package idv_test

import (
	"fmt"
	"time"

	. "github.com/bonafide-idv/bonafide/internal/idv"
)

// began is the moment to which the minutes of these tests are relative.
var began = time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)

// minute is a moment so many minutes after began.
func minute(m float64) time.Time {
	return began.Add(time.Duration(m * float64(time.Minute))).Truncate(time.Millisecond)
}

type option func(*Observation)

// told is something that a provider said and did not date.
func told(s Status, options ...option) Observation {
	o := Observation{Source: SourceWebhook, Status: s, HeardAt: minute(1000)}
	for _, opt := range options {
		opt(&o)
	}
	o.Fingerprint = fmt.Sprint(o.Source, o.Status, o.Attempt, o.OccurredAt, o.ProviderStatus)
	return o
}

func at(m float64) option {
	return func(o *Observation) { o.OccurredAt, o.HeardAt = minute(m), minute(m+1) }
}

func heard(m float64) option { return func(o *Observation) { o.HeardAt = minute(m) } }

func attempt(id string) option { return func(o *Observation) { o.Attempt = id } }

func from(s Source) option { return func(o *Observation) { o.Source = s } }

func word(w string) option { return func(o *Observation) { o.ProviderStatus = w } }

func unknown(o *Observation) { o.Unknown = true }

func odd(why string) option { return func(o *Observation) { o.Why = why } }

func partial(o *Observation) { o.Partial = true }

func test(o *Observation) { o.Test = true }

func because(codes ...ReasonCode) option {
	return func(o *Observation) {
		for _, c := range codes {
			o.Reasons = append(o.Reasons, NewReason(c, ""))
		}
	}
}

func documentUntil(t time.Time) option {
	return func(o *Observation) { o.DocumentExpiresAt = t }
}

// notice is a fact that moves no status.
func notice(kind NoticeKind, options ...option) Observation {
	return told("", append(options, word("notice "+string(kind)), func(o *Observation) { o.Notice = &Notice{Kind: kind} })...)
}

// created is the provider's answer to our create.
func created(s Status) Observation { return told(s, from(SourceCreate), heard(0)) }

// linkRanOut, canceledHere and createFailed are what we concluded ourselves.
func linkRanOut(m float64) Observation {
	return told(Expired, from(SourceClock), at(m), because(ReasonSessionExpired))
}

func canceledHere(m float64) Observation {
	return told(Canceled, from(SourceOperator), heard(m), because(ReasonClientCanceled))
}

func createFailed(m float64) Observation {
	return told(Failed, from(SourceCreate), heard(m), because(ReasonProviderTimeout))
}
