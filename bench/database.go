package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
)

// databases makes empty, migrated databases on one server.
type databases struct {
	url   *url.URL
	admin *sql.DB
}

// template is the migrated database that the others are copies of.
const template = "bench_template"

func openDatabases(ctx context.Context, server string, migrate func(url string) error) (databases, error) {
	address, err := url.Parse(server)
	if err != nil {
		return databases{}, err
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return databases{}, err
	}
	d := databases{url: address, admin: admin}
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+template); err != nil {
		return d, err
	}
	return d, migrate(d.at(template))
}

// database makes a database and gives its URL.
func (d databases) database(ctx context.Context) (string, error) {
	name := "bench_" + strings.ToLower(rand.Text())
	if _, err := d.admin.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		return "", fmt.Errorf("make a database: %w", err)
	}
	return d.at(name), nil
}

func (d databases) at(name string) string {
	other := *d.url
	other.Path = "/" + name
	return other.String()
}

// version names the server.
func (d databases) version(ctx context.Context) (version string, err error) {
	err = d.admin.QueryRowContext(ctx, "SHOW server_version").Scan(&version)
	return version, err
}

// transactions is how many there were on the server so far that wrote.
func (d databases) transactions(ctx context.Context) (n int64, err error) {
	err = d.admin.QueryRowContext(ctx, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").Scan(&n)
	return n, err
}
