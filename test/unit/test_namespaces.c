/*
 * user, uts, time and net at work: a small engine clones a child into new namespaces, lets the aspect's parent callback act on it while it waits, and
 * then lets it play enter and look around.
 */
#include "aspect_fixture.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>

#include "aspect/idhelper.h"
#include "aspect/time.h"
#include "aspect/user.h"
#include "base/io.h"
#include "base/sys.h"

enum { NOBODY = 65534, NAMESPACES_MAX = 4 };

static struct fixture f;
static struct namespace namespaces[NAMESPACES_MAX];

/* ask for a new namespace, as the engine notes it */
static void want(enum namespace_type type, uint64_t flag)
{
	f.spec.linux.namespaces.v = namespaces;
	namespaces[f.spec.linux.namespaces.n++] = (struct namespace){ .type = type };
	f.plan.new_namespaces |= flag;
	f.plan.has_userns |= type == NAMESPACE_USER;
}

/* Clone, let @parent act, play @body. Returns 0 if all went well; -1: parent failed (f.error tells). */
static int play(const struct aspect *aspect, bool (*body)(struct child *c))
{
	struct clone_args args = { .flags = f.plan.new_namespaces, .exit_signal = SIGCHLD };
	int barrier[2], status = 0, r = 0;
	char byte = 0;
	pid_t pid;

	(void)fflush(stdout);
	if (pipe2(barrier, O_CLOEXEC) < 0)
		return -2;
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0) {
		struct child c = { .plan = &f.plan, .channel = NO_FD, .root = NO_FD, .proc = NO_FD, .tty = NO_FD };
		bool ok;

		(void)close_fd(barrier[1]);
		if (read(barrier[0], &byte, 1) != 1)
			_exit(2);
		ok = (!aspect->enter || aspect->enter(&c) == 0) && body(&c);
		(void)fflush(stdout);
		_exit(ok ? 0 : 1);
	}
	if (pid > 0 && aspect->parent)
		r = aspect->parent(&f.plan, pid, NO_FD);
	if (pid > 0 && r == 0)
		(void)!write(barrier[1], "x", 1); /* a child that is dead has its status */
	(void)close_fd(barrier[0]);
	(void)close_fd(barrier[1]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -3;
	return r < 0 ? -1 : status;
}

