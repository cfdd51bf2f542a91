/* hull.landlock: what can be written, and what cannot, in a forked child on a directory of its own; with the legitimate twin of each refusal. */
#include "aspect_fixture.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/sys.h"

static struct fixture f;
static char top[] = "/tmp/test_landlock.XXXXXX";
static int abi, out_fd;

static const char *at(const char *name)
{
	static char path[FIXTURE_TEXT_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", top, name);
	return path;
}

static int make(const char *name)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	(void)close_fd(fd);
	return 0;
}

static int open_as(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	(void)close_fd(fd);
	return 0;
}

static int move(const char *from, const char *to)
{
	char old[FIXTURE_TEXT_MAX];

	(void)snprintf(old, sizeof(old), "%s", at(from));
	return rename(old, at(to)) < 0 ? -errno : 0;
}

/* the seal, as sequence.c plays it */
static bool sealed(struct child *c)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && aspect_landlock.seal(c) == 0;
}

/* `top/in` and the file `top/file` are writable, `top/out` is not */
static void begin(void)
{
	f.spec.process.no_new_privileges = true;
	f.spec.hull.landlock.set = true;
	f.spec.hull.landlock.write = LIST(&f, arena_strdup(&f.arena, at("in")), arena_strdup(&f.arena, at("file")), "/no/such/path");
}

static bool body_files(struct child *c)
{
	if (!sealed(c))
		return false;
	CHECK(make("in/new") == 0 && make("out/new") == -EACCES && make("new") == -EACCES);
	CHECK(open_as(at("file"), O_WRONLY | O_TRUNC) == 0 && open_as(at("out/old"), O_WRONLY) == -EACCES);
	CHECK(open_as(at("out/old"), O_RDONLY) == 0 && open_as("/", O_RDONLY | O_DIRECTORY) == 0);
	CHECK(unlink(at("out/old")) < 0 && errno == EACCES);
	CHECK(mkdir(at("out/d"), 0755) < 0 && errno == EACCES);
	CHECK(mkdir(at("in/d"), 0755) == 0 && move("in/new", "in/d/moved") == 0 && unlink(at("in/d/moved")) == 0 && rmdir(at("in/d")) == 0);
	CHECK(move("in/file", "out/file") < 0 && move("out/old", "in/old") < 0);
	CHECK(symlink("x", at("out/link")) < 0 && errno == EACCES && symlink("x", at("in/link")) == 0 && unlink(at("in/link")) == 0);
	CHECK(abi < 3 || (truncate(at("out/old"), 0) < 0 && errno == EACCES));
	CHECK(truncate(at("file"), 0) == 0);
	return !unit_failed;
}

static void test_files(void)
{
	begin();
	CHECK(fixture_plan(&f, &aspect_landlock) == 0);
	CHECK(fixture_child(&f, body_files) == 0);
	CHECK(f.shared->faults == 0);
}

/* devices, and descriptors that were handed over */
static bool body_descriptors(struct child *c)
{
	if (dup2(out_fd, STDOUT_FILENO) < 0 || dup2(open(at("out/old"), O_RDONLY | O_CLOEXEC), STDIN_FILENO) < 0 || !sealed(c))
		return false;
	CHECK(open_as("/proc/self/fd/1", O_WRONLY) == 0); /* what /dev/stdout leads to */
	CHECK(open_as("/proc/self/fd/0", O_RDONLY) == 0);
	CHECK(open_as("/proc/self/fd/0", O_WRONLY) == -EACCES); /* a file that was handed over for reading stays so */
	CHECK(open_as("/dev/null", O_WRONLY) == 0);
	return !unit_failed;
}

