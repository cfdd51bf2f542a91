/* Live control: what puts a cgroup file back, all or nothing on cgroups of the running machine, and the figures in the kernel's texts. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aspect/cgroup.h"
#include "aspect/cgroup_stats.h"
#include "base/io.h"
#include "base/json.h"
#include "base/text.h"
#include "run/figures.h"

static struct arena arena;
static struct error error;

static void test_former_value(void)
{
#define FORMER(file, content, value) cgroup_former_value(&arena, file, content, value)
	CHECK_STRING(FORMER("memory.max", "max\n", "1000"), "max");
	CHECK_STRING(FORMER("cpu.max", "max 100000\n", "50000 100000"), "max 100000");
	CHECK_STRING(FORMER("cpuset.cpus", "\n", "0"), "");
	CHECK_STRING(FORMER("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", "1"), "0");
	CHECK_STRING(FORMER("io.weight", "default 100\n8:0 50\n", "200"), "default 100");
	CHECK_STRING(FORMER("io.weight", "default 100\n8:0 50\n", "8:0 200"), "8:0 50");
	CHECK_STRING(FORMER("io.weight", "default 100\n", "8:0 200"), "8:0 default");
	CHECK_STRING(FORMER("io.max", "8:0 rbps=1 wbps=max riops=max wiops=max\n", "8:0 rbps=7"), "8:0 rbps=1 wbps=max riops=max wiops=max");
	CHECK_STRING(FORMER("io.max", "18:0 rbps=1 wbps=max riops=max wiops=max\n", "8:0 rbps=7"), "8:0 rbps=max wbps=max riops=max wiops=max");
	CHECK_STRING(FORMER("blkio.throttle.read_bps_device", "8:0 1000\n8:1 2000\n", "8:1 5"), "8:1 2000");
	CHECK_STRING(FORMER("blkio.throttle.read_bps_device", "", "8:1 5"), "8:1 0");
	CHECK_STRING(FORMER("net_prio.ifpriomap", "lo 0\neth0 5\n", "eth0 6"), "eth0 5");
	CHECK_STRING(FORMER("misc.max", "res_a 3\nres_b max\n", "res_a 5"), "res_a 3");
	CHECK(!FORMER("cgroup.something", "a 1\nb 2\n", "a 3"));
	CHECK(!FORMER("io.max", "", "8:0 rbps=7\n8:1 rbps=7"));
}

static void test_keys(void)
{
	const char *text = "nr_periods 5\nnr_throttled 3\nthrottled_usec 12\n";

	CHECK(cgroup_parse_key(text, "nr_periods") == 5);
	CHECK(cgroup_parse_key(text, "throttled_usec") == 12);
	CHECK(cgroup_parse_key(text, "throttled") == 0);
	CHECK(cgroup_parse_key("max x\n", "max") == 0);
	CHECK(cgroup_parse_key("", "max") == 0);
	CHECK(cgroup_parse_key(NULL, "max") == 0);
	CHECK(cgroup_parse_key("max 99999999999999999999999\n", "max") == 0);
}

static void test_psi(void)
{
	struct cgroup_psi psi;

	cgroup_parse_psi("some avg10=1.05 avg60=22.50 avg300=0.00 total=123456\nfull avg10=0.10 avg60=0.00 avg300=100.00 total=7\n", &psi);
	CHECK(psi.known);
	CHECK(psi.some.avg10 > 1.049 && psi.some.avg10 < 1.051);
	CHECK(psi.some.avg60 > 22.49 && psi.some.avg60 < 22.51);
	CHECK(psi.some.total == 123456 && psi.full.total == 7);
	CHECK(psi.full.avg300 > 99.9 && psi.full.avg10 > 0.09 && psi.full.avg10 < 0.11);
	cgroup_parse_psi("", &psi);
	CHECK(!psi.known);
	cgroup_parse_psi("some\nfull avg10=x total=\n", &psi);
	CHECK(psi.full.avg10 == 0 && psi.full.total == 0);
}

static void test_io(void)
{
	struct cgroup_io_stats io = { .psi = { .known = false } };

	cgroup_parse_io_v1(&arena, "8:0 Read 4096\n8:0 Write 0\n8:16 512\nTotal 4096\nrubbish\n", CGROUP_IO_BYTES, &io);
	CHECK(io.lists[CGROUP_IO_BYTES].n == 3);
	CHECK_STRING(io.lists[CGROUP_IO_BYTES].v[0].op, "Read");
	CHECK(io.lists[CGROUP_IO_BYTES].v[0].major == 8 && io.lists[CGROUP_IO_BYTES].v[0].value == 4096);
	CHECK(!io.lists[CGROUP_IO_BYTES].v[2].op && io.lists[CGROUP_IO_BYTES].v[2].minor == 16);
	io = (struct cgroup_io_stats){ .psi = { .known = false } };
	cgroup_parse_io_v2(&arena, "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n8:1\n253:0 rbytes=9", &io);
	CHECK(io.lists[CGROUP_IO_BYTES].n == 3 && io.lists[CGROUP_IO_OPERATIONS].n == 2);
	CHECK_STRING(io.lists[CGROUP_IO_BYTES].v[1].op, "Write");
	CHECK(io.lists[CGROUP_IO_BYTES].v[1].value == 2 && io.lists[CGROUP_IO_OPERATIONS].v[1].value == 4);
	CHECK(io.lists[CGROUP_IO_BYTES].v[2].major == 253 && io.lists[CGROUP_IO_BYTES].v[2].value == 9);
}

/* a copy of what runc 1.1.5 prints for the same figures */
static void test_figures(void)
{
	uint64_t times[] = { 3, 4 };
	struct cgroup_figure raw[] = { { "b", 2 }, { "a", 1 } };
	struct cgroup_io_entry entry = { 8, 0, 7, "Read" };
	struct cgroup_stats s = {
		.cpu = { .total = 7, .user = 5, .percpu = { times, 2 }, .periods = 1 },
		.cpuset = { .cpus = "0-1,3\n", .mems = "\n", .sched_relax_domain_level = -1 },
		.memory = { .usage = { .limit = CGROUP_NO_LIMIT, .usage = 9 }, .raw = raw, .n_raw = 2 },
		.pids = { 1, CGROUP_NO_LIMIT },
		.io = { .lists = { [CGROUP_IO_BYTES] = { &entry, 1 } } },
	};
	struct json_writer w = json_writer_on(&arena, 0);

	figures_write(&w, NULL, &s);
	CHECK_STRING(json_text(&w),
		"{\"cpu\":{\"usage\":{\"total\":7,\"percpu\":[3,4],\"kernel\":0,\"user\":5},\"throttling\":{\"periods\":1}},"
		"\"cpuset\":{\"cpus\":[0,1,3],\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,\"memory_migrate\":0,"
		"\"memory_spread_page\":0,\"memory_spread_slab\":0,\"memory_pressure\":0,\"sched_load_balance\":0,\"sched_relax_domain_level\":-1},"
		"\"memory\":{\"usage\":{\"limit\":18446744073709551615,\"usage\":9,\"failcnt\":0},\"swap\":{\"limit\":0,\"failcnt\":0},"
		"\"kernel\":{\"limit\":0,\"failcnt\":0},\"kernelTCP\":{\"limit\":0,\"failcnt\":0},\"raw\":{\"a\":1,\"b\":2}},"
		"\"pids\":{\"current\":1},\"blkio\":{\"ioServiceBytesRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":7}]},\"hugetlb\":{},"
		"\"intel_rdt\":{},\"network_interfaces\":null}");
}

