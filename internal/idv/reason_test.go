package idv_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	. "github.com/bonafide-idv/bonafide/internal/idv"
)

// declaredReasons reads the constants of type ReasonCode off the source.
func declaredReasons(t *testing.T) []ReasonCode {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []ReasonCode
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if of, ok := spec.Type.(*ast.Ident); ok && of.Name == "ReasonCode" {
			code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, ReasonCode(code))
		}
		return true
	})
	return codes
}

// TestReasonCatalogue: every code has one text, and every text a code.
func TestReasonCatalogue(t *testing.T) {
	declared := declaredReasons(t)
	listed := ReasonCodes()
	if len(declared) == 0 || !slices.Equal(slices.Sorted(slices.Values(declared)), slices.Sorted(slices.Values(listed))) {
		t.Errorf("declared %v\nlisted %v", declared, listed)
	}
	snake := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	for i, code := range listed {
		if slices.Index(listed, code) != i {
			t.Errorf("%s is listed twice", code)
		}
		if !snake.MatchString(string(code)) {
			t.Errorf("%s is not snake case", code)
		}
		r := NewReason(code, "207")
		if r.Code != code || r.ProviderCode != "207" {
			t.Errorf("NewReason(%s) is %+v", code, r)
		}
		if !strings.HasSuffix(r.Message, ".") || strings.ContainsAny(r.Message, "%{}\n") {
			t.Errorf("%s: %q is no sentence for a user", code, r.Message)
		}
	}
}

// TestReasonsDoNotTellAFraudsterWhy: suspicion and watchlists share one text
// that says nothing, and cannot be retried.
func TestReasonsDoNotTellAFraudsterWhy(t *testing.T) {
	fraud, watchlist := NewReason(ReasonFraudSuspected, ""), NewReason(ReasonWatchlistMatch, "")
	if fraud.Message != watchlist.Message || fraud.Retryable || watchlist.Retryable {
		t.Errorf("%+v, %+v", fraud, watchlist)
	}
}

func TestReasonOutsideTheCatalogue(t *testing.T) {
	got := NewReason("no_such_reason", "X9")
	if want := NewReason(ReasonNotSpecified, "X9"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestContractExample is the reason that the contract prints.
func TestContractExample(t *testing.T) {
	r := NewReason(ReasonDocumentExpired, "207")
	if r.Code != "document_expired" || !r.Retryable {
		t.Errorf("%+v", r)
	}
}
