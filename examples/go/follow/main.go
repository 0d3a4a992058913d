// Command follow creates a session for a user and waits until it is decided, as
// the backend of an app would.
//
//	API=http://127.0.0.1:8080 KEY=bfk_… go run ./examples/go/follow user-42
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: API=… KEY=… follow USER")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := client{api: os.Getenv("API"), key: os.Getenv("KEY")}.verify(ctx, os.Args[1])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// verify creates a session and tells what becomes of the user.
func (c client) verify(ctx context.Context, user string) error {
	s, err := c.create(ctx, user)
	if err != nil {
		return err
	}
	fmt.Println("send the user to", s.Launch.URL)
	for v, err := range c.follow(ctx, user) {
		if err != nil {
			return err
		}
		fmt.Printf("version %d: %s\n", v.Version, v.Status)
		if v.decided() {
			break
		}
	}
	return nil
}