/* ---- on the running machine ---- */

static struct facts facts;

/* a cgroup in every v1 tree */
static bool make_leaves(void)
{
	struct cgroup_host host;
	bool useful = false;

	if (cgroup_host_read(&arena, &error, &host) < 0)
		return false;
	facts.cgroups.v = arena_many(&arena, char *, host.n);
	for (size_t i = 0; i < host.n; i++) {
		struct cgroup_tree *t = &host.v[i];

		if (t->v2)
			continue;
		t->leaf = cgroup_leaf_path(&arena, t, NULL, arena_printf(&arena, "hull-unit-%d", getpid()), host.hybrid, false);
		if (cgroup_v1_make(&arena, t) < 0)
			continue;
		facts.cgroups.v[facts.cgroups.n++] = t->leaf;
		useful |= cgroup_has_controller(t->controllers, "cpu");
	}
	return useful;
}

static uint64_t value_of(const char *file)
{
	char text[64];
	uint64_t value = 0;

	for (size_t i = 0; i < facts.cgroups.n; i++)
		if (io_read_small(AT_FDCWD, arena_printf(&arena, "%s/%s", facts.cgroups.v[i], file), text, sizeof(text)) > 0)
			(void)text_to_u64(text, &value);
	return value;
}

static void test_update(void)
{
	struct resources r = { .memory = { .limit = { true, 64 << 20 }, .swap = { true, 64 << 20 } }, .cpu = { .shares = { true, 512 } } };

	CHECK(cgroup_update(&facts, &r, "1.0.2", false, &arena, &error) == 0);
	CHECK(value_of("memory.limit_in_bytes") == 64 << 20 && value_of("memory.memsw.limit_in_bytes") == 64 << 20 && value_of("cpu.shares") == 512);
	/* up: the second must be written first; down: the first */
	r.memory.limit.value = r.memory.swap.value = 128 << 20;
	CHECK(cgroup_update(&facts, &r, "1.0.2", false, &arena, &error) == 0);
	CHECK(value_of("memory.limit_in_bytes") == 128 << 20);
	r.memory.limit.value = r.memory.swap.value = 32 << 20;
	CHECK(cgroup_update(&facts, &r, "1.0.2", false, &arena, &error) == 0);
	CHECK(value_of("memory.memsw.limit_in_bytes") == 32 << 20);
}

