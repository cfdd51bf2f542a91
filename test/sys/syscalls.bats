# shellcheck disable=SC2016 # single quotes are meant
# The sandbox's system-call profile and its Landlock, on the running kernel: what is refused, each with its twin under --syscalls=none or --nest, and tools
# at work. What the filter says of every number is test_sandbox_profile's.
load lib

# box OPTION… -- COMMAND…
box() { timeout --foreground -k 2 60 "$HULL" sandbox "$@" 3>&- </dev/null; }

# call NUMBER ARGUMENT…: a system call's error, or "ok" (python's ctypes)
CALL='import ctypes, errno, sys
libc = ctypes.CDLL(None, use_errno=True)
r = libc.syscall(*[ctypes.c_long(int(a, 0)) for a in sys.argv[1:]])
print("ok" if r >= 0 else errno.errorcode[ctypes.get_errno()])'
call() { box "${OPTIONS[@]}" -- /usr/bin/python3 -c "$CALL" "$@"; }

setup()
{
	test_begin
	OPTIONS=()
}

@test "the kernel's surface is refused: keys, BPF, perf, userfaultfd, io_uring, clone3" {
	[ "$(call 250 0 -3 0)" = ENOSYS ]    # keyctl
	[ "$(call 321 0 0 0)" = EPERM ]      # bpf
	[ "$(call 298 0 0 0 0 0)" = EPERM ]  # perf_event_open
	[ "$(call 323 1)" = EPERM ]          # userfaultfd
	[ "$(call 425 1 0)" = ENOSYS ]       # io_uring_setup
	[ "$(call 435 0 0)" = ENOSYS ]       # clone3
	[ "$(call 9999)" = ENOSYS ]
	OPTIONS=(--syscalls none)
	[ "$(call 250 0 -3 0)" != ENOSYS ]
	[ "$(call 425 1 0)" = EFAULT ]
	[ "$(call 435 0 0)" = EINVAL ]
}

@test "mounts and namespaces are refused, and let through with --nest" {
	run box -- sh -c 'unshare -U true || mount -t tmpfs none /mnt || nsenter -t 1 -U true'
	[ "$status" -ne 0 ]
	# as an ordinary user: user 0 can be mapped again only with CAP_SETFCAP
	run setpriv --reuid 65534 --regid 65534 --clear-groups timeout 20 "$HULL" sandbox --nest -- unshare -Urm sh -c 'mount -t tmpfs none /mnt && echo mounted'
	[ "$status" -eq 0 ]
	[ "$output" = mounted ]
	run setpriv --reuid 65534 --regid 65534 --clear-groups timeout 20 "$HULL" sandbox --nest -- "$HULL" sandbox --nest -- "$HULL" sandbox -- echo third
	[ "$status" -eq 0 ]
	[ "$output" = third ]
}

@test "odd sockets are refused with the errors of a kernel that lacks them" {
	[ "$(call 41 38 5 0)" = EAFNOSUPPORT ]     # AF_ALG
	[ "$(call 41 40 1 0)" = EAFNOSUPPORT ]     # AF_VSOCK
	[ "$(call 41 2 1 132)" = EPROTONOSUPPORT ] # SCTP
	[ "$(call 41 16 3 12)" = EPROTONOSUPPORT ] # NETLINK_NETFILTER
	[ "$(call 41 1 1 0)" = ok ]
	[ "$(call 41 2 1 0)" = ok ]
	[ "$(call 41 10 2 0)" = ok ]
	[ "$(call 41 16 3 0)" = ok ]
	OPTIONS=(--nest)
	[ "$(call 41 16 3 12)" = ok ]
}

@test "TIOCSTI and TIOCLINUX are refused, whatever the upper half of the request" {
	for request in 0x5412 0x100005412 0x541c 0x7fffffff0000541c; do
		[ "$(call 16 0 $request 0)" = EPERM ]
	done
	[ "$(call 16 0 0x5413 0)" = ENOTTY ]
	OPTIONS=(--syscalls none)
	[ "$(call 16 0 0x100005412 0)" = ENOTTY ]
}

@test "the printed profile decides as the built-in one" {
	"$HULL" sandbox --print-config true | jq -e .linux.seccomp >"$DIR/profile.json"
	OPTIONS=(--syscalls "$DIR/profile.json")
	[ "$(call 250 0 -3 0)" = ENOSYS ]
	[ "$(call 321 0 0 0)" = EPERM ]
	[ "$(call 41 38 5 0)" = EAFNOSUPPORT ]
	[ "$(call 16 0 0x100005412 0)" = EPERM ]
	[ "$(call 39)" = ok ]
}

@test "a compiler, gdb and strace work" {
	command -v gdb strace gcc >/dev/null || skip "gdb, strace or gcc is not installed"
	printf 'int twice(int x) { return 2 * x; }\nint main(void) { return twice(21) != 42; }\n' >"$DIR/a.c"
	run box -- sh -c 'cd /tmp && gcc -g -O0 -o a "$1" && ./a &&
		gdb -batch -ex "break twice" -ex run -ex bt -ex continue ./a 2>&1 | grep "#0  twice (x=21)" &&
		strace -f -o log sh -c ./a && grep -c execve log' sh "$DIR/a.c"
	[ "$status" -eq 0 ]
	[[ "$output" == *"twice (x=21)"* ]]
}

@test "git and Python's processes, threads, sockets and shared memory work" {
	command -v git >/dev/null || skip "git is not installed"
	run box -- sh -ec 'export HOME=/tmp; cd /tmp; git init -q r; cd r; echo x >f; git add f
		git -c user.name=n -c user.email=a@b commit -qm x; git clone -q /tmp/r /tmp/r2; git -C /tmp/r2 fsck 2>&1; cat /tmp/r2/f'
	[ "$status" -eq 0 ]
	[[ "$output" == *x ]]
	run box -- /usr/bin/python3 -c '
import multiprocessing, socket, threading
from multiprocessing import shared_memory
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        assert pool.map(abs, [-1, -2]) == [1, 2]
    s = socket.create_server(("127.0.0.1", 0))
    t = threading.Thread(target=lambda: s.accept()[0].send(b"x"))
    t.start()
    assert socket.create_connection(s.getsockname()).recv(1) == b"x"
    t.join()
    m = shared_memory.SharedMemory(create=True, size=10)
    m.close()
    m.unlink()
    print(socket.if_nameindex())'
	[ "$status" -eq 0 ]
	[ "$output" = "[(1, 'lo')]" ]
}

@test "Landlock holds where the mounts let through: a descriptor that leads out" {
	local abi
	abi=$(/usr/bin/python3 -c 'import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))')
	[ "$abi" -ge 2 ] || skip "Landlock's ABI is $abi here"
	echo kept >"$DIR/in"
	timeout 20 "$HULL" sandbox -- sh -c 'echo more >>/proc/self/fd/0' <"$DIR/in" 3>&- || true
	[ "$(cat "$DIR/in")" = kept ]
	timeout 20 "$HULL" sandbox --no-landlock -- sh -c 'echo more >>/proc/self/fd/0' <"$DIR/in" 3>&-
	[ "$(cat "$DIR/in")" = "$(printf 'kept\nmore')" ]
}
