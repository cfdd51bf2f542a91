/*
 * What a container uses: figures read from its cgroups, on v1, v2 and hybrid hosts, in one shape. Times are nanoseconds, sizes bytes.
 */
#ifndef ASPECT_CGROUP_STATS_H
#define ASPECT_CGROUP_STATS_H

#include "aspect/aspect.h"

/* the value of a limit that is none, as the kernel's "max" */
#define CGROUP_NO_LIMIT UINT64_MAX

/* Pressure stall information (Documentation/accounting/psi.rst): percent of time, and microseconds in all. */
struct cgroup_pressure {
	double avg10, avg60, avg300;
	uint64_t total;
};

/* @known: the kernel has it */
struct cgroup_psi {
	bool known;
	struct cgroup_pressure some, full;
};

/* @times: of each processor */
struct cgroup_percpu {
	uint64_t *times;
	size_t n;
};

struct cgroup_cpu_stats {
	uint64_t total, kernel, user;
	struct cgroup_percpu percpu, percpu_kernel, percpu_user;
	uint64_t periods, throttled_periods, throttled_time;
	struct cgroup_psi psi;
};

/* @cpus, @mems: as lists "0-3,7" */
struct cgroup_cpuset_stats {
	const char *cpus, *mems;
	uint64_t cpu_exclusive, mem_hardwall, mem_exclusive, memory_migrate, memory_spread_page, memory_spread_slab, memory_pressure, sched_load_balance;
	int64_t sched_relax_domain_level;
};

/* @max: highest so far;  @failures: how often the limit was hit */
struct cgroup_memory_entry {
	uint64_t limit, usage, max, failures;
};

struct cgroup_figure {
	const char *name;
	uint64_t value;
};

/*
 * @swap: memory and swap together
 * @raw: the lines of memory.stat, by name
 */
struct cgroup_memory_stats {
	uint64_t cache;
	struct cgroup_memory_entry usage, swap, kernel, kernel_tcp;
	struct cgroup_figure *raw;
	size_t n_raw;
	struct cgroup_psi psi;
};

struct cgroup_io_entry {
	uint64_t major, minor, value;
	const char *op; /* "Read", "Write" …, NULL: it has none */
};

/* The lists of figures about block devices: X(ID, name in runc's JSON, v1 file of the BFQ scheduler, v1 file of the throttle layer or NULL) */
#define CGROUP_IO_LISTS(X)                                                                                                          \
	X(BYTES, "ioServiceBytesRecursive", "blkio.bfq.io_service_bytes_recursive", "blkio.throttle.io_service_bytes_recursive")   \
	X(OPERATIONS, "ioServicedRecursive", "blkio.bfq.io_serviced_recursive", "blkio.throttle.io_serviced_recursive")            \
	X(QUEUED, "ioQueueRecursive", "blkio.bfq.io_queued_recursive", NULL)                                                       \
	X(SERVICE_TIME, "ioServiceTimeRecursive", "blkio.bfq.io_service_time_recursive", NULL)                                     \
	X(WAIT_TIME, "ioWaitTimeRecursive", "blkio.bfq.io_wait_time_recursive", NULL)                                              \
	X(MERGED, "ioMergedRecursive", "blkio.bfq.io_merged_recursive", NULL)                                                      \
	X(TIME, "ioTimeRecursive", "blkio.bfq.time_recursive", NULL)                                                               \
	X(SECTORS, "sectorsRecursive", "blkio.bfq.sectors_recursive", NULL)

enum cgroup_io_list {
#define X(id, name, bfq, throttle) CGROUP_IO_##id,
	CGROUP_IO_LISTS(X)
#undef X
	CGROUP_IO_MAX
};

struct cgroup_io_stats {
	struct {
		struct cgroup_io_entry *v;
		size_t n;
	} lists[CGROUP_IO_MAX];
	struct cgroup_psi psi;
};

/* @size: "2MB" */
struct cgroup_hugetlb_stats {
	const char *size;
	uint64_t usage, max, failures;
};

struct cgroup_stats {
	struct cgroup_cpu_stats cpu;
	struct cgroup_cpuset_stats cpuset;
	struct cgroup_memory_stats memory;
	struct {
		uint64_t current, limit;
	} pids;
	struct cgroup_io_stats io;
	struct cgroup_hugetlb_stats *hugetlb;
	size_t n_hugetlb;
};

/**
 * cgroup_stats_read - read all figures; what this host does not have is 0, and a limit that is none CGROUP_NO_LIMIT.
 * Return: 0 or -1 after fail(): the container has no cgroup, or it is gone.
 */
int cgroup_stats_read(const struct facts *facts, struct arena *arena, struct error *error, struct cgroup_stats *ret_stats);

/**
 * cgroup_parse_key - the number behind a key on a line of its own, 0: absent. Pure.
 */
uint64_t cgroup_parse_key(const char *text, const char *key);

/**
 * cgroup_parse_psi - read the text of a pressure file. Pure.
 */
void cgroup_parse_psi(const char *text, struct cgroup_psi *ret_psi);

/**
 * cgroup_parse_io_v1 - read one of v1's lists: "8:0 Read 4096" or "8:0 4096" a line. Pure.
 */
void cgroup_parse_io_v1(struct arena *arena, const char *text, enum cgroup_io_list list, struct cgroup_io_stats *io);

/**
 * cgroup_parse_io_v2 - read the text of io.stat. Pure.
 */
void cgroup_parse_io_v2(struct arena *arena, const char *text, struct cgroup_io_stats *io);

/* ---- out of memory: cgroup_oom.c ---- */

/*
 * What a memory limit did.
 * @kills: processes that it killed;  @limit: CGROUP_NO_LIMIT: none;  @peak: 0: not known
 */
struct cgroup_oom {
	uint64_t kills, limit, peak;
};

/**
 * cgroup_oom_kills - how many processes the memory limit killed, which is mostly none, and then there is nothing else to read.
 */
uint64_t cgroup_oom_kills(const struct facts *facts, struct arena *arena);

/**
 * cgroup_oom_read - read the counters. Without a memory cgroup all is zero.
 */
void cgroup_oom_read(const struct facts *facts, struct arena *arena, struct cgroup_oom *ret_oom);

/*
 * A descriptor that becomes readable when the container runs out of memory.
 * @fd: eventfd (v1) or inotify (v2), NO_FD: the container has no memory cgroup
 * @dir: of the memory cgroup;  @kills: as last seen
 */
struct cgroup_oom_watch {
	int fd;
	bool v2;
	char *dir;
	uint64_t kills;
};

/**
 * cgroup_oom_watch - watch from now on.
 * Return: 0 or -1 after fail().
 */
int cgroup_oom_watch(const struct facts *facts, struct arena *arena, struct error *error, struct cgroup_oom_watch *ret_watch);

/**
 * cgroup_oom_happened - drain the descriptor, and say whether the container ran out of memory since it was asked last.
 */
bool cgroup_oom_happened(struct cgroup_oom_watch *watch);

/**
 * cgroup_oom_unwatch - close it.
 */
void cgroup_oom_unwatch(struct cgroup_oom_watch *watch);

#endif
