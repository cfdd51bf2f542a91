/* What is said to systemd: unit names, limits and device rules as properties, annotations in the text format of GVariant. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aspect/cgroup_systemd.h"
#include "base/libexec.h"
#include "base/text.h"

static struct arena arena;
static struct error error;

static void check_unit(const char *path, const char *id, bool user, const char *name, const char *slice)
{
	struct systemd_unit unit;

	if (!name) {
		CHECK(systemd_unit_of(path, id, user, &arena, &error, &unit) == -1);
		CHECK(strstr(error.text, "linux.cgroupsPath"));
		return;
	}
	CHECK(systemd_unit_of(path, id, user, &arena, &error, &unit) == 0);
	CHECK_STRING(unit.name, name);
	CHECK_STRING(unit.slice, slice);
	CHECK_STRING(unit.subgroup, "container");
}

static void test_units(void)
{
	char longest[300];

	check_unit(NULL, "x", false, "hull-x.scope", "system.slice");
	check_unit("", "x", true, "hull-x.scope", "user.slice");
	check_unit("", "a+b", true, "hull-a\\x2bb.scope", "user.slice");
	check_unit("machine.slice:libpod:123", "x", false, "libpod-123.scope", "machine.slice");
	check_unit(":libpod:123", "x", true, "libpod-123.scope", "user.slice");
	check_unit("a.slice::123", "x", false, "123.scope", "a.slice");
	check_unit("a.slice:123", "x", false, "123.scope", "a.slice");
	check_unit("/machine.slice/x", "x", false, NULL, NULL);
	check_unit("machine.slice", "x", false, NULL, NULL);
	check_unit("machine.slice:libpod:pod.slice", "x", false, NULL, NULL);
	CHECK(strstr(error.text, "names a slice"));
	check_unit("machine.slice:", "x", false, NULL, NULL);
	check_unit("machine.slice:a:", "x", false, NULL, NULL);
	check_unit("machine.slice:a:b:c", "x", false, NULL, NULL);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	longest[1] = ':';
	check_unit(longest, "x", false, NULL, NULL);
}

/* "name=signature:value,value" of each property, with spaces between */
static const char *text_of(const struct systemd_properties *list)
{
	char *text = arena_strdup(&arena, "");

	for (size_t i = 0; i < list->n; i++) {
		text = arena_printf(&arena, "%s%s%s=%s:", text, i ? " " : "", list->v[i].name, list->v[i].signature);
		for (size_t k = 0; k < list->v[i].n; k++)
			text = arena_printf(&arena, "%s%s%s", text, k ? "," : "", list->v[i].values[k]);
	}
	return text;
}

static struct string_pair pair(const char *key, const char *value)
{
	return (struct string_pair){ arena_strdup(&arena, key), arena_strdup(&arena, value) };
}

static const char *translate(const struct resources *r, int version)
{
	struct systemd_properties list = { .n = 0 };
	struct cgroup_settings settings;

	CHECK(cgroup_settings_compile(r, "1.3.0", &arena, &error, &settings) == 0);
	systemd_properties_of(&settings, version, &arena, &list);
	return text_of(&list);
}

