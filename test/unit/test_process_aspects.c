/* ids, caps, nnp, rlimits, oom, sched, mempolicy, keyring, personality, apparmor, selinux: each plays its callbacks in a child, which looks at itself. */
#include "aspect_fixture.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "aspect/caps.h"
#include "aspect/oom.h"
#include "base/io.h"
#include "base/sys.h"

static struct fixture f;

static bool can_raise(void)
{
	return prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE, 0, 0, 0) == 1;
}

static bool body_ids(struct child *c)
{
	uid_t r, e, s;
	gid_t groups[FIXTURE_LIST_MAX];

	if (setgroups(2, (gid_t[]){ 7, 8 }) < 0 || aspect_ids.seal(c) < 0)
		return false;
	CHECK(getresuid(&r, &e, &s) == 0 && r == 1000 && e == 1000 && s == 1000);
	CHECK(getresgid(&r, &e, &s) == 0 && r == 1001 && e == 1001 && s == 1001);
	CHECK(getgroups(FIXTURE_LIST_MAX, groups) == (int)c->plan->process->user.additional_gids.n);
	CHECK(c->plan->process->user.additional_gids.n == 0 || groups[0] == 42);
	CHECK(umask(0) == (c->plan->process->user.umask.set ? 077 : 022));
	return !unit_failed;
}

static void test_ids(void)
{
	static uint32_t gids[] = { 42, 43 };

	f.spec.process.user.uid = 1000;
	f.spec.process.user.gid = 1001;
	CHECK(fixture_plan(&f, &aspect_ids) == 0);
	CHECK(fixture_child(&f, body_ids) == 0);
	f.spec.process.user.additional_gids.v = gids;
	f.spec.process.user.additional_gids.n = 2;
	f.spec.process.user.umask = (struct opt_u32){ true, 077 };
	CHECK(fixture_child(&f, body_ids) == 0);
}

static bool body_keep_groups(struct child *c)
{
	gid_t groups[FIXTURE_LIST_MAX];

	if (setgroups(2, (gid_t[]){ 7, 8 }) < 0 || aspect_ids.seal(c) < 0)
		return false;
	return getgroups(FIXTURE_LIST_MAX, groups) == 2 && groups[0] == 7;
}

static void test_ids_keep_groups(void)
{
	struct string_pair keep = { (char[]){ "run.oci.keep_original_groups" }, (char[]){ "1" } };
	static uint32_t gid = 42;

	f.spec.annotations.v = &keep;
	f.spec.annotations.n = 1;
	CHECK(fixture_plan(&f, &aspect_ids) == 0);
	CHECK(fixture_child(&f, body_keep_groups) == 0);
	f.spec.process.user.additional_gids.v = &gid;
	f.spec.process.user.additional_gids.n = 1;
	CHECK(fixture_plan(&f, &aspect_ids) == 0); /* crun keeps those of the caller, and no others */
	CHECK(fixture_child(&f, body_keep_groups) == 0);
}

/* caps' two halves around ids, as sequence.c has them */
static bool body_caps(struct child *c)
{
	if (caps_drop_bounding(c) < 0 || aspect_ids.seal(c) < 0 || aspect_caps.seal(c) < 0)
		return false;
	CHECK_STRING(fixture_status("CapBnd"), "0000000000000401");
	CHECK_STRING(fixture_status("CapPrm"), "0000000000000401");
	CHECK_STRING(fixture_status("CapEff"), "0000000000000400");
	CHECK_STRING(fixture_status("CapInh"), "0000000000000400");
	CHECK_STRING(fixture_status("CapAmb"), "0000000000000400");
	return !unit_failed;
}

static void test_caps(void)
{
	const uint64_t bind = 1ull << CAP_NET_BIND_SERVICE, chown = 1ull << CAP_CHOWN;

	f.spec.process.capabilities = (struct capabilities){ true, .bounding = bind | chown, .permitted = bind | chown, .effective = bind,
		.inheritable = bind, .ambient = bind };
	CHECK(fixture_plan(&f, &aspect_ids) == 0 && fixture_plan(&f, &aspect_caps) == 0);
	CHECK(fixture_child(&f, body_caps) == 0);
	f.spec.process.user.uid = 1000; /* as an ordinary user: what keepcaps kept */
	CHECK(fixture_child(&f, body_caps) == 0);
}