/* run @body in a process of its own, so that it may give up what it likes */
static int apart(int (*body)(void))
{
	int status = 0;
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int r = body();

		(void)fflush(stdout);
		_exit(r);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool file_is(const char *path, const char *wanted)
{
	char text[256];

	if (io_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
		return false;
	for (size_t i = 0, k = 0;; i++) { /* the kernel pads with spaces */
		if (text[i] == ' ' && (k == 0 || text[i + 1] == ' '))
			continue;
		if (text[i] != wanted[k++])
			return printf("# %s: '%s', wanted '%s'\n", path, text, wanted) < 0;
		if (!text[i])
			return true;
	}
}

static void set_maps(uint32_t host, uint32_t size)
{
	struct id_mapping *m = arena_many(&f.arena, struct id_mapping, 2);

	m[0] = m[1] = (struct id_mapping){ 0, host, size };
	f.spec.linux.uid_mappings = (struct id_mapping_list){ m, 1 };
	f.spec.linux.gid_mappings = (struct id_mapping_list){ m + 1, 1 };
}

static bool body_root_of_range(struct child *c)
{
	(void)c;
	return geteuid() == 0 && getegid() == 0 && file_is("/proc/self/uid_map", "0 100000 65536") && file_is("/proc/self/gid_map", "0 100000 65536") &&
	       file_is("/proc/self/setgroups", "allow");
}

static void user_as_root(void)
{
	fixture_begin(&f);
	want(NAMESPACE_USER, CLONE_NEWUSER);
	set_maps(100000, 65536);
	CHECK(fixture_plan(&f, &aspect_user) == 0);
	CHECK(play(&aspect_user, body_root_of_range) == 0);
	set_maps(4294967295u, 1); /* the id that is none */
	f.plan.data[ASPECT_USER] = NULL;
	CHECK(fixture_plan(&f, &aspect_user) == 0 && play(&aspect_user, body_root_of_range) == -1);
	CHECK(strstr(f.error.text, "linux.uidMappings: cannot write '0 4294967295 1' to '/proc/") == f.error.text);
	fixture_end(&f);
}

static bool body_without_zero(struct child *c)
{
	(void)c;
	return geteuid() == NOBODY && file_is("/proc/self/uid_map", "5 100000 1") && prctl(PR_CAPBSET_READ, 21, 0, 0, 0) == 1;
}

static void user_without_root(void)
{
	fixture_begin(&f);
	want(NAMESPACE_USER, CLONE_NEWUSER);
	set_maps(100000, 1);
	f.spec.linux.uid_mappings.v->container_id = f.spec.linux.gid_mappings.v->container_id = 5;
	CHECK(fixture_plan(&f, &aspect_user) == 0);
	CHECK(play(&aspect_user, body_without_zero) == 0);
	fixture_end(&f);
}

/* Become nobody for good. A changed id clears dumpable, which a program that nobody started would have. */
static void become_nobody(void)
{
	CHECK(sys_setgroups(0, NULL) == 0 && sys_setresgid(NOBODY, NOBODY, NOBODY) == 0 && sys_setresuid(NOBODY, NOBODY, NOBODY) == 0);
	CHECK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
	fixture_begin(&f);
}

/* put @text in the place of a system file, in a mount namespace of our own */
static bool cover(const char *path, const char *text)
{
	char name[] = "/tmp/hull-test-cover-XXXXXX";
	scope_fd int fd = mkstemp(name);
	bool ok = fd >= 0 && io_write_all(fd, text, strlen(text)) == 0 && fchmod(fd, 0644) == 0 && mount(name, path, NULL, MS_BIND, NULL) == 0;

	(void)unlink(name);
	return ok;
}

static bool cover_all(const char *text)
{
	return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && cover("/etc/subuid", text) && cover("/etc/subgid", text);
}

static bool body_single(struct child *c)
{
	(void)c;
	return geteuid() == 0 && getegid() == 0 && file_is("/proc/self/uid_map", "0 65534 1") && file_is("/proc/self/gid_map", "0 65534 1") &&
	       file_is("/proc/self/setgroups", "deny");
}

/* no user namespace in the spec, no ranges in the files: one comes in, with the caller alone */
static int implicit_single(void)
{
	unit_failed = !cover_all("daemon:1:1\n");
	become_nobody();
	CHECK(fixture_plan(&f, &aspect_user) == 0 && f.plan.has_userns && f.plan.new_namespaces == CLONE_NEWUSER);
	CHECK(play(&aspect_user, body_single) == 0);
	return unit_failed;
}

static bool body_ranges(struct child *c)
{
	(void)c;
	return geteuid() == 0 && getegid() == 0 && file_is("/proc/self/uid_map", "0 65534 1\n 1 500000 1000") &&
	       file_is("/proc/self/gid_map", "0 65534 1\n 1 500000 1000") && file_is("/proc/self/setgroups", "allow");
}

static int implicit_with_ranges(void)
{
	unit_failed = !cover_all("nobody:500000:1000\n");
	become_nobody();
	CHECK(fixture_plan(&f, &aspect_user) == 0);
	CHECK(play(&aspect_user, body_ranges) == 0);
	if (f.error.text[0])
		printf("# %s\n", f.error.text);
	return unit_failed;
}

static int forbidden_range(void)
{
	unit_failed = !cover_all("nobody:500000:1000\n");
	become_nobody();
	want(NAMESPACE_USER, CLONE_NEWUSER);
	set_maps(700000, 65536);
	CHECK(fixture_plan(&f, &aspect_user) == 0);
	CHECK(play(&aspect_user, body_ranges) == -1);
	CHECK(strstr(f.error.text, "linux.uidMappings: host ids 700000 to 765535 are not yours to map (") == f.error.text);
	CHECK(strstr(f.error.text, "): add 'nobody:700000:65536' to /etc/subuid") != NULL);
	return unit_failed;
}

static void user_as_nobody(void)
{
	CHECK(apart(implicit_single) == 0);
}

static void user_with_subuids(void)
{
	CHECK(apart(implicit_with_ranges) == 0);
	CHECK(apart(forbidden_range) == 0);
}

static void user_stays_away(void)
{
	fixture_begin(&f);
	f.caller.privileged = true; /* root needs no user namespace */
	CHECK(fixture_plan(&f, &aspect_user) == 0 && !f.plan.has_userns && f.plan.new_namespaces == 0 && !f.plan.data[ASPECT_USER]);
	f.caller.privileged = false;
	f.request.exec = true; /* exec enters the one that there is */
	CHECK(fixture_plan(&f, &aspect_user) == 0 && !f.plan.has_userns && !f.plan.data[ASPECT_USER]);
	fixture_end(&f);
}

static bool body_uts(struct child *c)
{
	struct utsname name;

	(void)c;
	return uname(&name) == 0 && strcmp(name.nodename, "box") == 0 && strcmp(name.domainname, "yard") == 0;
}

static bool body_same_name(struct child *c)
{
	struct utsname name;

	(void)c;
	return uname(&name) == 0 && strcmp(name.nodename, "box") != 0;
}

static void uts(void)
{
	fixture_begin(&f);
	f.spec.hostname = arena_strdup(&f.arena, "box");
	f.spec.domainname = arena_strdup(&f.arena, "yard");
	CHECK(play(&aspect_uts, body_same_name) == 0); /* no namespace: the host keeps its name */
	want(NAMESPACE_UTS, CLONE_NEWUTS);
	CHECK(play(&aspect_uts, body_uts) == 0);
	fixture_end(&f);
}

/* what the engine's hop does: make the namespace for children, be written to, clone */
static int time_hop(void)
{
	struct timespec before, after;
	int status = 0;
	pid_t pid;

	if (sys_unshare(CLONE_NEWTIME) < 0)
		return 77;
	CHECK(time_write_offsets(&f.plan, getpid()) == 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &before);
	pid = fork();
	if (pid == 0) {
		(void)clock_gettime(CLOCK_MONOTONIC, &after);
		_exit(after.tv_sec - before.tv_sec < 1000000 || after.tv_sec - before.tv_sec > 1000100);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	f.spec.linux.time_offsets.boottime = (struct time_offset){ true, INT64_MAX, 0 };
	CHECK(time_write_offsets(&f.plan, getpid()) == -1);
	CHECK(strncmp(f.error.text, "linux.timeOffsets: ", 19) == 0);
	return unit_failed;
}

static void time_offsets(void)
{
	int r;

	fixture_begin(&f);
	f.spec.linux.time_offsets.monotonic = (struct time_offset){ true, 1000000, 5 };
	r = apart(time_hop);
	CHECK(r == 0 || r == 77);
	if (r == 77)
		printf("# no time namespaces here\n");
	fixture_end(&f);
}

static bool is_up(const char *name)
{
	struct ifaddrs *list, *a;
	bool up = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (a = list; a; a = a->ifa_next)
		up |= strcmp(a->ifa_name, name) == 0 && (a->ifa_flags & IFF_UP) != 0;
	freeifaddrs(list);
	return up;
}

static bool has_address(const char *name, const char *wanted)
{
	char text[INET6_ADDRSTRLEN];
	struct ifaddrs *list, *a;
	bool found = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (a = list; a; a = a->ifa_next) {
		if (!a->ifa_addr || strcmp(a->ifa_name, name) != 0)
			continue;
		if (a->ifa_addr->sa_family == AF_INET)
			(void)inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)a->ifa_addr)->sin_addr, text, sizeof(text));
		else if (a->ifa_addr->sa_family == AF_INET6)
			(void)inet_ntop(AF_INET6, &((struct sockaddr_in6 *)(void *)a->ifa_addr)->sin6_addr, text, sizeof(text));
		else
			continue;
		found |= strcmp(text, wanted) == 0;
	}
	freeifaddrs(list);
	return found;
}