static void test_limits(void)
{
	struct resources r = { .memory = { .limit = { true, 1000 }, .swap = { true, 1500 }, .reservation = { true, 500 } } };
	struct string_pair unified[] = { pair("memory.high", "max"), pair("cpu.max", "5000 20000"), pair("pids.max", "7"), pair("memory.peak", "1") };

	CHECK_STRING(translate(&r, 2), "MemoryMax=t:1000 MemorySwapMax=t:500 MemoryLow=t:500");
	CHECK_STRING(translate(&r, 1), "MemoryLimit=t:1000");
	r = (struct resources){ .cpu = { .shares = { true, 1024 }, .quota = { true, 12345 }, .period = { true, 50000 } } };
	CHECK_STRING(translate(&r, 2), "CPUWeight=t:100 CPUQuotaPeriodUSec=t:50000 CPUQuotaPerSecUSec=t:250000");
	CHECK_STRING(translate(&r, 1), "CPUShares=t:1024 CPUQuotaPeriodUSec=t:50000 CPUQuotaPerSecUSec=t:250000");
	r = (struct resources){ .cpu = { .quota = { true, -1 }, .cpus = (char[]){ "0-2,9" }, .mems = (char[]){ "1" } } };
	CHECK_STRING(translate(&r, 2), "CPUQuotaPerSecUSec=t:18446744073709551615 AllowedCPUs=ay:7,2 AllowedMemoryNodes=ay:2");
	r = (struct resources){ .cpu = { .quota = { true, 50000 }, .idle = { true, 1 } } };
	CHECK_STRING(translate(&r, 2), "CPUQuotaPerSecUSec=t:500000 CPUWeight=t:0");
	r = (struct resources){ .pids = { .limit = { true, 0 } } };
	CHECK_STRING(translate(&r, 2), "TasksMax=t:1");
	r = (struct resources){ .pids = { .limit = { true, -1 } }, .block_io = { .weight = { true, 100 } } };
	CHECK_STRING(translate(&r, 2), "TasksMax=t:18446744073709551615 IOWeight=t:910");
	r = (struct resources){ .pids = { .limit = { true, 5 } }, .unified = { unified, 4 } };
	CHECK_STRING(translate(&r, 2), "TasksMax=t:7 MemoryHigh=t:18446744073709551615 CPUQuotaPeriodUSec=t:20000 CPUQuotaPerSecUSec=t:250000");
}

static void test_devices_io(void)
{
	struct throttle_device reads[] = { { 8, 0, 1000 }, { 8, 16, 0 } }, writes[] = { { 8, 0, 2000 } };
	struct weight_device weights[] = { { 8, 0, { true, 500 }, { false, 0 } }, { 8, 16, { true, 10 }, { false, 0 } } };
	struct resources r = { .block_io = { .throttle_read_bps = { reads, 2 }, .throttle_write_iops = { writes, 1 }, .weight_device = { weights, 2 } } };
	struct string_pair unified[] = { pair("io.max", "8:0 rbps=5 wbps=max\n8:1 riops=7 nonsense"), pair("io.weight", "default 100") };

	CHECK_STRING(translate(&r, 2), "IODeviceWeight=a(st):/dev/block/8:0,4950,/dev/block/8:16,1 "
		"IOReadBandwidthMax=a(st):/dev/block/8:0,1000,/dev/block/8:16,18446744073709551615 IOWriteIOPSMax=a(st):/dev/block/8:0,2000");
	CHECK_STRING(translate(&r, 1), "BlockIODeviceWeight=a(st):/dev/block/8:0,500,/dev/block/8:16,10 "
		"BlockIOReadBandwidth=a(st):/dev/block/8:0,1000,/dev/block/8:16,18446744073709551615");
	r.block_io.throttle_write_iops.n = r.block_io.weight_device.n = 0;
	r.unified.v = unified;
	r.unified.n = 2; /* for one device the last word counts */
	CHECK_STRING(translate(&r, 2), "IOReadBandwidthMax=a(st):/dev/block/8:0,5,/dev/block/8:16,18446744073709551615 "
		"IOWriteBandwidthMax=a(st):/dev/block/8:0,18446744073709551615 IOReadIOPSMax=a(st):/dev/block/8:1,7");
}

static void test_sets(void)
{
	unsigned char mask[4];

	CHECK(systemd_set_of_numbers("0", mask, sizeof(mask)) == 1 && mask[0] == 1);
	CHECK(systemd_set_of_numbers("7-8,31", mask, sizeof(mask)) == 4 && mask[0] == 0x80 && mask[1] == 1 && mask[2] == 0 && mask[3] == 0x80);
	CHECK(systemd_set_of_numbers("31,0", mask, sizeof(mask)) == 4 && mask[0] == 1);
	CHECK(systemd_set_of_numbers("", mask, sizeof(mask)) == 0);
	CHECK(systemd_set_of_numbers("32", mask, sizeof(mask)) == -1);
	CHECK(systemd_set_of_numbers("3-1", mask, sizeof(mask)) == -1);
	CHECK(systemd_set_of_numbers("a", mask, sizeof(mask)) == -1);
	CHECK(systemd_set_of_numbers("1-", mask, sizeof(mask)) == -1);
	CHECK(systemd_set_of_numbers("0000000000000000000000000000000000000000000000000001", mask, sizeof(mask)) == -1);
}

