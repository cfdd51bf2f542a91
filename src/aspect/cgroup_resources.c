/*
 * linux.resources as a list of files to write: one table row a field, with its file on v1 and on v2.
 *
 * A row takes its value by the member's type; what engines write to say nothing (0, an absent or empty object, false) makes no setting. Rows with more
 * to say have a function that gives the value; lists (devices, page sizes, …) have a walker. The order of the table is the order of writing: a limit
 * before the limit that contains it, a period before its quota.
 *
 * Conversions from v1 to v2 are those on which runc and crun agree since 2025.
 */
#include <inttypes.h>
#include <string.h>

#include "aspect/cgroup.h"
#include "base/scope.h"
#include "base/text.h"

#define PLACE "linux.resources."

/* What a compilation works on. @pids_zero: 0 is a limit */
struct compile {
	const struct resources *r;
	struct arena *arena;
	struct error *error;
	struct cgroup_settings *out;
	bool pids_zero;
};

static struct cgroup_setting *add(struct compile *c, const char *field)
{
	struct cgroup_setting *s = &c->out->v[c->out->n++];

	s->field = field;
	return s;
}

/* room for @more settings */
static int reserve(struct compile *c, const char *field, size_t more)
{
	if (c->out->n + more > CGROUP_SETTINGS_MAX)
		return fail(c->error, 0, PLACE "%s: more than %d limits", field, CGROUP_SETTINGS_MAX);
	return 0;
}

static const char *number(struct compile *c, int64_t value)
{
	return arena_printf(c->arena, "%" PRId64, value);
}

static const char *max_or_number(struct compile *c, int64_t value)
{
	return value < 0 ? "max" : number(c, value);
}

/* log2(n) in 1/2^32, by repeated squaring of the mantissa: no mathematics library in a static program */
static uint64_t log2_fixed(uint64_t n)
{
	unsigned int whole = 63 - (unsigned int)__builtin_clzll(n);
	uint64_t mantissa = n << (63 - whole), result = (uint64_t)whole << 32;

	for (int bit = 31; bit >= 0; bit--) {
		unsigned __int128 square = (unsigned __int128)mantissa * mantissa;

		if (square >> 127) {
			result |= (uint64_t)1 << bit;
			mantissa = (uint64_t)(square >> 64);
		} else {
			mantissa = (uint64_t)(square >> 63);
		}
	}
	return result;
}

/* weight = ceil(10 ^ ((log2(shares)² + 125 log2(shares)) / 612 - 7/34)): 2 is 1, 1024 is 100, 262144 is 10000 (runc 1.3.2, crun 1.23) */
uint64_t cgroup_shares_to_weight(uint64_t shares)
{
	static const double log2_of_10 = 3.321928094887362;
	double l, exponent, power = 1, term = 1;
	int whole;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = (double)log2_fixed(shares) / 4294967296.0;
	exponent = ((l * l + 125.0 * l) / 612.0 - 7.0 / 34.0) * log2_of_10;
	whole = (int)exponent;
	for (int i = 1; i < 25; i++) { /* 2^fraction as e^(fraction ln 2) */
		term *= (exponent - whole) * 0.6931471805599453 / i;
		power += term;
	}
	power *= (double)(1u << whole);
	return (uint64_t)(power - 1e-6) + 1; /* round up; what lies on a whole number but for rounding stays there */
}

/* blkio.weight 10 to 1000 as io.weight 1 to 10000 */
static uint64_t io_weight(uint64_t weight)
{
	return weight < 10 ? 1 : 1 + (weight - 10) * 9999 / 990;
}

/* ---- values that depend on more than their own field; NULL: write nothing ---- */

static int v2_swap(struct compile *c, const char **ret_value)
{
	const struct memory *m = &c->r->memory;
	int64_t limit = m->limit.set ? m->limit.value : 0, both = m->swap.value;

	if (both < 0 || limit < 0) { /* without a limit of memory there is nothing to take off, as with runc */
		*ret_value = max_or_number(c, both);
		return 0;
	}
	if (limit == 0)
		return fail(c->error, 0, PLACE "memory.swap: a limit of memory and swap needs memory.limit");
	if (both < limit)
		return fail(c->error, 0, PLACE "memory.swap: %" PRId64 " is less than memory.limit %" PRId64, both, limit);
	*ret_value = number(c, both - limit);
	return 0;
}

