/* A process that somebody else started: which namespaces are entered, and what its files in /proc say. */
#include "run/target.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/scope.h"
#include "run/way.h"
#include "unit.h"

#include <fcntl.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static struct arena arena;

/* the namespaces of @types are others than ours */
static uint64_t ask(unsigned int types)
{
	uint64_t own[NAMESPACE_MAX], its[NAMESPACE_MAX];

	for (int type = 0; type < NAMESPACE_MAX; type++) {
		own[type] = 100 + (uint64_t)type;
		its[type] = own[type] + (types & (1u << type) ? 50 : 0);
	}
	return target_flags(own, its);
}

static void only_what_differs_is_entered(void)
{
	CHECK(ask(0) == 0);
	CHECK(ask(1u << NAMESPACE_USER) == CLONE_NEWUSER);
	CHECK(ask(1u << NAMESPACE_MOUNT) == CLONE_NEWNS);
	CHECK(ask(1u << NAMESPACE_TIME) == CLONE_NEWTIME);
	CHECK(ask(1u << NAMESPACE_USER | 1u << NAMESPACE_MOUNT | 1u << NAMESPACE_PID) == (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID));
	CHECK(ask((1u << NAMESPACE_MAX) - 1) ==
		(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWTIME));
}

/* setns(2) refuses a type that it does not know, and to enter the user namespace in which one is */
static void what_the_kernel_lacks_is_left_out(void)
{
	uint64_t own[NAMESPACE_MAX] = { 0 }, its[NAMESPACE_MAX] = { 0 };

	CHECK(target_flags(own, its) == 0);
	its[NAMESPACE_TIME] = 7;
	CHECK(target_flags(own, its) == 0);
	own[NAMESPACE_TIME] = 8;
	CHECK(target_flags(own, its) == CLONE_NEWTIME);
	its[NAMESPACE_TIME] = 0;
	CHECK(target_flags(own, its) == 0);
}

static const char status_text[] = "Name:\tUid:\t7\nUmask:\t0022\nState:\tS (sleeping)\nUid:\t1000\t1001\t1002\t1003\nGid:\t2000\t2001\t2002\t2003\nFDSize:\t64\n"
				  "Groups:\t4 24 100000 \nCapInh:\t0000000000000001\nCapPrm:\t000001ffffffffff\nCapEff:\t00000000800405fb\n"
				  "CapBnd:\t000001fffffffffe\nCapAmb:\t0000000000000010\nNoNewPrivs:\t1\nSeccomp:\t0\n";

static void status_is_read(void)
{
	struct target_status s = { .uid = 77 };

	CHECK(target_parse_status(&arena, status_text, &s) == 0);
	CHECK(s.uid == 1001 && s.gid == 2001);
	CHECK(s.groups.n == 3 && s.groups.v[0] == 4 && s.groups.v[1] == 24 && s.groups.v[2] == 100000);
	CHECK(s.capabilities.set && s.capabilities.inheritable == 1 && s.capabilities.permitted == 0x1ffffffffff);
	CHECK(s.capabilities.effective == 0x800405fb && s.capabilities.bounding == 0x1fffffffffe && s.capabilities.ambient == 0x10);
	CHECK(s.no_new_privileges);
}

/* a status that lacks a line, or has a word that is no number, grants nothing */
static void a_broken_status_is_refused(void)
{
	static const char *const lines[] = { "\nUid:", "\nGid:", "\nGroups:", "\nCapInh:", "\nCapPrm:", "\nCapEff:", "\nCapBnd:", "\nCapAmb:" };
	struct target_status s = { .uid = 77 };
	char *text;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		text = arena_strdup(&arena, status_text);
		strstr(text, lines[i])[1] = 'x';
		CHECK(target_parse_status(&arena, text, &s) < 0);
		text = arena_strdup(&arena, status_text);
		strstr(text, lines[i])[strlen(lines[i]) + 1] = 'x';
		CHECK(i == 0 || i == 1 || target_parse_status(&arena, text, &s) < 0);
	}
	CHECK(target_parse_status(&arena, "", &s) < 0);
	CHECK(s.uid == 77);
}

