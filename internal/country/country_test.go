package country_test

import (
	"testing"

	"github.com/bonafide-idv/bonafide/internal/country"
)

func TestAlpha2(t *testing.T) {
	for code, want := range map[string]string{
		"NG": "NG", "ng": "NG", "NGA": "NG", " nga ": "NG", "DEU": "DE", "GBR": "GB", "USA": "US",
		"CHE": "CH", "KOR": "KR", "ZAF": "ZA", "UK": "GB",
		"": "", "N": "", "Nigeria": "", "566": "", "ZZ": "", "ZZZ": "", "XXX": "", "AAA": "",
		"EU": "", "UN": "", "UNO": "", "N<": "", "ÅÅ": "",
	} {
		if got := country.Alpha2(code); got != want {
			t.Errorf("Alpha2(%q) = %q, want %q", code, got, want)
		}
	}
}

func FuzzAlpha2(f *testing.F) {
	f.Add("NGA")
	f.Fuzz(func(t *testing.T, code string) {
		if got := country.Alpha2(code); got != "" && (len(got) != 2 || country.Alpha2(got) != got) {
			t.Errorf("Alpha2(%q) = %q", code, got)
		}
	})
}