static int add_swap(struct compile *c)
{
	struct cgroup_setting *s;
	const char *value;

	if (!c->r->memory.swap.set || c->r->memory.swap.value == 0)
		return 0;
	if (v2_swap(c, &value) < 0)
		return -1;
	s = add(c, PLACE "memory.swap");
	s->v1 = (struct cgroup_write){ "memory", "memory.memsw.limit_in_bytes", number(c, c->r->memory.swap.value), NULL, NULL };
	s->v2 = (struct cgroup_write){ "memory", "memory.swap.max", value, NULL, NULL };
	s->optional = text_equal(value, "max"); /* a kernel without swap accounting limits nothing */
	return 0;
}

/* v2 has one file for quota and period */
static int add_quota(struct compile *c)
{
	const struct cpu *cpu = &c->r->cpu;
	int64_t quota = cpu->quota.set ? cpu->quota.value : 0;
	uint64_t period = cpu->period.set ? cpu->period.value : 0;
	struct cgroup_setting *s;

	if (period != 0) {
		s = add(c, PLACE "cpu.period");
		s->v1 = (struct cgroup_write){ "cpu", "cpu.cfs_period_us", arena_printf(c->arena, "%" PRIu64, period), NULL, NULL };
		s->v2 = (struct cgroup_write){ "cpu", "cpu.max",
			arena_printf(c->arena, "%s %" PRIu64, quota > 0 ? number(c, quota) : "max", period), NULL, NULL };
	}
	if (quota == 0)
		return 0;
	s = add(c, PLACE "cpu.quota");
	s->v1 = (struct cgroup_write){ "cpu", "cpu.cfs_quota_us", number(c, quota), NULL, NULL };
	s->v2 = (struct cgroup_write){ "cpu", period == 0 ? "cpu.max" : NULL, quota > 0 ? number(c, quota) : "max", NULL, NULL };
	return 0;
}

static int add_pids(struct compile *c)
{
	const struct opt_i64 *limit = &c->r->pids.limit;
	struct cgroup_setting *s;
	const char *value;

	if (!limit->set)
		return 0;
	/* before runtime-spec 1.3, 0 was the default "no limit", which Docker 20.10 and Podman 4 write */
	value = limit->value == 0 && !c->pids_zero ? "max" : max_or_number(c, limit->value);
	s = add(c, PLACE "pids.limit");
	s->v1 = s->v2 = (struct cgroup_write){ "pids", "pids.max", value, NULL, NULL };
	s->optional = text_equal(value, "max");
	return 0;
}

/* ---- one value, one file ---- */

enum kind { KIND_I64, KIND_U64, KIND_U32, KIND_BOOL, KIND_STRING, KIND_OWN };
/* how a number becomes text on v2: as it is, -1 as "max", through a conversion */
enum form { FORM_PLAIN, FORM_MAX, FORM_SHARES, FORM_WEIGHT };

struct row {
	const char *field;
	enum kind kind;
	size_t offset;
	int (*own)(struct compile *c); /* KIND_OWN */
	const char *controller1, *file1, *other1;
	const char *controller2, *file2, *other2;
	enum form form2;
	bool optional;
};

#define AT(member) offsetof(struct resources, member)

