/* The state directory: ids, locks, hostile files, and the status that is computed from facts. */
#include "run/state.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/process.h"
#include "base/scope.h"
#include "unit.h"

static char root_path[] = "/tmp/hull-state.XXXXXX";
static struct arena arena;
static struct error error;
static int root;

static bool id_is_good(const char *id)
{
	error.text[0] = '\0';
	return state_check_id(id, &error) == 0 && error.text[0] == '\0';
}

static void good_ids(void)
{
	char longest[256];

	CHECK(id_is_good("a"));
	CHECK(id_is_good("A-1_b+c.d"));
	CHECK(id_is_good("_x") && id_is_good("+x") && id_is_good("-x") && id_is_good("0"));
	CHECK(id_is_good("a.."));
	memset(longest, 'a', 255);
	longest[255] = '\0';
	CHECK(id_is_good(longest));
}

static void bad_ids(void)
{
	static const char *const bad[] = { "", ".", "..", ".a", "a/b", "/a", "../a", "a b", "a\nb", "a:b", "a%s", "\xc3\xa4", "a\x01", "a~", "a@b", "a\\b" };
	char longer[2048];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK(!id_is_good(bad[i]));
		CHECK(error.text[0] != '\0');
	}
	CHECK(!id_is_good(NULL));
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	CHECK(!id_is_good(longer));
	longer[256] = '\0';
	CHECK(!id_is_good(longer));
}

static void the_root_is_made(void)
{
	char *path = arena_printf(&arena, "%s/some/where/below", root_path);
	struct stat st;
	int fd;

	CHECK(state_open_root(path, false, &error) == -2);
	fd = state_open_root(path, true, &error);
	CHECK(fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & 07777) == 01700);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	(void)close_fd(fd);
	CHECK(stat(arena_printf(&arena, "%s/some", root_path), &st) == 0 && (st.st_mode & 07777) == 0755);
	fd = state_open_root(path, false, &error);
	CHECK(fd >= 0);
	(void)close_fd(fd);
	(void)rmdir(path);
	(void)rmdir(arena_printf(&arena, "%s/some/where", root_path));
	(void)rmdir(arena_printf(&arena, "%s/some", root_path));
	CHECK(state_open_root("/proc/self/status/x", true, &error) == -1);
}

static void one_creator_wins(void)
{
	int dir = state_create(root, "one", &error), other;

	CHECK(dir >= 0);
	other = state_create(root, "one", &error);
	CHECK(other == -1);
	CHECK(strstr(error.text, "container 'one' already exists") != NULL);
	CHECK(state_remove(root, "one", dir, &error) == 0);
	CHECK(state_remove(root, "one", dir, &error) == 0); /* again without harm */
	(void)close_fd(dir);
	CHECK(state_open(root, "one", true, &error) == -2);
	CHECK_STRING(error.text, "container 'one' does not exist");
}

/* Whoever waits for the lock of a container that is removed meanwhile must not get the dead directory. */
static void a_removed_container_is_not_opened(void)
{
	int dir = state_create(root, "gone", &error), status, fd;
	pid_t pid;

	CHECK(dir >= 0);
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		(void)close(dir);
		fd = state_open(root, "gone", true, &error);
		_exit(fd == -2 ? 0 : 1);
	}
	(void)usleep(50000); /* most likely it waits by now; if not, the test is only weaker */
	CHECK(state_remove(root, "gone", dir, &error) == 0);
	(void)close_fd(dir);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void a_link_is_no_container(void)
{
	CHECK(symlinkat("/tmp", root, "link") == 0);
	CHECK(state_open(root, "link", false, &error) < 0);
	CHECK(unlinkat(root, "link", 0) == 0);
}

static void leftovers_do_not_hinder(void)
{
	int dir = state_create(root, "dirty", &error);

	CHECK(io_replace_file(dir, "state.json.1234.tmp", 0600, "x", 1) == 0);
	CHECK(mkfifoat(dir, "start", 0600) == 0);
	CHECK(state_remove(root, "dirty", dir, &error) == 0);
	(void)close_fd(dir);
	CHECK(faccessat(root, "dirty", F_OK, 0) < 0);
}

