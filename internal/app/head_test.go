package app

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// What is taken for the end of an audit log is one, as it would be printed.
func FuzzHead(f *testing.F) {
	for _, seed := range []string{"", "1:" + strings.Repeat("ab", 32), "-1:" + strings.Repeat("ab", 32), "1:ab", "1", ":", "x:" + strings.Repeat("ab", 32), "9223372036854775808:" + strings.Repeat("00", 32), "1:" + strings.Repeat("AB", 32) + " "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, noted string) {
		head, err := parseHead(noted)
		if err != nil || noted == "" {
			return
		}
		number, hash, _ := strings.Cut(noted, ":")
		if again := fmt.Sprintf("%d:%s", head.Seq, hex.EncodeToString(head.Hash)); head.Seq < 0 || len(head.Hash) != 32 || !strings.HasSuffix(again, ":"+strings.ToLower(hash)) || strings.TrimLeft(number, "+-0") != strings.TrimLeft(fmt.Sprint(head.Seq), "0") {
			t.Errorf("%q is read as %s", noted, again)
		}
	})
}
