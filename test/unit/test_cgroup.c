/* Cgroup paths, the host's hierarchies, and resources as settings; control and removal on cgroups of the running machine where they can be made. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aspect/cgroup.h"
#include "base/io.h"
#include "base/text.h"

static struct arena arena;
static struct error error;

static void test_clean(void)
{
	CHECK_STRING(cgroup_clean(&arena, ""), "");
	CHECK_STRING(cgroup_clean(&arena, "/"), "");
	CHECK_STRING(cgroup_clean(&arena, "a"), "/a");
	CHECK_STRING(cgroup_clean(&arena, "/a//b/./c/"), "/a/b/c");
	CHECK_STRING(cgroup_clean(&arena, "/a/../b"), "/b");
	CHECK_STRING(cgroup_clean(&arena, "../../a"), "/a");
	CHECK_STRING(cgroup_clean(&arena, "/a/b/../../.."), "");
	CHECK_STRING(cgroup_clean(&arena, "a/..b/..."), "/a/..b/...");
}

static void test_lists(void)
{
	char words[] = "a bc,d\n", *cursor = words;

	CHECK(cgroup_has_controller("cpu,cpuacct", "cpu"));
	CHECK(cgroup_has_controller("cpu,cpuacct", "cpuacct"));
	CHECK(!cgroup_has_controller("cpuset", "cpu"));
	CHECK(!cgroup_has_controller("", "cpu"));
	CHECK(cgroup_has_controller("cpuset cpu io", "io"));
	CHECK_STRING(cgroup_next_word(&cursor), "a");
	CHECK_STRING(cgroup_next_word(&cursor), "bc");
	CHECK_STRING(cgroup_next_word(&cursor), "d");
	CHECK(!cgroup_next_word(&cursor));
}

static void test_own(void)
{
	struct cgroup_host host;

	cgroup_parse_own(&arena, "9:name=systemd:/x\n5:cpu,cpuacct:/a/b\n3:memory:/../z\n0::/u\n", &host);
	CHECK(host.n == 4);
	CHECK_STRING(host.v[0].name, "systemd");
	CHECK_STRING(host.v[0].controllers, "name=systemd");
	CHECK_STRING(host.v[0].mount, "/sys/fs/cgroup/systemd");
	CHECK_STRING(host.v[1].name, "cpu,cpuacct");
	CHECK_STRING(host.v[1].own, "/a/b");
	CHECK_STRING(host.v[2].own, "");
	CHECK(host.v[3].v2 && !host.v[2].v2);
	CHECK_STRING(host.v[3].name, "unified");
	cgroup_parse_own(&arena, "rubbish\n1:\n", &host);
	CHECK(host.n == 0);
}

static void test_leaf_path(void)
{
	struct cgroup_tree v1 = { .mount = (char[]){ "/m" }, .own = (char[]){ "/own/x" } }, v2 = v1;

	v2.v2 = true;
	CHECK_STRING(cgroup_leaf_path(&arena, &v1, "/p/q", "id", false, false), "/m/p/q");
	CHECK_STRING(cgroup_leaf_path(&arena, &v1, "p", "id", false, false), "/m/own/x/p");
	CHECK_STRING(cgroup_leaf_path(&arena, &v1, NULL, "id", false, false), "/m/own/x/id");
	CHECK_STRING(cgroup_leaf_path(&arena, &v1, "", "id", false, false), "/m/own/x/id");
	CHECK_STRING(cgroup_leaf_path(&arena, &v1, "/../../etc", "id", false, false), "/m/etc");
	CHECK_STRING(cgroup_leaf_path(&arena, &v2, NULL, "id", false, false), "/m/own/id");
	CHECK_STRING(cgroup_leaf_path(&arena, &v2, NULL, "id", false, true), "/m/own/x/id");
	CHECK_STRING(cgroup_leaf_path(&arena, &v2, NULL, "id", true, false), "/m/own/x/id");
	CHECK_STRING(cgroup_leaf_path(&arena, &v2, "/a", "id", false, false), "/m/a");
}

static void test_shares(void)
{
	uint64_t last = 0;

	CHECK(cgroup_shares_to_weight(0) == 1);
	CHECK(cgroup_shares_to_weight(2) == 1);
	CHECK(cgroup_shares_to_weight(1024) == 100);
	CHECK(cgroup_shares_to_weight(262144) == 10000);
	CHECK(cgroup_shares_to_weight(1u << 20) == 10000);
	/* points of the formula, computed apart with 50 digits */
	CHECK(cgroup_shares_to_weight(3) == 2);
	CHECK(cgroup_shares_to_weight(100) == 17);
	CHECK(cgroup_shares_to_weight(512) == 59);
	CHECK(cgroup_shares_to_weight(2048) == 174);
	CHECK(cgroup_shares_to_weight(4096) == 303);
	CHECK(cgroup_shares_to_weight(100000) == 4340);
	for (uint64_t shares = 2; shares <= 262144; shares += 7) {
		uint64_t weight = cgroup_shares_to_weight(shares);

		CHECK(weight >= last && weight >= 1 && weight <= 10000);
		last = weight;
	}
}