static void test_all_or_nothing(void)
{
	struct resources r = { .memory = { .limit = { true, 96 << 20 }, .swap = { true, 96 << 20 } },
		.cpu = { .shares = { true, 100 }, .quota = { true, 30000 }, .burst = { true, 500 }, .cpus = (char[]){ "4000-5000" } } };

	CHECK(cgroup_update(&facts, &r, "1.0.2", false, &arena, &error) < 0);
	CHECK(strncmp(error.text, "linux.resources.cpu.cpus: cannot write '4000-5000'", 50) == 0);
	CHECK(value_of("memory.limit_in_bytes") == 32 << 20 && value_of("memory.memsw.limit_in_bytes") == 32 << 20);
	CHECK(value_of("cpu.shares") == 512 && value_of("cpu.cfs_burst_us") == 0 && value_of("cpu.cfs_quota_us") == 0); /* -1 is no u64 */
	r = (struct resources){ .cpu = { .idle = { true, 1 }, .cpus = (char[]){ "4000-5000" } } };
	CHECK(cgroup_update(&facts, &r, "1.0.2", false, &arena, &error) < 0);
	CHECK(value_of("cpu.idle") == 0 && value_of("cpu.shares") == 512);
}

static void test_bound_values(void)
{
	struct resources r = { .memory = { .swap = { true, 40 << 20 } }, .cpu = { .quota = { true, 50000 }, .burst = { true, 20000 } } };

	CHECK(cgroup_update(&facts, &r, "1.0.2", false, &arena, &error) == 0); /* the limit comes from the file */
	CHECK(value_of("memory.memsw.limit_in_bytes") == 40 << 20 && value_of("memory.limit_in_bytes") == 32 << 20);
	r = (struct resources){ .cpu = { .quota = { true, 10000 }, .burst = { true, 0 } } };
	CHECK(cgroup_update(&facts, &r, "1.0.2", false, &arena, &error) == 0);
	CHECK(value_of("cpu.cfs_quota_us") == 10000 && value_of("cpu.cfs_burst_us") == 0);
	r = (struct resources){ .memory = { .limit = { true, 1 }, .check_before_update = { true, true } } };
	CHECK(cgroup_update(&facts, &r, "1.0.2", false, &arena, &error) == 0 || strstr(error.text, "is less than the memory in use"));
	r = (struct resources){ .memory = { .limit = { true, -1 } } };
	CHECK(cgroup_update(&facts, &r, "1.0.2", false, &arena, &error) == 0);
	CHECK(value_of("memory.memsw.limit_in_bytes") > (uint64_t)1 << 60);
}

