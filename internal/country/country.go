// Package country reads the country codes that providers use.
package country

import (
	"strings"

	"golang.org/x/text/language"
)

// Alpha2 gives the ISO 3166-1 alpha-2 code for an alpha-2 or alpha-3 code in any
// case, and an empty string for anything else.
func Alpha2(code string) string {
	code = strings.ToUpper(strings.TrimSpace(code))
	if len(code) != 2 && len(code) != 3 || strings.ContainsFunc(code, notLetter) {
		return ""
	}
	region, err := language.ParseRegion(code)
	if err != nil || !region.IsCountry() {
		return ""
	}
	alpha2 := region.Canonicalize().String()
	if len(alpha2) != 2 || alpha2 == "UN" { // the United Nations issue documents but are no country
		return ""
	}
	return alpha2
}

func notLetter(r rune) bool { return r < 'A' || r > 'Z' }