static const struct cgroup_setting *find(const struct cgroup_settings *s, const char *field)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].field, field) == 0)
			return &s->v[i];
	return NULL;
}

static void check_setting(const struct cgroup_settings *s, const char *field, const char *file1, const char *value1, const char *file2,
			  const char *value2)
{
	const struct cgroup_setting *found = find(s, field);

	CHECK(found);
	if (!found)
		return;
	CHECK(!file1 == !found->v1.controller);
	CHECK(!file2 == !found->v2.controller);
	if (file1) {
		CHECK_STRING(found->v1.file, file1);
		CHECK_STRING(found->v1.value, value1);
	}
	if (file2) {
		CHECK_STRING(found->v2.file, file2);
		CHECK_STRING(found->v2.value, value2);
	}
}

static void test_nothing_said(void)
{
	struct resources r = {
		.memory = { .limit = { true, 0 }, .reservation = { true, 0 }, .swap = { true, 0 }, .kernel_tcp = { true, 0 },
			.swappiness = { true, UINT64_MAX }, .disable_oom_killer = { true, false } },
		.cpu = { .shares = { true, 0 }, .quota = { true, 0 }, .period = { true, 0 }, .realtime_runtime = { true, 0 },
			.realtime_period = { true, 0 }, .cpus = (char[]){ "" }, .mems = (char[]){ "" }, .idle = { true, 0 } },
		.block_io = { .weight = { true, 0 }, .leaf_weight = { true, 0 } },
		.network = { .class_id = { true, 0 } },
	};
	struct cgroup_settings s;

	CHECK(cgroup_settings_compile(&r, "1.0.2", &arena, &error, &s) == 0 && s.n == 0);
}

static void test_memory(void)
{
	struct resources r = { .memory = { .limit = { true, 1 << 20 }, .swap = { true, 3 << 20 }, .reservation = { true, -1 }, .swappiness = { true, 0 } } };
	struct cgroup_settings s;

	CHECK(cgroup_settings_compile(&r, "1.0.2", &arena, &error, &s) == 0 && s.n == 4);
	CHECK_STRING(s.v[0].field, "linux.resources.memory.limit");
	CHECK_STRING(s.v[1].field, "linux.resources.memory.swap");
	check_setting(&s, "linux.resources.memory.limit", "memory.limit_in_bytes", "1048576", "memory.max", "1048576");
	check_setting(&s, "linux.resources.memory.swap", "memory.memsw.limit_in_bytes", "3145728", "memory.swap.max", "2097152");
	check_setting(&s, "linux.resources.memory.reservation", "memory.soft_limit_in_bytes", "-1", "memory.low", "max");
	check_setting(&s, "linux.resources.memory.swappiness", "memory.swappiness", "0", NULL, NULL);
	r.memory.swap.value = 1;
	CHECK(cgroup_settings_compile(&r, "1.0.2", &arena, &error, &s) < 0);
	CHECK_STRING(error.text, "linux.resources.memory.swap: 1 is less than memory.limit 1048576");
	r.memory.limit.value = -1; /* nothing to take off */
	r.memory.swap.value = 3 << 20;
	CHECK(cgroup_settings_compile(&r, "1.0.2", &arena, &error, &s) == 0);
	check_setting(&s, "linux.resources.memory.limit", "memory.limit_in_bytes", "-1", "memory.max", "max");
	check_setting(&s, "linux.resources.memory.swap", "memory.memsw.limit_in_bytes", "3145728", "memory.swap.max", "3145728");
	r.memory.limit.set = false;
	CHECK(cgroup_settings_compile(&r, "1.0.2", &arena, &error, &s) < 0);
	r.memory.swap.value = -1;
	CHECK(cgroup_settings_compile(&r, "1.0.2", &arena, &error, &s) == 0);
	check_setting(&s, "linux.resources.memory.swap", "memory.memsw.limit_in_bytes", "-1", "memory.swap.max", "max");
}