static const struct row rows[] = {
	{ PLACE "memory.useHierarchy", KIND_BOOL, AT(memory.use_hierarchy), .controller1 = "memory", .file1 = "memory.use_hierarchy",
	  .controller2 = "memory", .file2 = NULL, .optional = true }, /* v2 and current kernels know nothing else */
	{ PLACE "memory.limit", KIND_I64, AT(memory.limit), .controller1 = "memory", .file1 = "memory.limit_in_bytes",
	  .controller2 = "memory", .file2 = "memory.max", .form2 = FORM_MAX },
	{ PLACE "memory.swap", KIND_OWN, .own = add_swap }, /* after limit: it may not be below */
	{ PLACE "memory.reservation", KIND_I64, AT(memory.reservation), .controller1 = "memory", .file1 = "memory.soft_limit_in_bytes",
	  .controller2 = "memory", .file2 = "memory.low", .form2 = FORM_MAX },
	{ PLACE "memory.kernelTCP", KIND_I64, AT(memory.kernel_tcp), .controller1 = "memory", .file1 = "memory.kmem.tcp.limit_in_bytes" },
	{ PLACE "memory.swappiness", KIND_U64, AT(memory.swappiness), .controller1 = "memory", .file1 = "memory.swappiness" },
	{ PLACE "memory.disableOOMKiller", KIND_BOOL, AT(memory.disable_oom_killer), .controller1 = "memory", .file1 = "memory.oom_control" },
	{ PLACE "cpu.shares", KIND_U64, AT(cpu.shares), .controller1 = "cpu", .file1 = "cpu.shares",
	  .controller2 = "cpu", .file2 = "cpu.weight", .form2 = FORM_SHARES },
	{ PLACE "cpu.realtimePeriod", KIND_U64, AT(cpu.realtime_period), .controller1 = "cpu", .file1 = "cpu.rt_period_us" },
	{ PLACE "cpu.realtimeRuntime", KIND_I64, AT(cpu.realtime_runtime), .controller1 = "cpu", .file1 = "cpu.rt_runtime_us" },
	{ PLACE "cpu.quota", KIND_OWN, .own = add_quota },
	{ PLACE "cpu.burst", KIND_U64, AT(cpu.burst), .controller1 = "cpu", .file1 = "cpu.cfs_burst_us",
	  .controller2 = "cpu", .file2 = "cpu.max.burst" }, /* after quota: it may not be above */
	{ PLACE "cpu.idle", KIND_I64, AT(cpu.idle), .controller1 = "cpu", .file1 = "cpu.idle",
	  .controller2 = "cpu", .file2 = "cpu.idle" }, /* after shares: an idle group refuses them */
	{ PLACE "cpu.cpus", KIND_STRING, AT(cpu.cpus), .controller1 = "cpuset", .file1 = "cpuset.cpus",
	  .controller2 = "cpuset", .file2 = "cpuset.cpus" },
	{ PLACE "cpu.mems", KIND_STRING, AT(cpu.mems), .controller1 = "cpuset", .file1 = "cpuset.mems",
	  .controller2 = "cpuset", .file2 = "cpuset.mems" },
	{ PLACE "pids.limit", KIND_OWN, .own = add_pids },
	{ PLACE "blockIO.weight", KIND_U32, AT(block_io.weight), .controller1 = "blkio", .file1 = "blkio.weight", .other1 = "blkio.bfq.weight",
	  .controller2 = "io", .file2 = "io.bfq.weight", .other2 = "io.weight", .form2 = FORM_WEIGHT },
	{ PLACE "blockIO.leafWeight", KIND_U32, AT(block_io.leaf_weight), .controller1 = "blkio", .file1 = "blkio.leaf_weight" },
	{ PLACE "network.classID", KIND_U32, AT(network.class_id), .controller1 = "net_cls", .file1 = "net_cls.classid" },
};

/* The value of a row's member, NULL when it says nothing; *ret_u gets it as a number. */
static const char *value_of(struct compile *c, const struct row *row, int64_t *ret_number)
{
	const void *member = (const char *)c->r + row->offset;
	const struct opt_i64 *i64 = member;
	const struct opt_u64 *u64 = member;
	const struct opt_u32 *u32 = member;
	const struct opt_bool *boolean = member;
	const char *string;

	*ret_number = 0;
	switch (row->kind) {
	case KIND_I64:
		*ret_number = i64->set ? i64->value : 0;
		return *ret_number != 0 ? number(c, *ret_number) : NULL;
	case KIND_U64:
		if (!u64->set || u64->value == UINT64_MAX) /* what -1 becomes: Docker's swappiness "as the host has it" */
			return NULL;
		if (u64->value == 0 && row->offset != AT(memory.swappiness)) /* there, 0 is a value: do not swap */
			return NULL;
		*ret_number = u64->value > INT64_MAX ? INT64_MAX : (int64_t)u64->value;
		return arena_printf(c->arena, "%" PRIu64, u64->value);
	case KIND_U32:
		*ret_number = u32->set ? u32->value : 0;
		return *ret_number != 0 ? number(c, *ret_number) : NULL;
	case KIND_BOOL:
		return boolean->set && boolean->value ? "1" : NULL;
	case KIND_STRING:
		string = *(char *const *)member;
		return string && string[0] ? string : NULL;
	case KIND_OWN:
		break;
	}
	return NULL;
}