static void test_devices(void)
{
	struct cgroup_device_rule rules[] = { { 'c', 1, 3, CGROUP_RWM }, { 'b', 8, -1, CGROUP_READ }, { 'c', -1, -1, CGROUP_MKNOD }, { 'c', -1, 3, CGROUP_READ } };
	struct cgroup_device_policy policy = { false, rules, 3 };
	struct systemd_properties list = { .n = 0 };

	systemd_device_properties(&policy, &arena, &list);
	CHECK_STRING(text_of(&list), "DevicePolicy=s:strict DeviceAllow=a(ss):/dev/char/1:3,rwm,block-8,r,char-*,m");
	policy.n = 4; /* systemd has no word for one minor number of all majors */
	systemd_device_properties(&policy, &arena, &list);
	CHECK_STRING(text_of(&list), "DevicePolicy=s:auto DeviceAllow=a(ss):");
	policy = (struct cgroup_device_policy){ true, rules, 1 };
	list.n = 0;
	systemd_device_properties(&policy, &arena, &list);
	CHECK_STRING(text_of(&list), "DevicePolicy=s:auto DeviceAllow=a(ss):");
}

/* @expected: NULL: an error that names the property */
static void check_annotation(const char *name, const char *value, const char *expected)
{
	struct string_pair one = pair(arena_printf(&arena, "org.systemd.property.%s", name), value);
	struct string_map map = { &one, 1 };
	struct systemd_properties list = { .n = 0 };
	int r = systemd_annotated_properties(&map, &arena, &error, &list);

	if (expected) {
		CHECK(r == 0);
		CHECK_STRING(text_of(&list), expected);
		return;
	}
	CHECK(r == -1);
	CHECK(strstr(error.text, name));
}

static void test_annotations(void)
{
	check_annotation("Foo", "true", "Foo=b:true");
	check_annotation("Foo", " uint64  5 ", "Foo=t:5");
	check_annotation("Foo", "5", "Foo=i:5");
	check_annotation("Foo", "int64 -5", "Foo=x:-5");
	check_annotation("Foo", "byte 255", "Foo=y:255");
	check_annotation("Foo", "'it\\'s'", "Foo=s:it's");
	check_annotation("Foo", "\"it's\"", "Foo=s:it's");
	check_annotation("Foo", "objectpath '/a'", "Foo=o:/a");
	check_annotation("Foo", "['a', 'b']", "Foo=as:a,b");
	check_annotation("Foo", "[uint32 1, 2]", "Foo=au:1,2");
	check_annotation("Foo", "@as []", "Foo=as:");
	check_annotation("Foo", "@at [1,2]", "Foo=at:1,2");
	check_annotation("Foo", "[true,false]", "Foo=ab:true,false");
	check_annotation("TimeoutStopSec", "5", "TimeoutStopUSec=t:5000000");
	check_annotation("TimeoutStopSec", "uint64 0", "TimeoutStopUSec=t:0");
	check_annotation("TimeoutStopSec", "0.25", "TimeoutStopUSec=t:250000");
	check_annotation("TimeoutStopUSec", "uint64 5", "TimeoutStopUSec=t:5");
	check_annotation("TimeoutStopSec", "'5'", "TimeoutStopUSec=t:5000000");
	check_annotation("TimeoutStopSec", "'5s'", NULL);
	check_annotation("TimeoutStopSec", "-5", NULL);
	check_annotation("TimeoutStopSec", "[5]", NULL);
}

