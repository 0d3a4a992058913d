// Command receive takes bonafide's webhooks, as the backend of an app would.
//
//	SECRET=whsec_… go run ./examples/go/receive
package main

import (
	"fmt"
	"net/http"
	"os"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func main() {
	address := "127.0.0.1:9000"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	verifier, err := webhooks.NewWebhook(os.Getenv("SECRET"))
	if err != nil || os.Getenv("SECRET") == "" {
		fmt.Fprintln(os.Stderr, "SECRET must be the endpoint's secret: whsec_…")
		os.Exit(2)
	}
	server := &http.Server{
		Addr:        address,
		Handler:     &receiver{verifier: verifier, accounts: &accounts{seen: map[string]bool{}, users: map[string]user{}}},
		ReadTimeout: 10 * time.Second,
	}
	fmt.Println("listening on", address)
	fmt.Fprintln(os.Stderr, server.ListenAndServe())
	os.Exit(1)
}