/* ---- the file ---- */

static struct state sample(void)
{
	struct state state = { .id = "s", .bundle = "/b", .rootfs = "/b/\"rootfs\"", .created = "2024-01-01T00:00:00Z" };

	state.facts = (struct facts){ .pid = 12345, .pid_birth = UINT64_C(1) << 62, .clone_flags = 0x7c020000, .rdt_dir = arena_strdup(&arena, "/sys/fs/resctrl/s"),
		.keyring = arena_strdup(&arena, "_ses.s.17") };
	state.facts.cgroups.v = arena_many(&arena, char *, 2);
	state.facts.cgroups.v[0] = arena_strdup(&arena, "/sys/fs/cgroup/a");
	state.facts.cgroups.v[1] = arena_strdup(&arena, "/sys/fs/cgroup/a/b c\n");
	state.facts.cgroups.n = 2;
	state.annotations.v = arena_many(&arena, struct string_pair, 1);
	state.annotations.v[0] = (struct string_pair){ arena_strdup(&arena, "key"), arena_strdup(&arena, "va\tlue") };
	state.annotations.n = 1;
	state.poststop = true;
	return state;
}

static void what_is_written_is_read(void)
{
	int dir = state_create(root, "s", &error);
	struct state wrote = sample(), got;

	CHECK(state_read(dir, &arena, "s", &got, &error) == 0);
	CHECK(got.facts.pid == 0 && got.facts.cgroups.n == 0 && got.bundle && got.bundle[0] == '\0');
	CHECK(state_write(dir, &arena, &wrote, &error) == 0);
	CHECK(state_read(dir, &arena, "s", &got, &error) == 0);
	CHECK_STRING(got.id, "s");
	CHECK_STRING(got.bundle, wrote.bundle);
	CHECK_STRING(got.rootfs, wrote.rootfs);
	CHECK_STRING(got.created, wrote.created);
	CHECK(got.facts.pid == wrote.facts.pid && got.facts.pid_birth == wrote.facts.pid_birth && got.facts.clone_flags == wrote.facts.clone_flags);
	CHECK_STRING(got.facts.rdt_dir, wrote.facts.rdt_dir);
	CHECK_STRING(got.facts.keyring, wrote.facts.keyring);
	CHECK(got.facts.cgroups.n == 2);
	CHECK_STRING(got.facts.cgroups.v[1], wrote.facts.cgroups.v[1]);
	CHECK(got.annotations.n == 1);
	CHECK_STRING(got.annotations.v[0].value, "va\tlue");
	CHECK(got.poststop && !got.poststart);
	wrote.facts.pid_birth = 5520903 | PROCESS_BORN_INODE;
	CHECK(state_write(dir, &arena, &wrote, &error) == 0 && state_read(dir, &arena, "s", &got, &error) == 0);
	CHECK(got.facts.pid_birth == wrote.facts.pid_birth);
	CHECK(state_remove(root, "s", dir, &error) == 0);
	(void)close_fd(dir);
}

/* 0: it was read, -1: it was refused with a message */
static int read_text(const char *text, size_t length, struct state *ret)
{
	int dir = state_create(root, "h", &error), r;

	memset(ret, 0, sizeof(*ret));
	CHECK(dir >= 0);
	CHECK(io_replace_file(dir, "state.json", 0600, text, length) == 0);
	error.text[0] = '\0';
	r = state_read(dir, &arena, "h", ret, &error);
	CHECK(r == 0 || (r == -1 && error.text[0] != '\0'));
	CHECK(state_remove(root, "h", dir, &error) == 0);
	(void)close_fd(dir);
	return r;
}