static void test_cpu(void)
{
	struct resources r = { .cpu = { .shares = { true, 2048 }, .quota = { true, 5000 }, .period = { true, 20000 }, .burst = { true, 100 },
		.cpus = (char[]){ "0-1" }, .idle = { true, 1 } } };
	struct cgroup_settings s;

	CHECK(cgroup_settings_compile(&r, "1.0.2", &arena, &error, &s) == 0 && s.n == 6);
	check_setting(&s, "linux.resources.cpu.shares", "cpu.shares", "2048", "cpu.weight", "174");
	check_setting(&s, "linux.resources.cpu.period", "cpu.cfs_period_us", "20000", "cpu.max", "5000 20000");
	CHECK_STRING(find(&s, "linux.resources.cpu.quota")->v1.value, "5000");
	CHECK(!find(&s, "linux.resources.cpu.quota")->v2.file);
	check_setting(&s, "linux.resources.cpu.burst", "cpu.cfs_burst_us", "100", "cpu.max.burst", "100");
	check_setting(&s, "linux.resources.cpu.cpus", "cpuset.cpus", "0-1", "cpuset.cpus", "0-1");
	r.cpu.period.set = false;
	CHECK(cgroup_settings_compile(&r, "1.0.2", &arena, &error, &s) == 0);
	check_setting(&s, "linux.resources.cpu.quota", "cpu.cfs_quota_us", "5000", "cpu.max", "5000");
	r.cpu.quota.value = -1;
	CHECK(cgroup_settings_compile(&r, "1.0.2", &arena, &error, &s) == 0);
	check_setting(&s, "linux.resources.cpu.quota", "cpu.cfs_quota_us", "-1", "cpu.max", "max");
}

static void test_pids(void)
{
	struct resources r = { .pids = { .limit = { true, 10 } } };
	struct cgroup_settings s;

	CHECK(cgroup_settings_compile(&r, "1.0.2-dev", &arena, &error, &s) == 0);
	check_setting(&s, "linux.resources.pids.limit", "pids.max", "10", "pids.max", "10");
	r.pids.limit.value = 0; /* Docker 20.10's "no limit" */
	CHECK(cgroup_settings_compile(&r, "1.0.2-dev", &arena, &error, &s) == 0);
	check_setting(&s, "linux.resources.pids.limit", "pids.max", "max", "pids.max", "max");
	CHECK(cgroup_settings_compile(&r, "1.3.0", &arena, &error, &s) == 0);
	check_setting(&s, "linux.resources.pids.limit", "pids.max", "0", "pids.max", "0");
	r.pids.limit.value = -1;
	CHECK(cgroup_settings_compile(&r, "1.3.0", &arena, &error, &s) == 0);
	check_setting(&s, "linux.resources.pids.limit", "pids.max", "max", "pids.max", "max");
}

