package docs_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/bonafide-idv/bonafide/docs"
	"github.com/bonafide-idv/bonafide/internal/openapi"
)

func TestDocumentIsMadeFromTheAnnotations(t *testing.T) {
	swagger, err := os.ReadFile("swagger.json")
	if err != nil {
		t.Fatal(err)
	}
	want, err := openapi.Convert(swagger)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(docs.OpenAPI(), want) {
		t.Error("openapi.json is not what swagger.json gives: run make generate")
	}
}

func TestEveryReplyHasAnExampleThatFits(t *testing.T) {
	checker, err := openapi.NewChecker(docs.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	if len(checker.Operations()) == 0 {
		t.Error("the document has no operations")
	}
	if err := checker.Examples(); err != nil {
		t.Error(err)
	}
}