static void hostile_files_are_refused(void)
{
	static const char binary[] = "\x7f" "ELF\0\x01\x02\xff\xfe";
	static const size_t huge = 5u << 20;
	struct state state;
	char *big = malloc(huge);

	CHECK(read_text("", 0, &state) == -1);
	CHECK(read_text(binary, sizeof(binary), &state) == -1);
	CHECK(read_text("{\"pid\":1", 8, &state) == -1);
	CHECK(read_text("{\"pid\":1}{}", 11, &state) == -1);
	memset(big, '[', huge);
	CHECK(read_text(big, huge, &state) == -1);
	CHECK(read_text(big, 100000, &state) == -1);
	free(big);
}

static void wrong_types_do_no_harm(void)
{
	static const char *const documents[] = {
		"[]", "null", "1", "\"x\"", "{}",
		"{\"pid\":\"1\",\"pidStart\":{},\"cloneFlags\":[],\"cgroups\":{},\"annotations\":[],\"rdtDir\":7,\"keyring\":{},\"bundle\":null,\"poststop\":\"yes\"}",
		"{\"cgroups\":[1,null,{},\"/a\"],\"annotations\":{\"a\":1,\"b\":null,\"c\":{}}}",
		"{\"pid\":1.5}", "{\"pid\":1e300}", "{\"pid\":99999999999999999999}", "{\"pid\":4294967297}", "{\"pid\":-1}", "{\"pid\":-4294967295}",
	};
	struct state state;

	for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
		int r = read_text(documents[i], strlen(documents[i]), &state);

		/* refused, or nobody's pid: a number that is wrapped around would be somebody else's, and -1 everybody's */
		CHECK(r == -1 || state.facts.pid == 0);
		if (r == -1)
			continue;
		CHECK(state.bundle && state.rootfs && state.created);
		for (size_t k = 0; k < state.facts.cgroups.n; k++)
			CHECK(state.facts.cgroups.v[k] != NULL);
		for (size_t k = 0; k < state.annotations.n; k++)
			CHECK(state.annotations.v[k].key && state.annotations.v[k].value);
	}
}

/* ---- status ---- */

static pid_t pausing_child(void)
{
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		(void)pause();
		_exit(0);
	}
	return pid;
}

/* @home: where the state lies: in memory, or where it outlives the boot */
static void check_status(const char *home)
{
	int above = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC), dir = state_create(root, "p", &error), status;
	struct state state = { .id = "p" };
	pid_t pid = pausing_child();
	scope_fd int pidfd = process_open(pid, 0);

	CHECK(state_note_process(above, pid, pidfd, &state.facts) == 0 && state.facts.pid == pid);
	CHECK(mkfifoat(dir, "start", 0600) == 0);
	CHECK(state_status(dir, &state) == STATUS_CREATED);
	CHECK(unlinkat(dir, "start", 0) == 0);
	CHECK(state_status(dir, &state) == STATUS_RUNNING);
	/* the same pid, another process */
	state.facts.pid_birth++;
	CHECK(state_status(dir, &state) == STATUS_STOPPED);
	state.facts.pid_birth--;
	/* a zombie is stopped */
	CHECK(kill(pid, SIGKILL) == 0);
	CHECK(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT) == 0);
	CHECK(state_status(dir, &state) == STATUS_STOPPED);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(state_status(dir, &state) == STATUS_STOPPED);
	CHECK(state_remove(root, "p", dir, &error) == 0);
	(void)close_fd(dir);
	(void)close_fd(above);
}

static void status_follows_the_process(void)
{
	check_status("/dev/shm");
	check_status("/proc"); /* any file system that is no memory's */
}