static bool body_lo(struct child *c)
{
	(void)c;
	return is_up("lo") && has_address("lo", "127.0.0.1");
}

static void loopback(void)
{
	fixture_begin(&f);
	want(NAMESPACE_NETWORK, CLONE_NEWNET);
	CHECK(play(&aspect_net, body_lo) == 0);
	fixture_end(&f);
}

static bool body_devices(struct child *c)
{
	(void)c;
	CHECK(is_up("inside") && has_address("inside", "10.77.0.2") && has_address("inside", "2001:db8::2"));
	CHECK(!has_address("inside", "169.254.9.9"));
	CHECK(if_nametoindex("net0") > 0 && is_up("net0") && has_address("net0", "10.78.0.2"));
	CHECK(if_nametoindex("ha") == 0 && if_nametoindex("hb") == 0);
	return !unit_failed;
}

static bool body_nothing(struct child *c)
{
	(void)c;
	return true;
}

/* in a network namespace that plays the host */
static int devices_move(void)
{
	struct net_device devices[] = { { (char *)(uintptr_t)"ha", (char *)(uintptr_t)"inside" }, { (char *)(uintptr_t)"hb", (char *)(uintptr_t)"net%d" } };

	if (unshare(CLONE_NEWNET) < 0 || system("ip link add ha type veth peer name pa && ip link add hb type veth peer name pb") != 0)
		return 77;
	CHECK(system("ip addr add 10.77.0.2/24 dev ha && ip addr add 169.254.9.9/16 scope link dev ha && "
		     "ip addr add 10.78.0.2/24 dev hb && ip link set ha up") == 0);
	(void)!system("ip -6 addr add 2001:db8::2/64 dev ha nodad 2>/dev/null"); /* the check below says it */
	want(NAMESPACE_NETWORK, CLONE_NEWNET);
	f.spec.linux.net_devices = (struct net_device_list){ devices, 2 };
	CHECK(play(&aspect_net, body_devices) == 0);
	if (f.error.text[0])
		printf("# %s\n", f.error.text);
	CHECK(play(&aspect_net, body_nothing) == -1); /* they are gone */
	CHECK(strstr(f.error.text, "linux.netDevices[\"ha\"]: cannot find it on the host: ") == f.error.text);
	CHECK(system("ip link add hc type veth peer name pc") == 0);
	devices[0] = (struct net_device){ (char *)(uintptr_t)"hc", (char *)(uintptr_t)"lo" };
	CHECK(play(&aspect_net, body_nothing) == -1);
	CHECK(strstr(f.error.text, "linux.netDevices[\"hc\"]: cannot move it into the container: ") == f.error.text);
	return unit_failed;
}

static void net_devices(void)
{
	int r;

	fixture_begin(&f);
	r = apart(devices_move);
	CHECK(r == 0 || r == 77);
	if (r == 77)
		printf("# no veth devices here\n");
	fixture_end(&f);
}

int main(void)
{
	RUN(user_stays_away);
	if (geteuid() != 0) {
		SKIP(user_as_root, "not root");
		SKIP(net_devices, "not root");
		return unit_done();
	}
	RUN(user_as_root);
	RUN(user_without_root);
	RUN(user_as_nobody);
	if (idhelper_find(IDHELPER_UID) && idhelper_find(IDHELPER_GID))
		RUN(user_with_subuids);
	else
		SKIP(user_with_subuids, "no newuidmap");
	RUN(uts);
	RUN(time_offsets);
	RUN(loopback);
	RUN(net_devices);
	return unit_done();
}
