package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// room is what a container sees and does. This program starts itself in a mount namespace of its own (enterRoom), reads
// its room from a pipe, makes it, and becomes the container's program; what fails before comes back on another pipe.
type room struct {
	Folder   string // where its root is put together
	Etc      string
	Programs []string
	Mounts   []mount
	Dir      string
	Words    []string
	Env      []string
}

type mount struct {
	Path, Folder string
	ReadOnly     bool
}

const enterRoom = "enter-room"

// The pipes of a started room, after the standard ones.
const specPipe, errorPipe = 3, 4

const rootSize = "size=256m"

// start runs the room's program. The calling thread has to live as long as it does: the kernel kills the program when
// the thread that started it ends.
func (r *room) start(output *os.File) (*exec.Cmd, error) {
	spec, specIn, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer spec.Close()
	defer specIn.Close()
	errorOut, errorIn, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer errorOut.Close()
	command := exec.Command("/proc/self/exe", enterRoom)
	command.Stdout, command.Stderr, command.ExtraFiles = output, output, []*os.File{spec, errorIn}
	// A group of its own, to be signalled as one. As the first process of its namespace it takes all that it has started with
	// it, however it ends, and has no use for signals that it does not handle: both as in a cluster.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL,
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID}
	if os.Geteuid() != 0 {
		command.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	err = command.Start()
	errorIn.Close()
	if err != nil {
		return nil, err
	}
	json.NewEncoder(specIn).Encode(r) // when it is not read to its end, the other pipe tells
	specIn.Close()
	if text, _ := io.ReadAll(errorOut); len(text) > 0 {
		command.Wait()
		return nil, errors.New(string(text))
	}
	return command, nil
}

// becomeContainer is the started side; it does not return.
func becomeContainer() {
	runtime.LockOSThread()
	syscall.CloseOnExec(specPipe)
	syscall.CloseOnExec(errorPipe)
	r := room{}
	err := json.NewDecoder(os.NewFile(specPipe, "room")).Decode(&r)
	if err == nil {
		err = r.enter()
	}
	fmt.Fprint(os.NewFile(errorPipe, "errors"), err)
	os.Exit(127)
}

// enter returns only when it fails.
func (r *room) enter() error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := r.makeRoot(); err != nil {
		return err
	}
	for _, m := range r.Mounts {
		if err := r.mount(m); err != nil {
			return err
		}
	}
	if err := syscall.Chroot(r.Folder); err != nil {
		return fmt.Errorf("chroot: %w", err)
	}
	if err := os.MkdirAll(r.Dir, 0o755); err != nil {
		return err
	}
	if err := os.Chdir(r.Dir); err != nil {
		return err
	}
	program, err := lookUp(r.Words[0], r.Env)
	if err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", program, syscall.Exec(program, r.Words, r.Env))
}

func lookUp(word string, env []string) (string, error) {
	for _, e := range env {
		if path, ok := strings.CutPrefix(e, "PATH="); ok {
			os.Setenv("PATH", path)
		}
	}
	return exec.LookPath(word)
}

// makeRoot: an empty root, with what programs need of the machine.
func (r *room) makeRoot() error {
	if err := os.MkdirAll(r.Folder, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", r.Folder, "tmpfs", 0, rootSize); err != nil {
		return fmt.Errorf("root: %w", err)
	}
	for _, name := range []string{"usr", "bin", "sbin", "lib", "lib64", "proc", "dev"} {
		if err := r.borrow(name); err != nil {
			return err
		}
	}
	for _, name := range []string{"tmp", "var/tmp"} {
		if err := os.MkdirAll(filepath.Join(r.Folder, name), 0o777); err != nil {
			return err
		}
	}
	if err := r.mount(mount{Path: "/etc", Folder: r.Etc}); err != nil {
		return err
	}
	local := filepath.Join(r.Folder, "usr/local")
	if err := syscall.Mount("tmpfs", local, "tmpfs", 0, rootSize); err != nil {
		return fmt.Errorf("/usr/local: %w", err)
	}
	for _, program := range r.Programs {
		if err := r.mount(mount{Path: "/usr/local/bin/" + filepath.Base(program), Folder: program}); err != nil {
			return err
		}
	}
	return nil
}

// borrow shows one of the machine's folders; links stay links.
func (r *room) borrow(name string) error {
	if to, err := os.Readlink("/" + name); err == nil {
		return os.Symlink(to, filepath.Join(r.Folder, name))
	}
	if _, err := os.Stat("/" + name); os.IsNotExist(err) {
		return nil
	}
	return r.mount(mount{Path: "/" + name, Folder: "/" + name})
}

// mount shows a folder or a file at a path, which is made when it is not there.
func (r *room) mount(m mount) error {
	there := filepath.Join(r.Folder, m.Path)
	what, err := os.Stat(m.Folder)
	if err != nil {
		return err
	}
	if what.IsDir() {
		err = os.MkdirAll(there, 0o755)
	} else if err = os.MkdirAll(filepath.Dir(there), 0o755); err == nil {
		var file *os.File
		if file, err = os.OpenFile(there, os.O_CREATE, 0o644); err == nil {
			file.Close()
		}
	}
	if err != nil {
		return err
	}
	if err := syscall.Mount(m.Folder, there, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return fmt.Errorf("mounting %s: %w", m.Path, err)
	}
	if m.ReadOnly {
		if err := syscall.Mount("", there, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			return fmt.Errorf("mounting %s read-only: %w", m.Path, err)
		}
	}
	return nil
}

// roomsWork tries one out.
func roomsWork() error {
	folder, err := os.MkdirTemp("", "standin-room-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r := room{Folder: filepath.Join(folder, "root"), Etc: folder, Dir: "/", Words: []string{"true"}, Env: []string{"PATH=/usr/bin:/bin"}}
	command, err := r.start(nil)
	if err == nil {
		err = command.Wait()
	}
	if err != nil {
		return fmt.Errorf("containers need namespaces of mounts and processes (root, or a kernel that lets users make their own): %w", err)
	}
	return nil
}