static void test_lists_of_resources(void)
{
	struct weight_device weights[] = { { 8, 0, { true, 500 }, { true, 20 } } };
	struct throttle_device reads[] = { { 8, 16, 1000 } };
	struct hugepage_limit pages[] = { { (char[]){ "2MB" }, 4096 } };
	struct rdma_limit rdma[] = { { (char[]){ "mlx5_1" }, { true, 3 }, { true, 4 } } };
	struct string_pair unified[] = { { (char[]){ "memory.high" }, (char[]){ "7" } } };
	struct resources r = {
		.block_io = { .weight = { true, 505 }, .weight_device = { weights, 1 }, .throttle_read_bps = { reads, 1 } },
		.hugepage_limits = { pages, 1 }, .rdma = { rdma, 1 }, .unified = { unified, 1 },
	};
	struct cgroup_settings s;

	CHECK(cgroup_settings_compile(&r, "1.0.2", &arena, &error, &s) == 0 && s.n == 8);
	check_setting(&s, "linux.resources.blockIO.weight", "blkio.weight", "505", "io.bfq.weight", "505");
	CHECK_STRING(find(&s, "linux.resources.blockIO.weight")->v2.other_value, "5000");
	CHECK_STRING(find(&s, "linux.resources.blockIO.weight")->v1.other_file, "blkio.bfq.weight");
	check_setting(&s, "linux.resources.blockIO.weightDevice[0].weight", "blkio.weight_device", "8:0 500", "io.bfq.weight", "8:0 500");
	check_setting(&s, "linux.resources.blockIO.weightDevice[0].leafWeight", "blkio.leaf_weight_device", "8:0 20", NULL, NULL);
	check_setting(&s, "linux.resources.blockIO.throttleReadBpsDevice[0]", "blkio.throttle.read_bps_device", "8:16 1000", "io.max", "8:16 rbps=1000");
	check_setting(&s, "linux.resources.hugepageLimits[0]", "hugetlb.2MB.limit_in_bytes", "4096", "hugetlb.2MB.max", "4096");
	check_setting(&s, "linux.resources.rdma[\"mlx5_1\"]", "rdma.max", "mlx5_1 hca_handle=3 hca_object=4", "rdma.max",
		      "mlx5_1 hca_handle=3 hca_object=4");
	check_setting(&s, "linux.resources.unified[\"memory.high\"]", NULL, NULL, "memory.high", "7");
	CHECK_STRING(find(&s, "linux.resources.unified[\"memory.high\"]")->v2.controller, "memory");
	pages[0].page_size = (char[]){ "../2MB" };
	CHECK(cgroup_settings_compile(&r, "1.0.2", &arena, &error, &s) < 0);
	pages[0].page_size = (char[]){ "2MB" };
	unified[0].key = (char[]){ "../memory.high" };
	CHECK(cgroup_settings_compile(&r, "1.0.2", &arena, &error, &s) < 0);
}

/* ---- on the running machine ---- */

static struct cgroup_host host;
static struct facts facts;

/* the machine has writable cgroups: leaves for a container named after us */
static bool make_leaves(void)
{
	const char *name = arena_printf(&arena, "/hull-unit-%d", getpid());

	if (geteuid() != 0 || cgroup_host_read(&arena, &error, &host) < 0 || host.version == 0)
		return false;
	facts.cgroups.v = arena_many(&arena, char *, host.n);
	for (size_t i = 0; i < host.n; i++) {
		struct cgroup_tree *t = &host.v[i];

		t->leaf = cgroup_leaf_path(&arena, t, name, "x", host.hybrid, false);
		if ((t->v2 ? cgroup_v2_make(&arena, t, "") : cgroup_v1_make(&arena, t)) < 0)
			return false;
		facts.cgroups.v[facts.cgroups.n++] = t->leaf;
	}
	return true;
}

/* a process in all leaves that sleeps, or forks a sleeper and sleeps */
static pid_t start_member(int forks)
{
	int ready[2];
	struct cgroup_join join;
	struct child c = { 0 };
	char byte;
	pid_t pid;

	if (pipe(ready) < 0 || cgroup_join_open(&facts, &arena, &error, NULL, 0, &join) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		if (join.v2_fd >= 0 && cgroup_join_pid(&join, &error, getpid()) < 0)
			_exit(1);
		if (cgroup_join_self(&c, &join) < 0)
			_exit(2);
		for (int i = 0; i < forks; i++)
			if (fork() == 0)
				for (;;)
					(void)pause();
		(void)!write(ready[1], "x", 1);
		for (;;)
			(void)pause();
	}
	cgroup_join_close(&join);
	(void)close(ready[1]);
	CHECK(read(ready[0], &byte, 1) == 1);
	(void)close(ready[0]);
	return pid;
}

