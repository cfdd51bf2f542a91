/*
 * A sandbox's limits, its record and --require, without running anything: what the options mean, who holds a limit, which limit is said to have ended the
 * command, and what a level misses.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/scope.h"
#include "run/sandbox.h"
#include "unit.h"

static struct hull hull;
static struct job job;
static struct sandbox s;

#define S(n) ((uint64_t)(n)*1000000000u)

/* a sandbox of a caller who has no cgroups, with all that a native one has by default */
static void fresh(void)
{
	static const enum namespace_type types[] = { NAMESPACE_USER, NAMESPACE_MOUNT, NAMESPACE_PID, NAMESPACE_IPC, NAMESPACE_NETWORK, NAMESPACE_UTS,
		NAMESPACE_CGROUP };
	static const char *const args[] = { "true", NULL };
	struct spec *spec = &job.spec;

	hull.error = (struct error){ .text = "" };
	hull.cgroup_manager = CGROUP_MANAGER_DISABLED;
	job = (struct job){ .hull = &hull, .id = "test", .root = NO_FD, .dir = NO_FD };
	s = (struct sandbox){ .job = &job, .result_fd = NO_FD, .result_dir = NO_FD, .o = { .args = args, .name = "test" } };
	job.sandbox = &s;
	spec->linux.namespaces.v = arena_many(&hull.arena, struct namespace, ARRAY_SIZE(types));
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		spec->linux.namespaces.v[spec->linux.namespaces.n++].type = types[i];
	spec->process.no_new_privileges = true;
	spec->process.capabilities.set = true;
	spec->linux.seccomp = arena_new(&hull.arena, struct seccomp);
	spec->hull.landlock.set = spec->hull.init = spec->hull.die_with_parent = true;
}

/* ---- what the options mean ---- */

static void options_are_read(void)
{
	fresh();
	s.o.memory = "512m";
	s.o.cpus = "1.5";
	s.o.pids = "16";
	s.o.time = "500ms";
	s.o.wall = "2m";
	s.o.fsize = "10k";
	s.o.nofile = "20";
	s.o.stack = "8m";
	s.o.core = "0";
	CHECK(sandbox_limits_decide(&s) == 0 && !s.cgroups);
	CHECK(s.limits[LIMIT_MEMORY].value == 512 << 20);
	CHECK(s.limits[LIMIT_CPUS].value == 1500);
	CHECK(s.limits[LIMIT_PIDS].value == 16);
	CHECK(s.limits[LIMIT_TIME].value == S(1) / 2);
	CHECK(s.limits[LIMIT_WALL].value == S(120));
	CHECK(s.limits[LIMIT_FSIZE].value == 10 << 10);
	CHECK(s.limits[LIMIT_NOFILE].value == 20);
	CHECK(s.limits[LIMIT_STACK].value == 8 << 20);
	CHECK(s.limits[LIMIT_CORE].value == 0);
	for (int i = 0; i < LIMIT_MAX; i++)
		CHECK(s.limits[i].set && s.limits[i].holder == HELD_BY_NOBODY);
	fresh();
	CHECK(sandbox_limits_decide(&s) == 0 && !s.cgroups);
	for (int i = 0; i < LIMIT_MAX; i++)
		CHECK(!s.limits[i].set);
}

static void nonsense_is_refused(void)
{
	static const char *const sizes[] = { "", "0", "-1", "1x", "m", "99999999999g", "9223372036854775808" };
	static const char *const times[] = { "", "0", "-1", "1y", "0ms", "99999999999999999" };
	static const char *const numbers[] = { "", "0", "-1", "1.5", "2147483648", "x" };
	static const char *const cpus[] = { "", "0", "0.001", "-1", "1s", "5ms", "1000001" };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		fresh();
		s.o.memory = sizes[i];
		CHECK(sandbox_limits_decide(&s) < 0 && strstr(hull.error.text, "--memory: expected a size"));
	}
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		fresh();
		s.o.wall = times[i];
		CHECK(sandbox_limits_decide(&s) < 0 && strstr(hull.error.text, "--wall: expected a time"));
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		fresh();
		s.o.pids = numbers[i];
		CHECK(sandbox_limits_decide(&s) < 0 && strstr(hull.error.text, "--pids: expected a number"));
	}
	for (size_t i = 0; i < ARRAY_SIZE(cpus); i++) {
		fresh();
		s.o.cpus = cpus[i];
		CHECK(sandbox_limits_decide(&s) < 0 && strstr(hull.error.text, "--cpus: expected a number of processors"));
	}
}

