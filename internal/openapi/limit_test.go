package openapi_test

import (
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/openapi"
)

func TestLimitsNeedTheSchemaOfErrors(t *testing.T) {
	_, err := openapi.Convert([]byte(`{"swagger": "2.0", "info": {"title": "x", "version": "1"}, "paths": {"/v1/x": {"get": {
		"security": [{"Bearer": []}], "responses": {"204": {"description": "done"}}}}},
		"securityDefinitions": {"Bearer": {"type": "apiKey", "name": "Authorization", "in": "header"}}}`))
	if err == nil || !strings.Contains(err.Error(), "no schema Problem") {
		t.Errorf("got %v", err)
	}
}