static void add_row(struct compile *c, const struct row *row)
{
	int64_t n;
	const char *value = value_of(c, row, &n), *value2 = value, *other2 = value;
	struct cgroup_setting *s;

	if (!value)
		return;
	if (row->form2 == FORM_MAX && n < 0)
		value2 = "max";
	else if (row->form2 == FORM_SHARES)
		value2 = number(c, (int64_t)cgroup_shares_to_weight((uint64_t)n));
	else if (row->form2 == FORM_WEIGHT)
		other2 = number(c, (int64_t)io_weight((uint64_t)n));
	s = add(c, row->field);
	s->v1 = (struct cgroup_write){ row->controller1, row->file1, value, row->other1, row->other1 ? value : NULL };
	s->v2 = (struct cgroup_write){ row->controller2, row->file2, value2, row->other2, row->other2 ? other2 : NULL };
	s->optional = row->optional;
}

/* ---- lists ---- */

static int add_weight_devices(struct compile *c)
{
	const struct weight_device_list *list = &c->r->block_io.weight_device;

	if (reserve(c, "blockIO.weightDevice", 2 * list->n) < 0)
		return -1;
	for (size_t i = 0; i < list->n; i++) {
		const struct weight_device *d = &list->v[i];
		struct cgroup_setting *s;
		const char *value;

		if (d->weight.set && d->weight.value != 0) {
			value = arena_printf(c->arena, "%" PRId64 ":%" PRId64 " %u", d->major, d->minor, d->weight.value);
			s = add(c, arena_printf(c->arena, PLACE "blockIO.weightDevice[%zu].weight", i));
			s->v1 = (struct cgroup_write){ "blkio", "blkio.weight_device", value, "blkio.bfq.weight_device", value };
			s->v2 = (struct cgroup_write){ "io", "io.bfq.weight", value, "io.weight",
				arena_printf(c->arena, "%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor, io_weight(d->weight.value)) };
		}
		if (d->leaf_weight.set && d->leaf_weight.value != 0) {
			value = arena_printf(c->arena, "%" PRId64 ":%" PRId64 " %u", d->major, d->minor, d->leaf_weight.value);
			s = add(c, arena_printf(c->arena, PLACE "blockIO.weightDevice[%zu].leafWeight", i));
			s->v1 = (struct cgroup_write){ "blkio", "blkio.leaf_weight_device", value, NULL, NULL };
		}
	}
	return 0;
}

static int add_throttles(struct compile *c)
{
	const struct {
		const char *field, *file1, *key2;
		const struct throttle_device_list *list;
	} kinds[] = {
		{ "throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps", &c->r->block_io.throttle_read_bps },
		{ "throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps", &c->r->block_io.throttle_write_bps },
		{ "throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops", &c->r->block_io.throttle_read_iops },
		{ "throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops", &c->r->block_io.throttle_write_iops },
	};

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		if (reserve(c, kinds[k].field, kinds[k].list->n) < 0)
			return -1;
		for (size_t i = 0; i < kinds[k].list->n; i++) {
			const struct throttle_device *d = &kinds[k].list->v[i];
			struct cgroup_setting *s = add(c, arena_printf(c->arena, PLACE "blockIO.%s[%zu]", kinds[k].field, i));
			const char *rate = d->rate ? arena_printf(c->arena, "%" PRIu64, d->rate) : "max";

			s->v1 = (struct cgroup_write){ "blkio", kinds[k].file1,
				arena_printf(c->arena, "%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor, d->rate), NULL, NULL };
			s->v2 = (struct cgroup_write){ "io", "io.max",
				arena_printf(c->arena, "%" PRId64 ":%" PRId64 " %s=%s", d->major, d->minor, kinds[k].key2, rate), NULL, NULL };
		}
	}
	return 0;
}

/* "2MB" names files: nothing but a number and a unit */
static bool is_page_size(const char *s)
{
	size_t digits = s ? strspn(s, "0123456789") : 0;

	return digits > 0 && (text_equal(s + digits, "KB") || text_equal(s + digits, "MB") || text_equal(s + digits, "GB"));
}

static int add_hugepages(struct compile *c)
{
	if (reserve(c, "hugepageLimits", 2 * c->r->hugepage_limits.n) < 0)
		return -1;
	for (size_t i = 0; i < c->r->hugepage_limits.n; i++) {
		const struct hugepage_limit *h = &c->r->hugepage_limits.v[i];
		const char *value = arena_printf(c->arena, "%" PRIu64, h->limit), *field = arena_printf(c->arena, PLACE "hugepageLimits[%zu]", i);
		struct cgroup_setting *s;

		if (!is_page_size(h->page_size))
			return fail(c->error, 0, "%s.pageSize: expected a size like 2MB, got '%s'", field, h->page_size ? h->page_size : "");
		s = add(c, field);
		s->v1 = (struct cgroup_write){ "hugetlb", arena_printf(c->arena, "hugetlb.%s.limit_in_bytes", h->page_size), value, NULL, NULL };
		s->v2 = (struct cgroup_write){ "hugetlb", arena_printf(c->arena, "hugetlb.%s.max", h->page_size), value, NULL, NULL };
		s = add(c, field); /* reservations count too, since Linux 5.7 */
		s->v1 = (struct cgroup_write){ "hugetlb", arena_printf(c->arena, "hugetlb.%s.rsvd.limit_in_bytes", h->page_size), value, NULL, NULL };
		s->v2 = (struct cgroup_write){ "hugetlb", arena_printf(c->arena, "hugetlb.%s.rsvd.max", h->page_size), value, NULL, NULL };
		s->optional = true;
	}
	return 0;
}

static int add_network_and_rdma(struct compile *c)
{
	if (reserve(c, "network", c->r->network.priorities.n + c->r->rdma.n) < 0)
		return -1;
	for (size_t i = 0; i < c->r->network.priorities.n; i++) {
		const struct interface_priority *n = &c->r->network.priorities.v[i];
		struct cgroup_setting *s = add(c, arena_printf(c->arena, PLACE "network.priorities[%zu]", i));

		s->v1 = (struct cgroup_write){ "net_prio", "net_prio.ifpriomap", arena_printf(c->arena, "%s %u", n->name, n->priority), NULL, NULL };
	}
	for (size_t i = 0; i < c->r->rdma.n; i++) {
		const struct rdma_limit *m = &c->r->rdma.v[i];
		char *value = arena_strdup(c->arena, m->device);
		struct cgroup_setting *s;

		if (m->hca_handles.set)
			value = arena_printf(c->arena, "%s hca_handle=%u", value, m->hca_handles.value);
		if (m->hca_objects.set)
			value = arena_printf(c->arena, "%s hca_object=%u", value, m->hca_objects.value);
		if (!m->hca_handles.set && !m->hca_objects.set)
			continue;
		s = add(c, arena_printf(c->arena, PLACE "rdma[\"%s\"]", m->device));
		s->v1 = s->v2 = (struct cgroup_write){ "rdma", "rdma.max", value, NULL, NULL };
	}
	return 0;
}

static int add_unified(struct compile *c)
{
	if (reserve(c, "unified", c->r->unified.n) < 0)
		return -1;
	for (size_t i = 0; i < c->r->unified.n; i++) {
		const struct string_pair *u = &c->r->unified.v[i];
		const char *field = arena_printf(c->arena, PLACE "unified[\"%s\"]", u->key), *dot = strchr(u->key, '.');
		struct cgroup_setting *s;

		if (strchr(u->key, '/') || !dot || dot == u->key)
			return fail(c->error, 0, "%s: expected the name of a cgroup file, like 'memory.high'", field);
		s = add(c, field);
		s->v2 = (struct cgroup_write){ arena_strndup(c->arena, u->key, (size_t)(dot - u->key)), u->key, u->value, NULL, NULL };
	}
	return 0;
}

/* "1.3.0" and later, "2.0" */
static bool is_spec_1_3(struct arena *arena, const char *version)
{
	uint32_t major, minor;
	const char *dot = version ? strchr(version, '.') : NULL;

	if (!dot || text_to_u32(arena_strndup(arena, version, (size_t)(dot - version)), &major) < 0 ||
	    text_to_u32(arena_strndup(arena, dot + 1, strspn(dot + 1, "0123456789")), &minor) < 0)
		return false;
	return major > 1 || (major == 1 && minor >= 3);
}

int cgroup_settings_compile(const struct resources *r, const char *oci_version, struct arena *arena, struct error *error,
			    struct cgroup_settings *ret_settings)
{
	static int (*const lists[])(struct compile *) = { add_weight_devices, add_throttles, add_hugepages, add_network_and_rdma, add_unified };
	struct cgroup_settings settings = { .v = arena_many(arena, struct cgroup_setting, CGROUP_SETTINGS_MAX + 2 * ARRAY_SIZE(rows)) };
	struct compile c = { .r = r, .arena = arena, .error = error, .out = &settings, .pids_zero = is_spec_1_3(arena, oci_version) };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].own && rows[i].own(&c) < 0)
			return -1;
		if (!rows[i].own)
			add_row(&c, &rows[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (lists[i](&c) < 0)
			return -1;
	*ret_settings = settings;
	return 0;
}
