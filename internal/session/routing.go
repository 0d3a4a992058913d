package session

import (
	"slices"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Routing chooses a provider for a request that names none: the first rule
// that fits.
type Routing []Rule

// Rule names a provider for the countries and document types it lists; an
// empty list fits all.
type Rule struct {
	Countries     []string
	DocumentTypes []idv.DocumentType
	Provider      string
}

// Choose gives the name of the provider, or ErrNotConfigured if no rule fits.
func (r Routing) Choose(country string, documents []idv.DocumentType) (string, error) {
	for _, rule := range r {
		if len(rule.Countries) > 0 && !slices.Contains(rule.Countries, country) {
			continue
		}
		if len(rule.DocumentTypes) > 0 && !covers(rule.DocumentTypes, documents) {
			continue
		}
		return rule.Provider, nil
	}
	return "", ErrNotConfigured
}

// covers reports whether the rule takes every document that is asked for.
func covers(rule, asked []idv.DocumentType) bool {
	if len(asked) == 0 {
		return false
	}
	return !slices.ContainsFunc(asked, func(d idv.DocumentType) bool { return !slices.Contains(rule, d) })
}