static bool body_no_caps(struct child *c)
{
	if (caps_drop_bounding(c) < 0 || aspect_ids.seal(c) < 0 || aspect_caps.seal(c) < 0)
		return false;
	CHECK_STRING(fixture_status("CapBnd"), "0000000000000000");
	CHECK_STRING(fixture_status("CapPrm"), "0000000000000000");
	CHECK_STRING(fixture_status("CapAmb"), "0000000000000000");
	return !unit_failed;
}

static void test_caps_none(void)
{
	CHECK(fixture_plan(&f, &aspect_ids) == 0 && fixture_plan(&f, &aspect_caps) == 0);
	CHECK(fixture_child(&f, body_no_caps) == 0);
}

static bool body_clipped(struct child *c)
{
	if (caps_drop_bounding(c) < 0 || aspect_ids.seal(c) < 0 || aspect_caps.seal(c) < 0)
		return false;
	CHECK_STRING(fixture_status("CapPrm"), "0000000000000001");
	CHECK_STRING(fixture_status("CapAmb"), "0000000000000000");
	return !unit_failed;
}

/* more is asked for than the caller has: a warning, and what is left */
static void test_caps_clipped(void)
{
	f.caller.bounding = 1ull << CAP_CHOWN;
	f.spec.process.capabilities = (struct capabilities){ .set = true, .bounding = ~0ull, .effective = ~0ull, .permitted = ~0ull, .ambient = ~0ull };
	CHECK(fixture_plan(&f, &aspect_ids) == 0 && fixture_plan(&f, &aspect_caps) == 0);
	CHECK(fixture_child(&f, body_clipped) == 0);
}

static bool body_nnp(struct child *c)
{
	if (aspect_nnp.seal(c) < 0)
		return false;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == c->plan->process->no_new_privileges;
}

static void test_nnp(void)
{
	CHECK(fixture_child(&f, body_nnp) == 0);
	f.spec.process.no_new_privileges = true;
	CHECK(fixture_child(&f, body_nnp) == 0);
}

static struct rlimit_entry limits[] = { { RLIMIT_NOFILE, 100, 200 }, { RLIMIT_CORE, 0, 0 } };

static bool body_rlimits(struct child *c)
{
	struct rlimit limit;

	if (aspect_rlimits.seal(c) < 0)
		return false;
	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 100 && limit.rlim_max == 200);
	CHECK(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0);
	return !unit_failed;
}

static bool body_rlimits_refused(struct child *c)
{
	return aspect_rlimits.seal(c) < 0;
}

static void test_rlimits(void)
{
	f.spec.process.rlimits = (struct rlimit_list){ limits, ARRAY_SIZE(limits) };
	CHECK(fixture_plan(&f, &aspect_rlimits) == 0);
	CHECK(fixture_child(&f, body_rlimits) == 0);
	limits[1].soft = 1;
	CHECK(fixture_plan(&f, &aspect_rlimits) < 0);
	CHECK(strstr(f.error.text, "process.rlimits[1]") != NULL);
	limits[1].soft = 0;
	limits[1].hard = limits[1].soft = ~0ull - 1; /* more than any hard limit but infinity, so set a finite one first */
	if (can_raise() || setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 4096 }) < 0)
		return;
	CHECK(fixture_plan(&f, &aspect_rlimits) == 0);
	CHECK(fixture_child(&f, body_rlimits_refused) == 0);
	CHECK(text_after(f.shared->text, "process.rlimits[%n]: cannot set %a (above the caller's hard limit") != NULL);
	CHECK(f.shared->number == 1 && f.shared->errnum == EPERM);
	CHECK(text_after(f.shared->a, "RLIMIT_CORE (soft ") != NULL);
}

/* a process that sleeps until it is killed */
static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			(void)pause();
	return pid;
}

static bool body_oom(struct child *c)
{
	char value[FIXTURE_LIST_MAX] = "";

	oom_write_own(c);
	return io_read_small(AT_FDCWD, "/proc/self/oom_score_adj", value, sizeof(value)) == 3 && strcmp(value, "432") == 0;
}

