/*
 * What is said to systemd about a container: the name of its unit, and its limits as properties.
 *
 * Limits come as the settings that are also written to files, so that conversions and their order are in one place; a table names the property of each
 * file. What has none (hugepages, rdma, a burst, v1's operations per second) is written to the delegated cgroup only.
 */
#include <inttypes.h>
#include <string.h>

#include "aspect/cgroup_systemd.h"
#include "base/scope.h"
#include "base/text.h"

#define MAX_TEXT "18446744073709551615" /* what systemd means by infinity */

enum { NUMBERS_MAX = 8192, BYTE_BITS = 8, USEC_PER_SEC = 1000000, QUOTA_STEP_USEC = 10000, DEFAULT_PERIOD_USEC = 100000 };

/* ---- names ---- */

/* Characters that a unit name may have; any other becomes \xNN, as systemd-escape(1) does. */
static const char *escape(struct arena *arena, const char *id)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.-";
	char *out = arena_strdup(arena, "");

	for (; *id; id++)
		out = strchr(plain, *id) ? arena_printf(arena, "%s%c", out, *id) : arena_printf(arena, "%s\\x%02x", out, (unsigned char)*id);
	return out;
}

static bool text_ends(const char *s, const char *end)
{
	size_t length = strlen(s), tail = strlen(end);

	return length >= tail && text_equal(s + length - tail, end);
}

int systemd_unit_of(const char *cgroups_path, const char *id, bool user, struct arena *arena, struct error *error, struct systemd_unit *ret_unit)
{
	struct systemd_unit unit = { .slice = user ? "user.slice" : "system.slice", .subgroup = "container" };
	const char *colon, *rest;

	if (!cgroups_path || !cgroups_path[0]) {
		unit.name = arena_printf(arena, "hull-%s.scope", escape(arena, id));
		*ret_unit = unit;
		return 0;
	}
	colon = strchr(cgroups_path, ':');
	if (!colon || !colon[1] || strchr(cgroups_path, '/'))
		return fail(error, 0, "linux.cgroupsPath: expected 'slice:prefix:name' for the systemd cgroup manager, got '%s'", cgroups_path);
	if (colon > cgroups_path)
		unit.slice = arena_strndup(arena, cgroups_path, (size_t)(colon - cgroups_path));
	rest = colon + 1;
	colon = strchr(rest, ':');
	if (!colon) /* "slice:name", as crun takes it */
		unit.name = arena_printf(arena, "%s.scope", rest);
	else if (strchr(colon + 1, ':') || !colon[1])
		return fail(error, 0, "linux.cgroupsPath: expected 'slice:prefix:name' for the systemd cgroup manager, got '%s'", cgroups_path);
	else if (text_ends(colon + 1, ".slice")) /* runc makes such a unit */
		return fail(error, 0, "linux.cgroupsPath: '%s' names a slice: slices hold units, and no container could be stopped with one", cgroups_path);
	else
		unit.name = arena_printf(arena, "%.*s%s%s.scope", (int)(colon - rest), rest, colon > rest ? "-" : "", colon + 1);
	if (strlen(unit.name) > SYSTEMD_UNIT_MAX)
		return fail(error, 0, "linux.cgroupsPath: '%s' is longer than %d bytes", unit.name, SYSTEMD_UNIT_MAX);
	*ret_unit = unit;
	return 0;
}

/* ---- properties ---- */

struct systemd_property *systemd_property_add(struct systemd_properties *list, struct arena *arena, const char *name, const char *signature, size_t n)
{
	size_t i = 0;

	if (!list->v)
		list->v = arena_many(arena, struct systemd_property, SYSTEMD_PROPERTIES_MAX + 1);
	while (i < list->n && !text_equal(list->v[i].name, name))
		i++;
	if (i == list->n && list->n < SYSTEMD_PROPERTIES_MAX) /* callers know their number; annotations are counted before */
		list->n++;
	list->v[i] = (struct systemd_property){ name, signature, arena_many(arena, const char *, n), n };
	return &list->v[i];
}