static void test_bad_annotations(void)
{
	static const char *const values[] = { "", "5 5", "tru", "'a", "uint64 -1", "byte 256", "int16 40000", "[]", "[1,", "[1 2]", "[1,true]", "['a', 1]",
		"@as 5", "@a", "(1,2)", "1.5", "boolean 1", "uint64 'a'", "18446744073709551616", "uint64", "[[1]]", "'a'b", "@at ['a']" };
	static const char *const names[] = { "", "a", "foo", "Fo", "Foo.Bar", "F1x", "Foo " };
	char *many = arena_strdup(&arena, "[0");

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		check_annotation("Foo", values[i], NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check_annotation(names[i], "true", NULL);
	for (int i = 0; i < 300; i++)
		many = arena_printf(&arena, "%s,0", many);
	check_annotation("Foo", arena_printf(&arena, "%s]", many), NULL);
}

static void test_too_many_annotations(void)
{
	struct string_map map = { arena_many(&arena, struct string_pair, 600), 600 };
	struct systemd_properties list = { .n = 0 };

	for (size_t i = 0; i < map.n; i++)
		map.v[i] = pair(arena_printf(&arena, "org.systemd.property.Foo%c%c", (int)('a' + i / 26), (int)('a' + i % 26)), "1");
	CHECK(systemd_annotated_properties(&map, &arena, &error, &list) == -1);
	map.n = 500;
	list.n = 0;
	CHECK(systemd_annotated_properties(&map, &arena, &error, &list) == 0 && list.n == 500);
}

/* HULL_EXECUTABLE leads to a directory with a helper, as installed and as built. */
static void test_libexec(void)
{
	char dir[] = "/tmp/hull-libexec-XXXXXX";
	const char *bin, *helper;
	char **environment, *many[LIBEXEC_VARIABLES + 1];
	struct libexec_room room;
	FILE *file;
	size_t n = 0;

	CHECK(mkdtemp(dir) != NULL);
	bin = arena_printf(&arena, "%s/bin", dir);
	CHECK(mkdir(bin, 0700) == 0 && mkdir(arena_printf(&arena, "%s/libexec", dir), 0700) == 0);
	CHECK(mkdir(arena_printf(&arena, "%s/libexec/hull", dir), 0700) == 0);
	CHECK(setenv(LIBEXEC_EXECUTABLE, arena_printf(&arena, "%s/hull", bin), 1) == 0);
	CHECK(libexec_find(&arena, "no-such-helper") == NULL);
	helper = arena_printf(&arena, "%s/libexec/hull/no-such-helper", dir);
	file = fopen(helper, "we");
	CHECK(file && fclose(file) == 0 && libexec_find(&arena, "no-such-helper") == NULL);
	CHECK(chmod(helper, 0755) == 0);
	CHECK(strstr(libexec_find(&arena, "no-such-helper"), "/bin/../libexec/hull/no-such-helper"));
	environment = libexec_environment((char *[]){ (char[]){ "A=1" }, (char[]){ LIBEXEC_EXECUTABLE "=/old" }, NULL }, NULL, &room);
	while (environment[n])
		n++;
	CHECK(n == 2);
	CHECK(strstr(environment[1], LIBEXEC_EXECUTABLE "=/"));
	CHECK(!strstr(environment[1], "old"));
	environment = libexec_environment((char *[]){ (char[]){ "A=1" }, NULL }, "/told", &room);
	CHECK(environment == room.variables && strcmp(environment[1], LIBEXEC_EXECUTABLE "=/told") == 0 && !environment[2]);
	for (n = 0; n < LIBEXEC_VARIABLES; n++)
		many[n] = (char[]){ "B=2" };
	many[n] = NULL;
	environment = libexec_environment(many, "/told", &room);
	CHECK(environment && environment != room.variables && strcmp(environment[n], LIBEXEC_EXECUTABLE "=/told") == 0 && !environment[n + 1]);
	free(environment);
	CHECK(unlink(helper) == 0 && rmdir(arena_printf(&arena, "%s/libexec/hull", dir)) == 0);
	CHECK(rmdir(arena_printf(&arena, "%s/libexec", dir)) == 0 && rmdir(bin) == 0 && rmdir(dir) == 0);
}

int main(void)
{
	CHECK(arena_init(&arena) == 0);
	RUN(test_units);
	RUN(test_limits);
	RUN(test_devices_io);
	RUN(test_sets);
	RUN(test_devices);
	RUN(test_annotations);
	RUN(test_bad_annotations);
	RUN(test_too_many_annotations);
	RUN(test_libexec);
	arena_deinit(&arena);
	return unit_done();
}