static void test_oom(void)
{
	pid_t pid = sleeper();
	char path[FIXTURE_TEXT_MAX], value[FIXTURE_LIST_MAX] = "";
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	f.spec.process.oom_score_adj = (struct opt_i64){ true, 1001 };
	CHECK(aspect_oom.check(&f.plan) < 0 && strstr(f.error.text, "process.oomScoreAdj") != NULL);
	f.spec.process.oom_score_adj.value = 321;
	CHECK(aspect_oom.check(&f.plan) == 0 && aspect_oom.parent(&f.plan, pid, NO_FD) == 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0 && read(fd, value, sizeof(value) - 1) == 4);
	CHECK_STRING(value, "321\n");
	f.spec.process.oom_score_adj.value = -900;
	CHECK(aspect_oom.check(&f.plan) == 0);
	if (!can_raise()) {
		CHECK(aspect_oom.parent(&f.plan, pid, NO_FD) < 0 && f.error.errnum == EACCES);
		f.caller.privileged = false;
		f.plan.new_namespaces = CLONE_NEWUSER;
		CHECK(aspect_oom.parent(&f.plan, pid, NO_FD) == 0);
	}
	f.spec.process.oom_score_adj.value = 432;
	CHECK(aspect_oom.check(&f.plan) == 0);
	f.caller.privileged = false;
	f.plan.new_namespaces = 0; /* the hop does it */
	CHECK(aspect_oom.parent(&f.plan, pid, NO_FD) == 0);
	CHECK(pread(fd, value, sizeof(value) - 1, 0) == 4);
	CHECK_STRING(value, "321\n");
	CHECK(fixture_child(&f, body_oom) == 0);
	f.caller.privileged = true;
	(void)close(fd);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static bool body_sched(struct child *c)
{
	unsigned long mask[FIXTURE_LIST_MAX] = { 0 };

	if (aspect_sched.seal(c) < 0)
		return false;
	CHECK(syscall(SYS_sched_getscheduler, 0) == SCHED_BATCH); /* musl has a stub */
	CHECK(getpriority(PRIO_PROCESS, 0) == 5);
	CHECK(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) == IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6));
	CHECK(syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask) > 0 && mask[0] == 1);
	return !unit_failed;
}

static void test_sched(void)
{
	static struct scheduler batch = { .policy = SCHED_BATCH, .nice = 5 };
	static struct io_priority io = { IOPRIO_CLASS_BE, 6 };
	struct cpu_affinity affinity = { .final = (char[]){ "0" } };

	f.spec.process.scheduler = &batch;
	f.spec.process.io_priority = &io;
	f.spec.process.exec_cpu_affinity = &affinity;
	f.request.exec = true;
	CHECK(fixture_plan(&f, &aspect_sched) == 0);
	CHECK(fixture_child(&f, body_sched) == 0);
	batch.policy = SCHED_FIFO; /* needs a priority */
	batch.nice = 0;
	CHECK(fixture_plan(&f, &aspect_sched) == 0);
	CHECK(fixture_child(&f, body_sched) != 0 && f.shared->faults == 1);
	CHECK_STRING(f.shared->a, "SCHED_FIFO");
}

static void test_sched_affinity(void)
{
	struct cpu_affinity affinity = { .initial = (char[]){ "0" } };
	unsigned long mask[FIXTURE_LIST_MAX] = { 0 };
	pid_t pid = sleeper();

	f.spec.process.exec_cpu_affinity = &affinity;
	f.request.exec = true;
	CHECK(fixture_plan(&f, &aspect_sched) == 0 && aspect_sched.parent(&f.plan, pid, NO_FD) == 0);
	CHECK(syscall(SYS_sched_getaffinity, pid, sizeof(mask), mask) > 0 && mask[0] == 1);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	affinity.initial = (char[]){ "0-" };
	CHECK(fixture_plan(&f, &aspect_sched) < 0);
	CHECK_STRING(f.error.text, "process.execCPUAffinity.initial: expected a list of CPUs as '0-3,7', got '0-'");
	affinity.initial = (char[]){ "9999" };
	CHECK(fixture_plan(&f, &aspect_sched) < 0);
}

static bool body_mempolicy(struct child *c)
{
	unsigned long nodes[FIXTURE_LIST_MAX] = { 0 };
	int mode = -1;

	if (aspect_mempolicy.seal(c) < 0)
		return false;
	CHECK(syscall(SYS_get_mempolicy, &mode, nodes, sizeof(nodes) * 8, NULL, 0ul) == 0);
	CHECK(mode == (MPOL_BIND | MPOL_F_STATIC_NODES) && nodes[0] == 1);
	return !unit_failed;
}

