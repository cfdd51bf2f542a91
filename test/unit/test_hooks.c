/* Hooks: arguments, environment, the state document on stdin, time limits, and what is said when one fails. */
#include "aspect_fixture.h"

#include <signal.h>
#include <time.h>

#include "aspect/hooks.h"
#include "aspect/program.h"

static struct fixture f;
static char dir[] = "/tmp/hull-unit-XXXXXX";

static struct hook shell(const char *script)
{
	return (struct hook){ .path = arena_strdup(&f.arena, "/bin/sh"), .args = LIST(&f, "sh", "-c", script, dir), .env = LIST(&f, "X=1 2") };
}

static const char *content(const char *name)
{
	static char text[FIXTURE_TEXT_MAX];
	int fd = open(arena_printf(&f.arena, "%s/%s", dir, name), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static int run(struct hook *v, size_t n, const char *kind)
{
	struct hook_list list = { v, n };

	return hooks_run(&f.plan, &list, kind, "{\"ociVersion\":\"1.3.0\"}");
}

static void test_run(void)
{
	struct hook hooks[] = { shell("cat > $0/state; echo \"$X\" > $0/x; env | grep -c = > $0/env"), shell("cat > $0/state2; echo lost") };

	CHECK(setenv("HULL_UNIT_LEAK", "1", 1) == 0);
	CHECK(run(hooks, 2, "createRuntime") == 0);
	CHECK_STRING(content("state"), "{\"ociVersion\":\"1.3.0\"}");
	CHECK_STRING(content("state2"), "{\"ociVersion\":\"1.3.0\"}");
	CHECK_STRING(content("x"), "1 2\n");
	CHECK_STRING(content("env"), "2\n"); /* the hook's own, and PWD, which the shell sets */
	hooks[0] = shell("echo $HULL_UNIT_LEAK > $0/environ");
	hooks[0].env.n = 0;
	CHECK(run(hooks, 1, "createRuntime") == 0);
	CHECK_STRING(content("environ"), "1\n"); /* without any: ours, as from runc and crun */
}

/* a hook cannot change what the next one reads */
static void test_state_sealed(void)
{
	struct hook hooks[] = { shell("echo evil 1<>/proc/self/fd/0; echo evil >/proc/self/fd/0; true"), shell("cat > $0/state") };

	CHECK(run(hooks, 2, "createRuntime") == 0);
	CHECK_STRING(content("state"), "{\"ociVersion\":\"1.3.0\"}");
}

static void test_failures(void)
{
	struct hook hooks[] = { shell("exit 0"), shell("echo first >&2; echo words >&2; exit 3"), shell("echo x > $0/third") };

	CHECK(run(hooks, 3, "createRuntime") < 0);
	CHECK_STRING(f.error.text, "hook 'createRuntime[1]' '/bin/sh': exit status 3: first\nwords");
	CHECK_STRING(content("third"), "");
	CHECK(run(hooks, 3, "poststop") < 0); /* the others run all the same */
	CHECK_STRING(f.error.text, "hook 'poststop[1]' '/bin/sh': exit status 3: first\nwords");
	CHECK_STRING(content("third"), "x\n");
	hooks[0] = shell("kill -9 $$");
	CHECK(run(hooks, 1, "prestart") < 0);
	CHECK_STRING(f.error.text, "hook 'prestart[0]' '/bin/sh': killed by signal 9");
	hooks[0].path = (char[]){ "/no/such/hook" };
	CHECK(run(hooks, 1, "poststart") < 0);
	CHECK_STRING(f.error.text, "hook 'poststart[0]' '/no/such/hook': cannot execute it: No such file or directory");
	hooks[0].path = (char[]){ "relative" };
	CHECK(run(hooks, 1, "poststart") < 0);
	CHECK_STRING(f.error.text, "hooks.poststart[0].path: expected an absolute path");
}

static void test_timeout(void)
{
	struct hook hook = shell("exec sleep 100");
	struct timespec start, end;

	hook.timeout = (struct opt_i64){ true, 1 };
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	CHECK(run(&hook, 1, "createRuntime") < 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	CHECK_STRING(f.error.text, "hook 'createRuntime[0]' '/bin/sh': killed after its timeout of 1 s");
	CHECK(end.tv_sec - start.tv_sec < 20);
	hook.timeout.value = INT64_MAX; /* no overflow, and it does not end at once */
	hook.args = LIST(&f, "sh", "-c", "sleep 0.1; exit 4");
	CHECK(run(&hook, 1, "createRuntime") < 0);
	CHECK_STRING(f.error.text, "hook 'createRuntime[0]' '/bin/sh': exit status 4");
	hook.timeout.value = 0;
	CHECK(run(&hook, 1, "createRuntime") < 0 && strstr(f.error.text, "hooks.createRuntime[0].timeout") != NULL);
}

static void test_output_files(void)
{
	struct hook hook = shell("echo out; echo err >&2");
	struct string_pair annotations[] = {
		{ (char[]){ "run.oci.hooks.stdout" }, arena_printf(&f.arena, "%s/stdout", dir) },
		{ (char[]){ "run.oci.hooks.stderr" }, arena_printf(&f.arena, "%s/stderr", dir) },
	};

	f.spec.annotations.v = annotations;
	f.spec.annotations.n = ARRAY_SIZE(annotations);
	CHECK(run(&hook, 1, "createRuntime") == 0 && run(&hook, 1, "createRuntime") == 0);
	CHECK_STRING(content("stdout"), "out\nout\n");
	CHECK_STRING(content("stderr"), "err\nerr\n");
	annotations[0].value = (char[]){ "/no/such/dir/file" };
	CHECK(run(&hook, 1, "createRuntime") < 0);
	CHECK_STRING(f.error.text, "cannot open '/no/such/dir/file' for the output of hooks: No such file or directory");
}

static bool body_enter(struct child *c)
{
	c->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return aspect_hooks.enter(c) == 0;
}

static bool body_start(struct child *c)
{
	c->phase = PHASE_EXEC;
	return hooks_start_container(c) == 0;
}

static int play(struct hook *create, struct hook *start)
{
	int r;

	f.spec.hooks.create_container = (struct hook_list){ create, create ? 1 : 0 };
	f.spec.hooks.start_container = (struct hook_list){ start, start ? 1 : 0 };
	f.spec.process.args = LIST(&f, "payload");
	CHECK(fixture_plan(&f, &aspect_exec) == 0); /* startContainer hooks have the payload's environment */
	CHECK(fixture_plan(&f, &aspect_hooks) == 0);
	f.plan.state_fd = memfd_create("state", MFD_CLOEXEC);
	CHECK(write(f.plan.state_fd, "{}", 2) == 2);
	f.shared->detail[0] = '\0';
	r = fixture_child(&f, body_enter);
	if (r == 0)
		r = fixture_child(&f, body_start);
	f.plan.state_fd = close_fd(f.plan.state_fd);
	return r;
}

static void test_child(void)
{
	struct hook create = shell("cat > $0/c; echo \"$X\" >> $0/c"), start = shell("cat > $0/s; cat >> $0/s");

	CHECK(play(NULL, NULL) == 0);
	CHECK(play(&create, &start) == 0);
	CHECK_STRING(content("c"), "{}1 2\n");
	CHECK_STRING(content("s"), "{}");
	create = shell("echo no such device >&2; exit 7");
	CHECK(play(&create, NULL) == 1);
	CHECK_STRING(f.shared->text, "hook '%a' failed");
	CHECK_STRING(f.shared->a, "createContainer[0]' '/bin/sh");
	CHECK_STRING(f.shared->detail, "no such device\n");
	start = shell("echo no such device >&2; exit 7");
	CHECK(play(NULL, &start) == 1);
	CHECK_STRING(f.shared->text, "hook '%a' failed");
	CHECK_STRING(f.shared->detail, "no such device\n");
	start = shell("exec sleep 100");
	start.timeout = (struct opt_i64){ true, 1 };
	CHECK(play(NULL, &start) == 1);
	CHECK_STRING(f.shared->text, "hook '%a': killed after its timeout of %n s");
}

/* where a payload's filter refuses pidfd_open(2), the end of the program is awaited by its signal */
static bool body_no_descriptors(struct child *c)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char *const argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char[]){ "exec sleep 100" }, NULL };
	struct spawn program = { .path = "/bin/sh", .argv = argv, .envp = argv + 3, .input = null, .output = null, .errors = null };
	struct program_result result;
	int last = null;

	(void)c;
	for (int fd = null; fd >= 0; fd = dup(null)) /* none left: pidfd_open fails */
		last = fd;
	result = program_run(&program, 200);
	CHECK(last > null && result.end == PROGRAM_TIMED_OUT);
	((char *(*)[4])(uintptr_t)argv)[0][2] = (char[]){ "exit 9" };
	result = program_run(&program, 10000);
	CHECK(result.end == PROGRAM_EXITED && result.value == 9);
	return !unit_failed;
}

static void test_without_pidfd(void)
{
	CHECK(fixture_child(&f, body_no_descriptors) == 0);
}

int main(void)
{
	char command[FIXTURE_TEXT_MAX];

	if (!mkdtemp(dir))
		return 1;
	TEST(test_run);
	TEST(test_state_sealed);
	TEST(test_failures);
	TEST(test_timeout);
	TEST(test_output_files);
	TEST(test_child);
	TEST(test_without_pidfd);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0)
		return 1;
	return unit_done();
}
