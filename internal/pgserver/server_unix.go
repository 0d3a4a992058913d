//go:build unix

package pgserver

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// settings are those of every server; forgetful ones are those of one that need
// not survive a crash of its machine.
var (
	settings = []string{
		"-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=",
		"-c", "max_connections=400",
	}
	forgetful = []string{
		"-c", "fsync=off",
		"-c", "synchronous_commit=off",
		"-c", "full_page_writes=off",
		"-c", "shared_buffers=32MB",
	}
)

// keeper runs the server, and does as it is told on its standard input until
// that ends, which it does with the process that started it, however that ends.
// Then nothing is left behind.
const keeper = `
folder=$1; shift
"$@" & server=$!
while read -r order; do
	case $order in
	stop) kill -QUIT $server; wait $server ;;
	start) "$@" & server=$! ;;
	esac
done
kill -QUIT $server
wait $server
rm -rf "$folder"
`

// Start starts a server on a free port.
func Start(o Options) (*Server, error) {
	binaries, err := Binaries()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "bonafide-postgres-")
	if err != nil {
		return nil, err
	}
	owner, err := unprivileged(folder)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	initdb := exec.Command(filepath.Join(binaries, "initdb"),
		"-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: owner}
	initdb.Dir = folder
	if said, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, said)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()

	run := append([]string{
		"-c", keeper, "keeper", folder,
		filepath.Join(binaries, "postgres"), "-D", data, "-p", strconv.Itoa(port),
	}, settings...)
	if !o.Durable {
		run = append(run, forgetful...)
	}
	kept := exec.Command("/bin/sh", run...)
	// A group of its own, so that an interrupt at the keyboard leaves it alone.
	kept.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Setpgid: true}
	kept.Dir = folder
	kept.Stdout, kept.Stderr = log, log
	orders, err := kept.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := kept.Start(); err != nil {
		return nil, err
	}
	s := &Server{URL: fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port), keeper: orders}
	if !await(s.URL, func(err error) bool { return err == nil }) {
		said, _ := os.ReadFile(log.Name())
		return nil, errors.Join(fmt.Errorf("the server did not start: %s", said), s.Close())
	}
	return s, nil
}

// Binaries finds the folder of initdb and postgres: what the path names, or
// else the newest version in the usual places.
func Binaries() (string, error) {
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