static void test_devices(void)
{
	struct device_rule rules[] = {
		{ .allow = false },
		{ .allow = true, .type = (char[]){ "c" }, .major = { true, 1 }, .minor = { true, 11 }, .access = (char[]){ "rw" } },
	};
	struct resources r = { .devices = { rules, 2 } };
	char *list = NULL;
	const char *dir = NULL;

	CHECK(cgroup_update(&facts, &r, "1.0.2", true, &arena, &error) == 0);
	for (size_t i = 0; i < facts.cgroups.n; i++)
		if (access(arena_printf(&arena, "%s/devices.list", facts.cgroups.v[i]), F_OK) == 0)
			dir = facts.cgroups.v[i];
	CHECK(dir && io_read_file(AT_FDCWD, arena_printf(&arena, "%s/devices.list", dir), 4096, &arena, &list, NULL) == 0);
	CHECK(list && strstr(list, "c 1:11 rw\n") && strstr(list, "c 1:3 rwm\n"));
	rules[1].minor.value = 12;
	rules[1].access = (char[]){ "r" };
	CHECK(cgroup_update(&facts, &r, "1.0.2", true, &arena, &error) == 0);
	CHECK(dir && io_read_file(AT_FDCWD, arena_printf(&arena, "%s/devices.list", dir), 4096, &arena, &list, NULL) == 0);
	CHECK(list && !strstr(list, "c 1:11") && strstr(list, "c 1:12 r\n") && strstr(list, "c 1:3 rwm\n"));
}

static void test_stats(void)
{
	struct cgroup_stats s;
	struct cgroup_oom oom;

	CHECK(cgroup_stats_read(&facts, &arena, &error, &s) == 0);
	CHECK(s.pids.current == 0 && s.pids.limit == CGROUP_NO_LIMIT);
	CHECK(s.memory.n_raw > 10 && s.cpu.percpu.n > 0 && s.cpu.percpu.n == s.cpu.percpu_user.n);
	cgroup_oom_read(&facts, &arena, &oom);
	CHECK(oom.kills == 0 && oom.limit > 1 << 20);
	CHECK(cgroup_stats_read(&(struct facts){ .pid = 0 }, &arena, &error, &s) < 0);
}

int main(void)
{
	if (arena_init(&arena) < 0)
		return 1;
	RUN(test_former_value);
	RUN(test_keys);
	RUN(test_psi);
	RUN(test_io);
	RUN(test_figures);
	if (make_leaves()) {
		RUN(test_update);
		RUN(test_all_or_nothing);
		RUN(test_bound_values);
		RUN(test_devices);
		RUN(test_stats);
	} else {
		SKIP(test_update, "no writable v1 cgroups");
		SKIP(test_all_or_nothing, "no writable v1 cgroups");
		SKIP(test_bound_values, "no writable v1 cgroups");
		SKIP(test_devices, "no writable v1 cgroups");
		SKIP(test_stats, "no writable v1 cgroups");
	}
	(void)cgroup_remove(&facts, &arena, &error);
	arena_deinit(&arena);
	return unit_done();
}