/* ---- who holds them ---- */

static const struct rlimit_entry *rlimit(int type)
{
	const struct rlimit_list *list = &job.spec.process.rlimits;

	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].type == type)
			return &list->v[i];
	return NULL;
}

static bool rlimit_is(int type, uint64_t value)
{
	const struct rlimit_entry *entry = rlimit(type);

	return entry && entry->soft == value && entry->hard == value;
}

static void without_cgroups_rlimits_and_clocks_hold(void)
{
	fresh();
	s.o.memory = "64m";
	s.o.time = "1500ms";
	s.o.wall = "3";
	s.o.fsize = "1k";
	s.o.nofile = "10";
	s.o.stack = "64k";
	CHECK(sandbox_limits_decide(&s) == 0 && sandbox_limits_apply(&s) == 0);
	CHECK(rlimit_is(RLIMIT_AS, 64 << 20) && s.limits[LIMIT_MEMORY].holder == HELD_BY_RLIMIT);
	CHECK(rlimit_is(RLIMIT_CPU, 3) && s.limits[LIMIT_TIME].holder == HELD_BY_HULL); /* rounded up, and one more */
	CHECK(rlimit_is(RLIMIT_FSIZE, 1024) && rlimit_is(RLIMIT_NOFILE, 10) && rlimit_is(RLIMIT_STACK, 64 << 10));
	CHECK(s.limits[LIMIT_WALL].holder == HELD_BY_HULL && s.limits[LIMIT_FSIZE].holder == HELD_BY_RLIMIT);
	CHECK(!job.spec.linux.resources.memory.limit.set);
	fresh();
	s.o.cpus = "1";
	CHECK(sandbox_limits_decide(&s) == 0 && sandbox_limits_apply(&s) < 0 && strstr(hull.error.text, "--cpus: it takes a cgroup"));
	fresh();
	job.spec.linux.namespaces.n = 0;
	s.o.pids = "5";
	CHECK(sandbox_limits_decide(&s) == 0 && sandbox_limits_apply(&s) < 0 && strstr(hull.error.text, "--pids: without a cgroup"));
}

static void with_cgroups_they_hold(void)
{
	fresh();
	s.o.memory = "64m";
	s.o.cpus = "0.25";
	s.o.pids = "5";
	s.o.time = "1";
	CHECK(sandbox_limits_decide(&s) == 0);
	s.cgroups = true;
	CHECK(sandbox_limits_apply(&s) == 0);
	CHECK(job.spec.linux.resources.memory.limit.value == 64 << 20);
	CHECK(job.spec.linux.resources.cpu.quota.value == 25000 && job.spec.linux.resources.cpu.period.value == 100000);
	CHECK(job.spec.linux.resources.pids.limit.value == 6); /* and hull's reaper */
	CHECK(s.limits[LIMIT_MEMORY].holder == HELD_BY_CGROUP && s.limits[LIMIT_CPUS].holder == HELD_BY_CGROUP && s.limits[LIMIT_PIDS].holder == HELD_BY_CGROUP);
	CHECK(s.limits[LIMIT_TIME].holder == HELD_BY_HULL);
	CHECK(!rlimit(RLIMIT_AS) && !rlimit(RLIMIT_NPROC));
	CHECK_STRING(sandbox_holder_name(HELD_BY_CGROUP), "cgroup");
	CHECK_STRING(sandbox_limit_name(LIMIT_NOFILE), "nofile");
}

/* ---- clocks ---- */

static void clocks_begin(void)
{
	uint64_t before = foreground_now();

	fresh();
	sandbox_time_begin(&s);
	CHECK(s.started >= before && s.foreground.deadline == 0 && s.foreground.next_check == 0);
	fresh();
	s.limits[LIMIT_WALL] = (struct limit_state){ .set = true, .value = S(2) };
	s.limits[LIMIT_TIME] = (struct limit_state){ .set = true, .value = S(4) };
	sandbox_time_begin(&s);
	CHECK(s.foreground.deadline == s.started + S(2));
	CHECK(s.foreground.check && s.foreground.next_check > s.started && s.foreground.next_check <= s.started + S(4));
}