static void ids_are_translated(void)
{
	static const char map[] = "         0       1000          1\n         1     100000      65536\n    100000 4294967290          5\n";
	uint32_t id = 9;

	CHECK(target_map_id(&arena, map, 1000, &id) == 0 && id == 0);
	CHECK(target_map_id(&arena, map, 100000, &id) == 0 && id == 1);
	CHECK(target_map_id(&arena, map, 165535, &id) == 0 && id == 65536);
	CHECK(target_map_id(&arena, map, 4294967294u, &id) == 0 && id == 100004);
	id = 9;
	CHECK(target_map_id(&arena, map, 165536, &id) < 0 && target_map_id(&arena, map, 0, &id) < 0 && target_map_id(&arena, map, 4294967295u, &id) < 0);
	CHECK(target_map_id(&arena, "", 0, &id) < 0 && target_map_id(&arena, "x y z\n", 0, &id) < 0 && id == 9);
	CHECK(target_has_id(&arena, map, 0) && target_has_id(&arena, map, 65536) && target_has_id(&arena, map, 100004));
	CHECK(!target_has_id(&arena, map, 65537) && !target_has_id(&arena, map, 100005) && !target_has_id(&arena, "", 0));
}

static void accounts_are_looked_up_below_a_root(void)
{
	static const char passwd[] = "bad:x:y:z\nshort:x:5\nanna:x:1000:1001::/:\nben:x:7:8";
	char directory[] = "/tmp/hull-test-target-XXXXXX";
	scope_fd int root = NO_FD;
	struct account account = { 0 };

	CHECK(mkdtemp(directory) && mkdir(arena_printf(&arena, "%s/etc", directory), 0755) == 0);
	root = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(target_account(root, &arena, "anna", 0, &account) < 0);
	CHECK(io_replace_file(root, "etc/passwd", 0644, passwd, sizeof(passwd) - 1) == 0);
	CHECK(target_account(root, &arena, "anna", 0, &account) == 0 && account.uid == 1000 && account.gid == 1001);
	CHECK(target_account(root, &arena, NULL, 1000, &account) == 0 && strcmp(account.name, "anna") == 0);
	CHECK(target_account(root, &arena, NULL, 5, &account) < 0 && target_account(root, &arena, "bad", 0, &account) < 0);
	CHECK(unlinkat(root, "etc/passwd", 0) == 0 && mkfifoat(root, "etc/passwd", 0600) == 0);
	CHECK(target_account(root, &arena, "anna", 0, &account) < 0); /* and does not wait */
	CHECK(unlinkat(root, "etc/passwd", 0) == 0 && unlinkat(root, "etc", AT_REMOVEDIR) == 0 && rmdir(directory) == 0);
}

static void our_own_child_has_nothing_to_enter(void)
{
	struct error e = { 0 };
	struct target t;
	struct process process;
	pid_t pid = fork();

	if (pid == 0) {
		(void)pause();
		_exit(0);
	}
	CHECK(target_open(&t, pid, 0, &arena, &e) == 0);
	CHECK(t.flags == 0 && !t.other_root && t.status.uid == geteuid());
	CHECK(target_process(&t, false, &arena, &e, &process) == 0 && process.user.uid == geteuid() && process.cwd[0] == '/');
	CHECK(target_check_namespaces(&t, getpid(), 0, &arena, &e) == 0);
	t.flags = CLONE_NEWUTS;
	t.inode[NAMESPACE_UTS]++;
	CHECK(target_check_namespaces(&t, getpid(), 0, &arena, &e) < 0);
	CHECK(target_check_namespaces(&t, getpid(), CLONE_NEWUTS, &arena, &e) == 0);
	target_close(&t);
	CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	CHECK(target_open(&t, pid, 0, &arena, &e) < 0);
	target_close(&t);
}

static void tools_come_first_in_path(void)
{
	char directory[] = "/tmp/hull-test-tools-XXXXXX";
	const char *bin, *usr, *usr_sbin;

	CHECK(mkdtemp(directory));
	CHECK_STRING(way_path(&arena, directory, "/mnt", "/bin"), "/mnt:/bin");
	bin = arena_printf(&arena, "%s/bin", directory);
	usr = arena_printf(&arena, "%s/usr", directory);
	usr_sbin = arena_printf(&arena, "%s/usr/sbin", directory);
	CHECK(mkdir(bin, 0755) == 0 && mkdir(usr, 0755) == 0 && mkdir(usr_sbin, 0755) == 0);
	CHECK_STRING(way_path(&arena, directory, "/mnt", "/bin"), "/mnt/bin:/mnt/usr/sbin:/bin");
	CHECK(rmdir(usr_sbin) == 0 && rmdir(usr) == 0 && rmdir(bin) == 0 && rmdir(directory) == 0);
}

int main(void)
{
	if (arena_init(&arena) < 0)
		return 1;
	RUN(only_what_differs_is_entered);
	RUN(what_the_kernel_lacks_is_left_out);
	RUN(status_is_read);
	RUN(a_broken_status_is_refused);
	RUN(ids_are_translated);
	RUN(accounts_are_looked_up_below_a_root);
	RUN(our_own_child_has_nothing_to_enter);
	RUN(tools_come_first_in_path);
	arena_deinit(&arena);
	return unit_done();
}