static void test_descriptors(void)
{
	begin();
	out_fd = open(at("out/log"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK(out_fd >= 0 && fixture_plan(&f, &aspect_landlock) == 0);
	CHECK(fixture_child(&f, body_descriptors) == 0);
	(void)close_fd(out_fd);
}

static int connect_abstract(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

	(void)snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s", top);
	r = connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	(void)close_fd(fd);
	return r;
}

static bool body_scopes(struct child *c)
{
	pid_t child;

	if (connect_abstract() != 0 || kill(getppid(), 0) != 0 || !sealed(c))
		return false;
	CHECK(connect_abstract() == -EPERM);
	CHECK(kill(getppid(), 0) < 0 && errno == EPERM);
	child = fork();
	if (child == 0)
		_exit(0);
	CHECK(kill(child, 0) == 0 && waitpid(child, NULL, 0) == child);
	return !unit_failed;
}

static void test_scopes(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s", top);
	CHECK(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 4) == 0);
	begin();
	CHECK(fixture_plan(&f, &aspect_landlock) == 0);
	CHECK(fixture_child(&f, body_scopes) == 0);
	(void)close_fd(fd);
}

static bool body_free(struct child *c)
{
	return aspect_landlock.seal(c) == 0 && make("out/free") == 0 && unlink(at("out/free")) == 0;
}

/* not asked for, or `hull exec`: nothing happens */
static void test_without(void)
{
	CHECK(fixture_plan(&f, &aspect_landlock) == 0);
	CHECK(fixture_child(&f, body_free) == 0);
	begin();
	f.request.exec = true;
	CHECK(fixture_plan(&f, &aspect_landlock) == 0);
	CHECK(fixture_child(&f, body_free) == 0);
}

static void test_errors(void)
{
	begin();
	f.spec.process.no_new_privileges = false;
	CHECK(fixture_plan(&f, &aspect_landlock) < 0);
	CHECK_STRING(f.error.text, "hull.landlock: it needs process.noNewPrivileges");
	begin();
	f.spec.hull.landlock.write = LIST(&f, "/tmp", "relative");
	CHECK(fixture_plan(&f, &aspect_landlock) < 0);
	CHECK_STRING(f.error.text, "hull.landlock.write[1]: 'relative' is not absolute");
}

static bool body_left_out(struct child *c)
{
	CHECK(aspect_landlock.seal(c) == 0 && make("out/free") == 0 && unlink(at("out/free")) == 0);
	return !unit_failed;
}

/* a kernel without Landlock, for which a filter stands in: left out, or an error where it is required */
static bool body_no_landlock(struct child *c)
{
	static struct sock_filter {
		uint16_t code;
		uint8_t jt, jf;
		uint32_t k;
	} filter[] = { { 0x20, 0, 0, 0 }, { 0x15, 0, 1, SYS_landlock_create_ruleset }, { 0x06, 0, 0, 0x00050000 | ENOSYS }, { 0x06, 0, 0, 0x7fff0000 } };
	const struct {
		unsigned short n;
		struct sock_filter *v;
	} program = { 4, filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || sys_seccomp(1, 0, &program) < 0)
		return false;
	CHECK(fixture_plan(&f, &aspect_landlock) == 0);
	CHECK(body_left_out(c));
	f.spec.hull.landlock.required = true;
	CHECK(fixture_plan(&f, &aspect_landlock) < 0);
	CHECK_STRING(f.error.text, "hull.landlock: Landlock is not in this kernel (Linux 5.19 or later has it)");
	return !unit_failed;
}

static void test_no_landlock(void)
{
	begin();
	CHECK(fixture_child(&f, body_no_landlock) == 0);
}

static void clean(void)
{
	static const char *const names[] = { "in/new", "in/file", "in", "out/old", "out/log", "out", "file" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)remove(at(names[i]));
	(void)rmdir(top);
}

int main(void)
{
	abi = sys_landlock_create_ruleset(NULL, SYS_LANDLOCK_VERSION);
	if (!mkdtemp(top) || mkdir(at("in"), 0755) < 0 || mkdir(at("out"), 0755) < 0 || make("out/old") < 0 || make("in/file") < 0 || make("file") < 0)
		return 2;
	if (abi >= 2) {
		TEST(test_files);
		TEST(test_descriptors);
	} else {
		SKIP(test_files, "this kernel has no Landlock");
		SKIP(test_descriptors, "this kernel has no Landlock");
	}
	if (abi >= 6)
		TEST(test_scopes);
	else
		SKIP(test_scopes, "this kernel's Landlock has no scopes");
	TEST(test_without);
	TEST(test_errors);
	TEST(test_no_landlock);
	clean();
	return unit_done();
}
