//go:build unix

package enginetest

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// settings make a server that forgets everything in a crash, and is fast.
var settings = []string{
	"-c", "listen_addresses=127.0.0.1",
	"-c", "unix_socket_directories=",
	"-c", "fsync=off",
	"-c", "synchronous_commit=off",
	"-c", "full_page_writes=off",
	"-c", "max_connections=400",
	"-c", "shared_buffers=32MB",
}

// keeper runs the server until its own standard input ends, which it does with
// the test process, however that ends. Then nothing is left behind.
const keeper = `
folder=$1; shift
"$@" & server=$!
cat >/dev/null
kill -QUIT $server
wait $server
rm -rf "$folder"
`

// startServer starts a throw-away server and gives the URL of its superuser. The
// server ends with alive, which must be kept within reach: the garbage collector
// closes a pipe that nobody knows any more.
func startServer() (url string, alive io.Closer, err error) {
	binaries, err := findBinaries()
	if err != nil {
		return "", nil, err
	}
	folder, err := os.MkdirTemp("", "bonafide-postgres-")
	if err != nil {
		return "", nil, err
	}
	owner, err := unprivileged(folder)
	if err != nil {
		return "", nil, err
	}
	data := filepath.Join(folder, "data")
	initdb := exec.Command(filepath.Join(binaries, "initdb"),
		"-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: owner}
	initdb.Dir = folder
	if said, err := initdb.CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("initdb: %w: %s", err, said)
	}
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = log.Close() }()

	run := append([]string{
		"-c", keeper, "keeper", folder,
		filepath.Join(binaries, "postgres"), "-D", data, "-p", strconv.Itoa(port),
	}, settings...)
	kept := exec.Command("/bin/sh", run...)
	// A group of its own, so that an interrupt at the keyboard leaves it alone.
	kept.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Setpgid: true}
	kept.Dir = folder
	kept.Stdout, kept.Stderr = log, log
	alive, err = kept.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	if err := kept.Start(); err != nil {
		return "", nil, err
	}
	address := fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
	if err := awaitServer(address); err != nil {
		said, _ := os.ReadFile(log.Name())
		return "", nil, fmt.Errorf("the server did not start: %w: %s", err, said)
	}
	return address, alive, nil
}

// findBinaries finds the folder of initdb and postgres: what the path names, or
// else the newest version in the usual places.
func findBinaries() (string, error) {
	var folders []string
	if path, err := exec.LookPath("initdb"); err == nil {
		folders = append(folders, filepath.Dir(path))
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin",
		"/usr/local/opt/postgresql*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/bin",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		slices.Reverse(found)
		folders = append(folders, found...)
	}
	for _, folder := range folders {
		_, noInitdb := os.Stat(filepath.Join(folder, "initdb"))
		_, noServer := os.Stat(filepath.Join(folder, "postgres"))
		if noInitdb == nil && noServer == nil {
			return folder, nil
		}
	}
	return "", errors.New("initdb and postgres are not on this machine")
}

// unprivileged gives a folder to a user as whom PostgreSQL agrees to run: root
// becomes postgres or nobody, anybody else stays who they are.
func unprivileged(folder string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(account.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(account.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(folder, int(uid), int(gid))
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody")
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// awaitServer waits until the server answers.
func awaitServer(address string) error {
	db, err := sql.Open("pgx", address)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(30 * time.Second)
	for {
		if err = db.Ping(); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-timeout:
			return err
		}
	}
}