void systemd_property_set(struct systemd_properties *list, struct arena *arena, const char *name, const char *signature, const char *value)
{
	systemd_property_add(list, arena, name, signature, 1)->values[0] = value;
}

int systemd_set_of_numbers(const char *text, unsigned char *mask, size_t size)
{
	size_t used = 0;

	memset(mask, 0, size);
	while (*text) {
		char word[2 * TEXT_NUMBER_MAX], *dash;
		size_t length = strcspn(text, ",");
		uint32_t from, to;

		if (length >= sizeof(word))
			return -1;
		memcpy(word, text, length);
		word[length] = '\0';
		dash = strchr(word, '-');
		if (dash)
			*dash = '\0';
		if (text_to_u32(word, &from) < 0 || text_to_u32(dash ? dash + 1 : word, &to) < 0 || to < from || to >= size * BYTE_BITS)
			return -1;
		for (uint32_t bit = from; bit <= to; bit++)
			mask[bit / BYTE_BITS] |= (unsigned char)(1u << bit % BYTE_BITS);
		if (to / BYTE_BITS >= used)
			used = to / BYTE_BITS + 1;
		text += length;
		text += *text == ',';
	}
	return (int)used;
}

enum kind { KIND_NUMBER, KIND_TASKS, KIND_SET, KIND_MAX_LINE, KIND_QUOTA, KIND_PERIOD, KIND_IDLE, KIND_DEVICE, KIND_DEVICE_RATE, KIND_IO_MAX };

static const struct {
	int version;
	const char *file, *property;
	enum kind kind;
} rows[] = {
	{ 2, "memory.max", "MemoryMax", KIND_NUMBER },
	{ 2, "memory.swap.max", "MemorySwapMax", KIND_NUMBER },
	{ 2, "memory.low", "MemoryLow", KIND_NUMBER },
	{ 2, "memory.min", "MemoryMin", KIND_NUMBER },
	{ 2, "memory.high", "MemoryHigh", KIND_NUMBER },
	{ 2, "cpu.weight", "CPUWeight", KIND_NUMBER },
	{ 2, "cpu.idle", "CPUWeight", KIND_IDLE },
	{ 2, "cpu.max", "CPUQuotaPerSecUSec", KIND_MAX_LINE },
	{ 2, "cpuset.cpus", "AllowedCPUs", KIND_SET },
	{ 2, "cpuset.mems", "AllowedMemoryNodes", KIND_SET },
	{ 2, "io.weight", "IOWeight", KIND_NUMBER },
	{ 2, "io.weight", "IODeviceWeight", KIND_DEVICE },
	{ 2, "io.max", NULL, KIND_IO_MAX },
	{ 2, "pids.max", "TasksMax", KIND_TASKS },
	{ 1, "memory.limit_in_bytes", "MemoryLimit", KIND_NUMBER },
	{ 1, "cpu.shares", "CPUShares", KIND_NUMBER },
	{ 1, "cpu.cfs_period_us", "CPUQuotaPeriodUSec", KIND_PERIOD },
	{ 1, "cpu.cfs_quota_us", "CPUQuotaPerSecUSec", KIND_QUOTA },
	{ 1, "blkio.weight", "BlockIOWeight", KIND_NUMBER },
	{ 1, "blkio.weight_device", "BlockIODeviceWeight", KIND_DEVICE },
	{ 1, "blkio.throttle.read_bps_device", "BlockIOReadBandwidth", KIND_DEVICE_RATE },
	{ 1, "blkio.throttle.write_bps_device", "BlockIOWriteBandwidth", KIND_DEVICE_RATE },
	{ 1, "pids.max", "TasksMax", KIND_TASKS },
};

/* What a translation works on. @period: the last one that was said, in microseconds */
struct translation {
	struct systemd_properties *list;
	struct arena *arena;
	uint64_t period;
};

static void add_set(struct translation *t, const char *name, const char *value)
{
	unsigned char mask[NUMBERS_MAX / BYTE_BITS];
	int n = systemd_set_of_numbers(value, mask, sizeof(mask));
	struct systemd_property *property;

	if (n <= 0)
		return; /* the kernel will say what is wrong with it */
	property = systemd_property_add(t->list, t->arena, name, "ay", (size_t)n);
	for (int i = 0; i < n; i++)
		property->values[i] = arena_printf(t->arena, "%u", mask[i]);
}

