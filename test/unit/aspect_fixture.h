/*
 * What a test of one aspect needs: a plan around an empty spec, and a forked child that plays a callback. The engine's side of the child (child_fail and its
 * relatives) is replaced by functions that write into a page that both processes see; the linker then leaves run/child.c out.
 */
#ifndef ASPECT_FIXTURE_H
#define ASPECT_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aspect/aspect.h"
#include "base/scope.h"
#include "base/text.h"
#include "run/child.h"
#include "unit.h"

enum { FIXTURE_TEXT_MAX = 1024, FIXTURE_LIST_MAX = 16 };

/* @faults, @warnings: how many;  @text, @errnum, @number: of the last fault or warning;  @a: its first subject;  @sent: descriptors sent */
struct shared {
	int faults, warnings, sent, errnum;
	int64_t number;
	char text[FIXTURE_TEXT_MAX], a[FIXTURE_TEXT_MAX], detail[FIXTURE_TEXT_MAX];
};

struct fixture {
	struct arena arena;
	struct error error;
	struct log log;
	struct spec spec;
	struct request request;
	struct caller caller;
	struct facts facts;
	struct plan plan;
	struct shared *shared;
};

static struct shared *fixture_shared;

static int record(const char *message, int errnum, const char *a, int64_t number)
{
	struct text t = text_on(fixture_shared->text, sizeof(fixture_shared->text));

	text_add(&t, message);
	t = text_on(fixture_shared->a, sizeof(fixture_shared->a));
	text_add(&t, a ? a : "");
	fixture_shared->errnum = errnum < 0 ? -errnum : errnum;
	fixture_shared->number = number;
	return -1;
}

int child_fail(const struct child *c, const char *message, int errnum, const char *a, const char *b)
{
	(void)c, (void)b;
	fixture_shared->faults++;
	return record(message, errnum, a, 0);
}

int child_fail_number(const struct child *c, const char *message, int errnum, const char *a, int64_t number)
{
	(void)c;
	fixture_shared->faults++;
	return record(message, errnum, a, number);
}

int child_fail_fs(const struct child *c, const char *message, int errnum, const char *a, const char *b, int fs_fd)
{
	ssize_t n = read(fs_fd, fixture_shared->detail, sizeof(fixture_shared->detail) - 1);

	(void)c, (void)b;
	fixture_shared->detail[n > 0 ? n : 0] = '\0';
	fixture_shared->faults++;
	return record(message, errnum, a, 0);
}

int child_fail_words(const struct child *c, const char *message, const char *a, const char *words, size_t length)
{
	(void)c;
	memcpy(fixture_shared->detail, words, length);
	fixture_shared->detail[length] = '\0';
	fixture_shared->faults++;
	return record(message, 0, a, 0);
}

void child_warn(const struct child *c, const char *message, int errnum, const char *a, const char *b)
{
	(void)c, (void)b;
	fixture_shared->warnings++;
	(void)record(message, errnum, a, 0);
}

int child_send_fd(const struct child *c, int kind, int fd)
{
	(void)c, (void)kind;
	fixture_shared->sent += dup(fd) >= 0; /* the parent would keep it open */
	return 0;
}

int child_receive_fd(const struct child *c)
{
	(void)c;
	return -1;
}

int child_proc(struct child *c)
{
	return c->proc;
}

_Noreturn void child_main(const struct plan *p, int channel)
{
	(void)p, (void)channel;
	abort();
}

void explain_step(struct explain *x, const char *format, ...)
{
	(void)x, (void)format;
}

/* Start over: an empty plan. */
static void fixture_begin(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	if (arena_init(&f->arena) < 0)
		abort();
	(void)arena_alloc(&f->arena, 1);
	f->shared = mmap(NULL, sizeof(*f->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (f->shared == MAP_FAILED)
		abort();
	fixture_shared = f->shared;
	f->log.fd = NO_FD;
	f->request.id = "unit";
	f->caller = (struct caller){ .euid = geteuid(), .egid = getegid(), .privileged = geteuid() == 0, .bounding = ~0ull };
	f->spec.has_process = true;
	f->spec.process.cwd = arena_strdup(&f->arena, "/");
	f->plan = (struct plan){ .spec = &f->spec, .process = &f->spec.process, .request = &f->request, .caller = &f->caller, .arena = &f->arena,
		.error = &f->error, .log = &f->log, .facts = &f->facts, .cgroup_fd = NO_FD, .state_fd = NO_FD, .exe_fd = NO_FD };
}

static void fixture_end(struct fixture *f)
{
	arena_deinit(&f->arena);
	(void)munmap(f->shared, sizeof(*f->shared));
}

/* check and prepare of one aspect */
static int fixture_plan(struct fixture *f, const struct aspect *aspect)
{
	if (aspect->check && aspect->check(&f->plan) < 0)
		return -1;
	return aspect->prepare ? aspect->prepare(&f->plan) : 0;
}

/* Play @body in a forked child. Returns its exit code: 0 if body returned true. */
static inline int fixture_child(struct fixture *f, bool (*body)(struct child *c))
{
	int status = 0;
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct child c = { .plan = &f->plan, .channel = NO_FD, .root = NO_FD, .proc = NO_FD, .tty = NO_FD };
		bool ok = body(&c);

		(void)fflush(stdout);
		_exit(ok ? 0 : 1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A list out of a NULL-terminated array. */
static inline struct string_list fixture_list(struct fixture *f, const char *const *v)
{
	struct string_list list = { .v = arena_many(&f->arena, char *, FIXTURE_LIST_MAX), .n = 0 };

	for (; v[list.n]; list.n++)
		list.v[list.n] = arena_strdup(&f->arena, v[list.n]);
	return list;
}
#define LIST(f, ...) fixture_list((f), (const char *const[]){ __VA_ARGS__, NULL })

/* One value of /proc/self/status. */
static inline const char *fixture_status(const char *key)
{
	static char line[FIXTURE_TEXT_MAX];
	FILE *file = fopen("/proc/self/status", "re");
	size_t length = strlen(key);
	const char *found = NULL;

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, length) != 0 || line[length] != ':')
			continue;
		line[strcspn(line, "\n")] = '\0';
		found = line + length + 1 + strspn(line + length + 1, " \t");
		break;
	}
	if (file)
		(void)fclose(file);
	return found ? found : "";
}

/* A test that begins with a fresh fixture, the file's static `f`. */
#define TEST(function)             \
	do {                       \
		fixture_begin(&f); \
		RUN(function);     \
		fixture_end(&f);   \
	} while (0)

#endif