static void test_control(void)
{
	pid_t pid = start_member(2), *pids;
	size_t n = 0;
	int status;

	CHECK(pid > 0);
	CHECK(cgroup_known(&facts));
	CHECK(cgroup_pids(&facts, &arena, &error, &pids, &n) == 0 && n == 3);
	CHECK(!cgroup_is_frozen(&facts));
	CHECK(cgroup_freeze(&facts, &error, true) == 0);
	CHECK(cgroup_is_frozen(&facts));
	CHECK(cgroup_freeze(&facts, &error, true) == 0);
	CHECK(cgroup_freeze(&facts, &error, false) == 0);
	CHECK(!cgroup_is_frozen(&facts));
	CHECK(cgroup_freeze(&facts, &error, true) == 0);
	CHECK(cgroup_kill_all(&facts, &arena, &error, SIGKILL) == 0);
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK(!cgroup_is_frozen(&facts));
	pid = start_member(0);
	CHECK(cgroup_kill_all(&facts, &arena, &error, SIGUSR1) == 0);
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
}

/* delete finds processes, frozen at that, and cgroups that they made below */
static void test_remove(void)
{
	struct stat st;
	pid_t pid = start_member(3);

	for (size_t i = 0; i < facts.cgroups.n; i++) {
		CHECK(mkdir(arena_printf(&arena, "%s/below", facts.cgroups.v[i]), 0755) == 0);
		CHECK(mkdir(arena_printf(&arena, "%s/below/deeper", facts.cgroups.v[i]), 0755) == 0);
	}
	CHECK(cgroup_freeze(&facts, &error, true) == 0);
	CHECK(cgroup_remove(&facts, &arena, &error) == 0);
	for (size_t i = 0; i < facts.cgroups.n; i++)
		CHECK(stat(facts.cgroups.v[i], &st) < 0 && errno == ENOENT);
	CHECK(cgroup_remove(&facts, &arena, &error) == 0);
	(void)waitpid(pid, NULL, 0);
}

static void test_write(void)
{
	struct resources r = { .pids = { .limit = { true, 7 } }, .memory = { .limit = { true, 64 << 20 } } };
	struct cgroup_settings s;
	char text[64];

	CHECK(cgroup_settings_compile(&r, "1.0.2", &arena, &error, &s) == 0);
	CHECK(cgroup_settings_write(&s, &host, &arena, &error) == 0);
	for (size_t i = 0; i < host.n; i++)
		if (cgroup_has_controller(host.v[i].controllers, "pids")) {
			CHECK(io_read_small(AT_FDCWD, arena_printf(&arena, "%s/pids.max", host.v[i].leaf), text, sizeof(text)) > 0);
			CHECK_STRING(text, "7");
		}
	r.memory.limit.value = 64 << 20;
	r.pids.limit.set = false;
	r.cpu.cpus = (char[]){ "4000-5000" };
	CHECK(cgroup_settings_compile(&r, "1.0.2", &arena, &error, &s) == 0);
	CHECK(cgroup_settings_write(&s, &host, &arena, &error) < 0);
	CHECK(strncmp(error.text, "linux.resources.cpu.cpus: cannot write '4000-5000' to '", 55) == 0);
	r.cpu.cpus = NULL;
	r.network.class_id = (struct opt_u32){ true, 5 };
	CHECK(cgroup_settings_compile(&r, "1.0.2", &arena, &error, &s) == 0);
	CHECK(cgroup_settings_write(&s, &host, &arena, &error) < 0);
	CHECK_STRING(error.text, "linux.resources.network.classID: no cgroup controller 'net_cls' is mounted on this host");
}

int main(void)
{
	if (arena_init(&arena) < 0)
		return 1;
	RUN(test_clean);
	RUN(test_lists);
	RUN(test_own);
	RUN(test_leaf_path);
	RUN(test_shares);
	RUN(test_nothing_said);
	RUN(test_memory);
	RUN(test_cpu);
	RUN(test_pids);
	RUN(test_lists_of_resources);
	if (make_leaves() && host.hybrid) {
		RUN(test_write);
		RUN(test_control);
		RUN(test_remove);
	} else {
		SKIP(test_write, "no writable v1 cgroups");
		SKIP(test_control, "no writable v1 cgroups");
		SKIP(test_remove, "no writable v1 cgroups");
	}
	arena_deinit(&arena);
	return unit_done();
}