static void add_period(struct translation *t, const char *value)
{
	if (text_to_u64(value, &t->period) == 0)
		systemd_property_set(t->list, t->arena, "CPUQuotaPeriodUSec", "t", arena_strdup(t->arena, value));
}

/* A quota is one of time in each second; systemd keeps whole percents, so it is rounded up: the file has the exact value. */
static void add_quota(struct translation *t, const char *value)
{
	uint64_t quota, period = t->period ? t->period : DEFAULT_PERIOD_USEC;

	if (text_equal(value, "max") || value[0] == '-') {
		systemd_property_set(t->list, t->arena, "CPUQuotaPerSecUSec", "t", MAX_TEXT);
		return;
	}
	if (text_to_u64(value, &quota) < 0 || quota > UINT64_MAX / USEC_PER_SEC - 1)
		return;
	quota = quota * USEC_PER_SEC / period;
	quota = (quota + QUOTA_STEP_USEC - 1) / QUOTA_STEP_USEC * QUOTA_STEP_USEC;
	systemd_property_set(t->list, t->arena, "CPUQuotaPerSecUSec", "t", arena_printf(t->arena, "%" PRIu64, quota));
}

/* "5000 100000", "max" */
static void add_max_line(struct translation *t, const char *value)
{
	size_t length = strcspn(value, " ");

	if (value[length] == ' ')
		add_period(t, value + length + 1);
	add_quota(t, arena_strndup(t->arena, value, length));
}

static void add_number(struct translation *t, const char *name, const char *value, bool at_least_one)
{
	uint64_t number;

	if (text_equal(value, "max") || text_equal(value, "-1"))
		value = MAX_TEXT;
	if (text_to_u64(value, &number) < 0)
		return; /* "default 100", "8:0 50": systemd has other properties for devices */
	systemd_property_set(t->list, t->arena, name, "t", number == 0 && at_least_one ? "1" : value);
}

/* A number for one device, beside those that the property has for others. systemd knows a device by its node. */
static void add_device(struct translation *t, const char *name, const char *device, const char *number)
{
	const char *node = arena_printf(t->arena, "/dev/block/%s", device);
	struct systemd_property *p = NULL, old;

	for (size_t i = 0; i < t->list->n; i++)
		if (text_equal(t->list->v[i].name, name))
			p = &t->list->v[i];
	for (size_t i = 0; p && i < p->n; i += 2) {
		if (!text_equal(p->values[i], node))
			continue;
		p->values[i + 1] = number;
		return;
	}
	old = p ? *p : (struct systemd_property){ .n = 0 };
	p = systemd_property_add(t->list, t->arena, name, "a(st)", old.n + 2);
	if (old.n > 0)
		memcpy(p->values, old.values, old.n * sizeof(*old.values));
	p->values[old.n] = node;
	p->values[old.n + 1] = number;
}

/* "8:0 50"; @rate: 0 is no limit */
static void add_device_line(struct translation *t, const char *name, const char *value, bool rate)
{
	size_t length = strcspn(value, " ");
	const char *number = value[length] ? value + length + 1 : "";
	uint64_t n;

	if (!memchr(value, ':', length) || text_to_u64(number, &n) < 0)
		return;
	add_device(t, name, arena_strndup(t->arena, value, length), rate && n == 0 ? MAX_TEXT : number);
}

/* "8:0 rbps=1000 wiops=max", a line a device */
static void add_io_max(struct translation *t, const char *value)
{
	static const struct {
		const char *key, *property;
	} keys[] = {
		{ "rbps=", "IOReadBandwidthMax" }, { "wbps=", "IOWriteBandwidthMax" }, { "riops=", "IOReadIOPSMax" }, { "wiops=", "IOWriteIOPSMax" },
	};
	char *lines = arena_strdup(t->arena, value), *next;

	for (char *line = lines; line && *line; line = next) {
		char *device, *word;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		device = cgroup_next_word(&line);
		while (device && (word = cgroup_next_word(&line)))
			for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
				const char *number = text_after(word, keys[i].key);
				uint64_t unused;

				if (number && (text_equal(number, "max") || text_to_u64(number, &unused) == 0))
					add_device(t, keys[i].property, device, text_equal(number, "max") ? MAX_TEXT : number);
			}
	}
}