static void put(const char *dir, const char *name, const char *text)
{
	FILE *f = fopen(arena_printf(&hull.arena, "%s/%s", dir, name), "we");

	CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void time_of_cgroups(void)
{
	char one[] = "/tmp/hull-unit-XXXXXX", two[] = "/tmp/hull-unit-XXXXXX";
	char *dirs[] = { one, two };
	uint64_t ns = 7;

	fresh();
	CHECK(!sandbox_time_of_cgroup(&s, &ns) && ns == 7);
	CHECK(mkdtemp(one) && mkdtemp(two));
	job.state.facts.cgroups = (struct string_list){ dirs, 2 };
	CHECK(!sandbox_time_of_cgroup(&s, &ns));
	put(two, "cpu.stat", "nr_periods 3\n"); /* v1's has no usage */
	CHECK(!sandbox_time_of_cgroup(&s, &ns));
	put(two, "cpu.stat", "usage_usec 1500\nuser_usec 1000\n");
	CHECK(sandbox_time_of_cgroup(&s, &ns) && ns == 1500000);
	put(one, "cpuacct.usage", "12345\n");
	CHECK(sandbox_time_of_cgroup(&s, &ns) && ns == 12345);
	for (size_t i = 0; i < 2; i++) {
		(void)unlink(arena_printf(&hull.arena, "%s/cpu.stat", dirs[i]));
		(void)unlink(arena_printf(&hull.arena, "%s/cpuacct.usage", dirs[i]));
		(void)rmdir(dirs[i]);
	}
}

/* ---- the record ---- */

/* what it says after the command ended (or hull failed) with s as it is */
static const char *record(bool ran)
{
	char *text = arena_alloc(&hull.arena, 4096);
	int ends[2];
	ssize_t n;

	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	s.o.result = arena_printf(&hull.arena, "%d", ends[1]);
	CHECK(sandbox_result_open(&s) == 0 && s.result_fd >= 0);
	CHECK(sandbox_result_write(&s, ran) == 0);
	n = read(ends[0], text, 4095);
	text[n > 0 ? n : 0] = '\0';
	(void)close(ends[0]);
	(void)close(ends[1]);
	return text;
}

static void ends(int wait_status)
{
	fresh();
	s.foreground.wait_status = wait_status;
}

#define EXITED(code) ((code) << 8)
#define SAYS(text, what) CHECK(strstr(text, what) != NULL)

static void record_tells_ends_apart(void)
{
	const char *text;

	ends(EXITED(0));
	text = record(true);
	SAYS(text, "\"status\":\"OK\"");
	SAYS(text, "\"exit_code\":0");
	SAYS(text, "\"limit\":null");
	ends(EXITED(3));
	text = record(true);
	SAYS(text, "\"status\":\"RE\"");
	SAYS(text, "\"exit_code\":3");
	ends(SIGSEGV | 0x80);
	text = record(true);
	SAYS(text, "\"status\":\"SG\"");
	SAYS(text, "\"signal_name\":\"SIGSEGV\",\"core_dumped\":true");
	ends(0);
	(void)fail(&hull.error, 0, "it was not to be");
	text = record(false);
	SAYS(text, "\"status\":\"XX\",\"error\":\"it was not to be\"");
	CHECK(!strstr(text, "exit_code"));
}

static void record_names_the_limit(void)
{
	ends(SIGKILL);
	s.timed_out = true;
	SAYS(record(true), "\"limit\":\"time\"");
	ends(SIGXCPU);
	SAYS(record(true), "\"status\":\"TO\"");
	ends(SIGKILL);
	s.foreground.timed_out = true;
	SAYS(record(true), "\"status\":\"TO\"");
	SAYS(record(true), "\"killed\":true,\"limit\":\"wall\"");
	ends(SIGKILL);
	s.oom_kills = 2;
	SAYS(record(true), "\"limit\":\"memory\",\"oom\":true,\"oom_kills\":2");
	ends(EXITED(0)); /* one of its children was killed, and it did not mind */
	s.oom_kills = 1;
	SAYS(record(true), "\"status\":\"OK\"");
	ends(SIGXFSZ);
	SAYS(record(true), "\"limit\":\"fsize\"");
	ends(EXITED(2));
	s.pids_hit = 4;
	SAYS(record(true), "\"limit\":\"pids\"");
	ends(EXITED(0));
	s.limits[LIMIT_TIME] = (struct limit_state){ .set = true, .value = S(1), .holder = HELD_BY_HULL };
	s.foreground.usage.ru_utime.tv_usec = 600000;
	s.foreground.usage.ru_stime.tv_usec = 399999;
	SAYS(record(true), "\"limit\":null");
	s.foreground.usage.ru_stime.tv_usec = 400000;
	SAYS(record(true), "\"limit\":\"time\"");
	s.foreground.usage.ru_utime.tv_usec = 0;
	s.has_cpu = true; /* what nobody waited for is in the cgroup only */
	s.cpu = S(3);
	SAYS(record(true), "\"cpu\":3");
	SAYS(record(true), "\"limits\":{\"time\":{\"value\":1,\"held_by\":\"hull\"}}");
}

static void record_goes_where_it_is_to(void)
{
	static const char *const descriptors[] = { "77", "/dev/fd/77", "/proc/self/fd/77" };

	for (size_t i = 0; i < ARRAY_SIZE(descriptors); i++) {
		fresh();
		s.o.result = descriptors[i];
		CHECK(sandbox_result_open(&s) < 0);
		CHECK_STRING(hull.error.text, arena_printf(&hull.arena, "--result: cannot open '%s': Bad file descriptor", descriptors[i]));
	}
	fresh();
	s.o.result = "/dev/stderr"; /* whatever it leads to */
	CHECK(sandbox_result_open(&s) == 0 && s.result_fd > STDERR_FILENO && s.result_dir < 0);
	s.result_fd = close_fd(s.result_fd);
	fresh();
	s.o.result = "/nowhere/at/all";
	CHECK(sandbox_result_open(&s) < 0 && strstr(hull.error.text, "cannot write to the directory of '/nowhere/at/all'"));
	fresh();
	CHECK(sandbox_result_open(&s) == 0 && sandbox_result_write(&s, true) == 0);
}

/* ---- --require ---- */

/* what is missing, "" when nothing is */
static const char *required(const char *level)
{
	s.o.require = level;
	return sandbox_require(&s) < 0 ? hull.error.text : "";
}

static void levels_are_met_by_default(void)
{
	fresh();
	CHECK_STRING(required("basic"), "");
	CHECK_STRING(required("standard"), "");
	CHECK(!job.spec.hull.landlock.required);
	CHECK_STRING(required("basic,full,limits"), "");
	CHECK(job.spec.hull.landlock.required);
	CHECK_STRING(required(NULL), "");
	CHECK_STRING(required("most"), "--require: expected basic, standard, full or limits, got 'most'");
	CHECK(*required("basic,"));
}

static void levels_say_what_is_missing(void)
{
	fresh();
	job.spec.process.no_new_privileges = false;
	SAYS(required("basic"), "without no_new_privs");
	fresh();
	job.spec.linux.namespaces.v[2].type = NAMESPACE_TIME;
	SAYS(required("basic"), "without a pid namespace");
	fresh();
	job.spec.linux.namespaces.v[4].type = NAMESPACE_TIME;
	CHECK_STRING(required("basic"), "");
	SAYS(required("standard"), "without a net namespace");
	fresh();
	s.o.nest = true;
	CHECK_STRING(required("basic"), "");
	job.spec.process.capabilities.bounding = 1ull << CAP_SYS_ADMIN;
	SAYS(required("basic"), "mounts that it cannot undo");
	s.o.nest = false; /* the filter keeps the calls from it */
	CHECK_STRING(required("basic"), "");
	SAYS(required("standard"), "the loss of all capabilities");
	fresh();
	job.spec.linux.seccomp = NULL;
	SAYS(required("standard"), "a system-call filter");
	fresh();
	job.spec.hull.landlock.signals = true;
	SAYS(required("full"), "without Landlock");
	fresh();
	job.spec.hull.init = false;
	CHECK_STRING(required("standard"), "");
	SAYS(required("full"), "ends with hull");
	fresh();
	s.limits[LIMIT_MEMORY] = (struct limit_state){ .set = true, .holder = HELD_BY_RLIMIT };
	SAYS(required("limits"), "--memory is not held for all processes together");
	s.limits[LIMIT_MEMORY].holder = HELD_BY_CGROUP;
	CHECK_STRING(required("limits"), "");
	s.limits[LIMIT_TIME].set = true;
	SAYS(required("limits"), "--time misses processes");
}

int main(void)
{
	if (arena_init(&hull.arena) < 0)
		return 1;
	RUN(options_are_read);
	RUN(nonsense_is_refused);
	RUN(without_cgroups_rlimits_and_clocks_hold);
	RUN(with_cgroups_they_hold);
	RUN(clocks_begin);
	RUN(time_of_cgroups);
	RUN(record_tells_ends_apart);
	RUN(record_names_the_limit);
	RUN(record_goes_where_it_is_to);
	RUN(levels_are_met_by_default);
	RUN(levels_say_what_is_missing);
	arena_deinit(&hull.arena);
	return unit_done();
}