static void test_mempolicy(void)
{
	struct memory_policy policy = { .mode = MPOL_BIND, .flags = MPOL_F_STATIC_NODES, .nodes = (char[]){ "0" } };

	f.spec.linux.memory_policy = &policy;
	CHECK(fixture_plan(&f, &aspect_mempolicy) == 0);
	CHECK(fixture_child(&f, body_mempolicy) == 0 || f.shared->errnum == ENOSYS);
	policy.nodes = (char[]){ "1,,2" };
	CHECK(fixture_plan(&f, &aspect_mempolicy) < 0 && strstr(f.error.text, "linux.memoryPolicy.nodes") != NULL);
	policy.nodes = NULL;
	CHECK(fixture_plan(&f, &aspect_mempolicy) < 0);
	CHECK_STRING(f.error.text, "linux.memoryPolicy.nodes: required by mode MPOL_BIND");
	policy = (struct memory_policy){ .mode = MPOL_DEFAULT, .nodes = (char[]){ "0" } };
	CHECK(fixture_plan(&f, &aspect_mempolicy) < 0);
}

static bool body_keyring(struct child *c)
{
	char description[FIXTURE_TEXT_MAX] = "";

	if (aspect_keyring.enter(c) < 0)
		return false;
	CHECK(sys_keyctl(KEYCTL_DESCRIBE, (unsigned long)KEY_SPEC_SESSION_KEYRING, (unsigned long)description, sizeof(description), 0) > 0);
	CHECK(strstr(description, ";3f1b0000;_ses.unit.") != NULL && strstr(description, f.facts.keyring) != NULL);
	return !unit_failed;
}

static void test_keyring(void)
{
	const char *first;

	CHECK(fixture_plan(&f, &aspect_keyring) == 0);
	CHECK(fixture_child(&f, body_keyring) == 0 || f.shared->warnings == 1);
	first = arena_strdup(&f.arena, f.facts.keyring);
	CHECK(fixture_plan(&f, &aspect_keyring) == 0 && strcmp(first, f.facts.keyring) != 0); /* nobody can have made it before */
	f.request.exec = true;
	first = f.facts.keyring;
	CHECK(fixture_plan(&f, &aspect_keyring) == 0 && f.plan.data[ASPECT_KEYRING] == first);
	f.request.exec = false;
}

static bool body_personality(struct child *c)
{
	struct utsname name;

	if (aspect_personality.seal(c) < 0 || uname(&name) < 0)
		return false;
	return strcmp(name.machine, "x86_64") != 0 || !c->plan->spec->linux.personality.set;
}

static void test_personality(void)
{
	CHECK(fixture_child(&f, body_personality) == 0);
	f.spec.linux.personality.set = true;
	f.spec.linux.personality.domain = 8; /* PER_LINUX32 */
	CHECK(fixture_child(&f, body_personality) == 0);
	f.spec.linux.personality.domain = 0;
	CHECK(fixture_child(&f, body_personality) == 1 && f.shared->faults == 0);
}

/* hosts without them must refuse, naming the place; a host with them is tested by its engines */
static void test_labels(void)
{
	CHECK(fixture_plan(&f, &aspect_apparmor) == 0 && fixture_plan(&f, &aspect_selinux) == 0);
	f.spec.process.apparmor_profile = (char[]){ "unconfined" };
	CHECK(fixture_plan(&f, &aspect_apparmor) == 0);
	if (access("/sys/module/apparmor", F_OK) < 0) {
		f.spec.process.apparmor_profile = (char[]){ "docker-default" };
		CHECK(fixture_plan(&f, &aspect_apparmor) < 0 && text_after(f.error.text, "process.apparmorProfile: ") != NULL);
	}
	if (access("/sys/fs/selinux", F_OK) < 0) {
		f.spec.process.selinux_label = (char[]){ "system_u:system_r:container_t:s0" };
		CHECK(fixture_plan(&f, &aspect_selinux) < 0 && text_after(f.error.text, "process.selinuxLabel: ") != NULL);
	}
}

int main(void)
{
	TEST(test_labels);
	TEST(test_mempolicy);
	TEST(test_keyring);
	TEST(test_personality);
	TEST(test_nnp);
	if (geteuid() != 0) {
		SKIP(test_ids, "needs root");
		return unit_done();
	}
	TEST(test_ids);
	TEST(test_ids_keep_groups);
	TEST(test_caps);
	TEST(test_caps_none);
	TEST(test_caps_clipped);
	TEST(test_oom);
	TEST(test_sched);
	TEST(test_sched_affinity);
	TEST(test_rlimits);
	return unit_done();
}