static bool has(const struct systemd_properties *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (text_equal(list->v[i].name, name))
			return true;
	return false;
}

static void translate(struct translation *t, enum kind kind, const char *name, const char *value)
{
	switch (kind) {
	case KIND_NUMBER:
		add_number(t, name, value, false);
		return;
	case KIND_TASKS: /* systemd knows no limit of 0; the file does */
		add_number(t, name, value, true);
		return;
	case KIND_SET:
		add_set(t, name, value);
		return;
	case KIND_MAX_LINE:
		add_max_line(t, value);
		return;
	case KIND_QUOTA:
		add_quota(t, value);
		return;
	case KIND_PERIOD:
		add_period(t, value);
		return;
	case KIND_DEVICE:
	case KIND_DEVICE_RATE:
		add_device_line(t, name, value, kind == KIND_DEVICE_RATE);
		return;
	case KIND_IO_MAX:
		add_io_max(t, value);
		return;
	case KIND_IDLE:
		if (text_equal(value, "1"))
			systemd_property_set(t->list, t->arena, name, "t", "0");
		else if (!has(t->list, name)) /* the weight that was given, or the usual one */
			systemd_property_set(t->list, t->arena, name, "t", MAX_TEXT);
		return;
	}
}

static void translate_write(struct translation *t, int version, const char *file, const char *value)
{
	for (size_t i = 0; file && i < ARRAY_SIZE(rows); i++)
		if (rows[i].version == version && text_equal(rows[i].file, file))
			translate(t, rows[i].kind, rows[i].property, value);
}

void systemd_properties_of(const struct cgroup_settings *s, int version, struct arena *arena, struct systemd_properties *list)
{
	struct translation t = { .list = list, .arena = arena };

	for (size_t i = 0; i < s->n; i++) {
		const struct cgroup_write *w = version == 2 ? &s->v[i].v2 : &s->v[i].v1;

		translate_write(&t, version, w->file, w->value);
		translate_write(&t, version, w->other_file, w->other_value);
	}
}

/* ---- devices ---- */

static const char *access_text(struct arena *arena, unsigned int access)
{
	return arena_printf(arena, "%s%s%s", access & CGROUP_READ ? "r" : "", access & CGROUP_WRITE ? "w" : "", access & CGROUP_MKNOD ? "m" : "");
}

/* systemd names a device by its node, or all of a major number by "char-5", all by "char-*". */
static const char *device_text(struct arena *arena, const struct cgroup_device_rule *rule)
{
	const char *kind = rule->type == 'b' ? "block" : "char";

	if (rule->major >= 0 && rule->minor >= 0)
		return arena_printf(arena, "/dev/%s/%" PRId64 ":%" PRId64, kind, rule->major, rule->minor);
	if (rule->minor >= 0)
		return NULL;
	return rule->major >= 0 ? arena_printf(arena, "%s-%" PRId64, kind, rule->major) : arena_printf(arena, "%s-*", kind);
}

void systemd_device_properties(const struct cgroup_device_policy *policy, struct arena *arena, struct systemd_properties *list)
{
	struct systemd_property *property;

	bool can_say = !policy->allow;

	for (size_t i = 0; i < policy->n && can_say; i++)
		can_say = device_text(arena, &policy->v[i]) != NULL;
	systemd_property_set(list, arena, "DevicePolicy", "s", can_say ? "strict" : "auto");
	if (!can_say) {
		systemd_property_add(list, arena, "DeviceAllow", "a(ss)", 0); /* forget what was there */
		return;
	}
	property = systemd_property_add(list, arena, "DeviceAllow", "a(ss)", 2 * policy->n);
	for (size_t i = 0; i < policy->n; i++) {
		property->values[2 * i] = device_text(arena, &policy->v[i]);
		property->values[2 * i + 1] = access_text(arena, policy->v[i].access);
	}
}