/* pidfs counts anew with each boot, in step with the pids: after it the same two numbers may be another process's. */
static void a_lasting_state_keeps_the_start_time(void)
{
	static const struct {
		const char *home;
		long type;
	} homes[] = { { "/dev/shm", TMPFS_MAGIC }, { "/proc", PROC_SUPER_MAGIC } };
	pid_t pid = getpid();
	scope_fd int pidfd = process_open(pid, 0);
	struct process_stat stat = { 0 };
	struct statfs fs = { 0 };

	CHECK(process_read_stat(pid, &stat) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(homes); i++) {
		scope_fd int home = open(homes[i].home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		bool memory = homes[i].type == TMPFS_MAGIC;
		struct facts facts = { 0 };

		if (fstatfs(home, &fs) < 0 || (long)fs.f_type != homes[i].type)
			continue; /* not as usual here */
		memory = memory && fstatfs(pidfd, &fs) == 0 && fs.f_type == 0x50494446; /* pidfs: since Linux 6.9 */
		CHECK(state_note_process(home, pid, pidfd, &facts) == 0);
		CHECK(memory == ((facts.pid_birth & PROCESS_BORN_INODE) != 0));
		CHECK(memory || facts.pid_birth == stat.start);
	}
}

static void births_are_read(void)
{
	static const struct {
		const char *text;
		uint64_t birth;
	} cases[] = {
		{ "{\"pid\":7,\"pidStart\":99}", 99 }, /* of an older hull, or kernel */
		{ "{\"pid\":7,\"pidfdInode\":99}", 99 | PROCESS_BORN_INODE },
		{ "{\"pid\":7,\"pidfdInode\":0,\"pidStart\":5}", 5 },
		{ "{\"pid\":7,\"pidfdInode\":-99,\"pidStart\":5}", 5 },
		{ "{\"pid\":7,\"pidfdInode\":\"99\",\"pidStart\":null}", 0 },
		{ "{\"pid\":7,\"pidfdInode\":9223372036854775808}", 0 },
	};
	struct state state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK(read_text(cases[i].text, strlen(cases[i].text), &state) == 0 && state.facts.pid_birth == cases[i].birth);
}

static void impossible_pids_are_stopped(void)
{
	static const pid_t pids[] = { -1, -12345, 4194305, INT32_MAX };
	struct state state = { .id = "i" };

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		state.facts.pid = pids[i];
		CHECK(state_status(root, &state) == STATUS_STOPPED);
	}
}

static void without_a_pid_the_lock_tells(void)
{
	int dir = state_create(root, "c", &error), again;
	struct state state = { .id = "c" };

	again = state_open(root, "c", false, &error);
	CHECK(again >= 0);
	CHECK(state_status(again, &state) == STATUS_CREATING);
	CHECK(flock(dir, LOCK_UN) == 0);
	CHECK(state_status(again, &state) == STATUS_STOPPED);
	CHECK(state_remove(root, "c", dir, &error) == 0);
	(void)close_fd(again);
	(void)close_fd(dir);
}

static void every_status_has_a_name(void)
{
	CHECK_STRING(state_status_name(STATUS_CREATING), "creating");
	CHECK_STRING(state_status_name(STATUS_CREATED), "created");
	CHECK_STRING(state_status_name(STATUS_RUNNING), "running");
	CHECK_STRING(state_status_name(STATUS_PAUSED), "paused");
	CHECK_STRING(state_status_name(STATUS_STOPPED), "stopped");
}

int main(void)
{
	if (arena_init(&arena) < 0 || !mkdtemp(root_path))
		return 1;
	root = state_open_root(root_path, false, &error);
	RUN(good_ids);
	RUN(bad_ids);
	RUN(the_root_is_made);
	RUN(one_creator_wins);
	RUN(a_removed_container_is_not_opened);
	RUN(a_link_is_no_container);
	RUN(leftovers_do_not_hinder);
	RUN(what_is_written_is_read);
	RUN(hostile_files_are_refused);
	RUN(wrong_types_do_no_harm);
	RUN(births_are_read);
	RUN(status_follows_the_process);
	RUN(a_lasting_state_keeps_the_start_time);
	RUN(impossible_pids_are_stopped);
	RUN(without_a_pid_the_lock_tells);
	RUN(every_status_has_a_name);
	(void)close_fd(root);
	(void)rmdir(root_path);
	arena_deinit(&arena);
	return unit_done();
}
