/* config.json: what is read, what is refused and with which words, and that what is written is read back as the same. */
#include "unit.h"

#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "base/scope.h"
#include "spec/oci.h"

static struct arena arena;
static struct error error;

static const struct json *document(const char *text)
{
	const struct json *v = NULL;

	if (json_parse(&arena, &error, "config.json", text, strlen(text), &v) < 0)
		return NULL;
	return v;
}

/* read a document; the arena starts afresh */
static int read_text(const char *text, struct spec *ret_spec)
{
	const struct json *v;

	arena_deinit(&arena);
	if (arena_init(&arena) < 0)
		exit(2);
	error = (struct error){ 0 };
	v = document(text);
	return v ? spec_read(&arena, &error, v, ret_spec) : -1;
}

#define HEAD "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"}"

/* the members that are added to a minimal document (with ' for "), and the error they make, NULL: none */
struct row {
	const char *members;
	const char *message;
};

static void check_rows(const struct row *rows, size_t n)
{
	char text[8192];

	for (size_t i = 0; i < n; i++) {
		struct spec spec;
		bool before = unit_failed;
		int r;

		(void)snprintf(text, sizeof(text), HEAD ",%s}", rows[i].members);
		for (char *s = text; *s; s++)
			*s = *s == '\'' ? '"' : *s;
		unit_failed = false;
		r = read_text(text, &spec);
		CHECK((r == 0) == (rows[i].message == NULL));
		if (rows[i].message)
			CHECK_STRING(error.text, rows[i].message);
		if (unit_failed)
			printf("#   with %s: %s\n", rows[i].members, error.text);
		unit_failed = unit_failed || before;
	}
}

static const char everything[] =
	HEAD ",\"hostname\":\"h\",\"domainname\":\"d\",\"annotations\":{\"a\":\"1\",\"b\":\"\"},"
	"\"process\":{\"terminal\":true,\"consoleSize\":{\"height\":24,\"width\":80},\"cwd\":\"/w\",\"env\":[\"A=b\"],\"args\":[\"sh\",\"-c\",\"\"],"
	"\"user\":{\"uid\":1,\"gid\":2,\"umask\":18,\"additionalGids\":[3,4],\"username\":\"u\"},"
	"\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_CHOWN\"],\"effective\":[\"CAP_KILL\"],\"permitted\":[\"CAP_KILL\"],\"inheritable\":[],"
	"\"ambient\":[\"CAP_CHECKPOINT_RESTORE\"]},"
	"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":1,\"hard\":18446744073709551615}],\"noNewPrivileges\":true,\"oomScoreAdj\":-5,"
	"\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"nice\":-3,\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\"]},\"apparmorProfile\":\"p\",\"selinuxLabel\":\"l\","
	"\"ioPriority\":{\"class\":\"IOPRIO_CLASS_IDLE\",\"priority\":4},\"execCPUAffinity\":{\"initial\":\"0-1,3\",\"final\":\"7\"}},"
	"\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\",\"options\":[\"nosuid\",\"hidepid=2\"],"
	"\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":2}],\"gidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":2}]},"
	"{\"destination\":\"rel\"}],"
	"\"hooks\":{\"prestart\":[{\"path\":\"/h\",\"args\":[\"h\"],\"env\":[\"K=v\"],\"timeout\":5}],\"createRuntime\":[{\"path\":\"/1\"}],"
	"\"createContainer\":[{\"path\":\"/2\"}],\"startContainer\":[{\"path\":\"/3\"}],\"poststart\":[{\"path\":\"/4\"}],\"poststop\":[{\"path\":\"/5\"}]},"
	"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/n\"},{\"type\":\"user\"},{\"type\":\"uts\"},{\"type\":\"time\"},"
	"{\"type\":\"mount\"},{\"type\":\"ipc\"},{\"type\":\"cgroup\",\"path\":\"\"}],"
	"\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}],\"gidMappings\":[{\"containerID\":0,\"hostID\":4,\"size\":1}],"
	"\"timeOffsets\":{\"monotonic\":{\"secs\":-5,\"nanosecs\":7},\"boottime\":{\"secs\":6}},"
	"\"devices\":[{\"type\":\"c\",\"path\":\"/dev/x\",\"major\":1,\"minor\":0,\"fileMode\":438,\"uid\":5,\"gid\":6},{\"type\":\"p\",\"path\":\"/dev/p\"}],"
	"\"netDevices\":{\"eth0\":{\"name\":\"c%d\"},\"eth1\":{}},\"cgroupsPath\":\"/a/b\","
	"\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":1,\"minor\":-1}],"
	"\"memory\":{\"limit\":1,\"reservation\":2,\"swap\":-1,\"kernel\":4,\"kernelTCP\":5,\"swappiness\":6,\"disableOOMKiller\":false,"
	"\"useHierarchy\":true,\"checkBeforeUpdate\":true},"
	"\"cpu\":{\"shares\":1,\"quota\":-1,\"burst\":3,\"period\":4,\"realtimeRuntime\":5,\"realtimePeriod\":6,\"cpus\":\"0\",\"mems\":\"1\",\"idle\":1},"
	"\"pids\":{\"limit\":0},"
	"\"blockIO\":{\"weight\":10,\"leafWeight\":11,\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":500,\"leafWeight\":300}],"
	"\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1}],\"throttleWriteBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":2}],"
	"\"throttleReadIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":3}],\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":0}]},"
	"\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":9223372036854772000}],"
	"\"network\":{\"classID\":1048577,\"priorities\":[{\"name\":\"eth0\",\"priority\":500}]},"
	"\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000},\"mlx4\":{}},\"unified\":{\"memory.high\":\"max\"}},"
	"\"intelRdt\":{\"closID\":\"c\",\"l3CacheSchema\":\"L3:0=f\",\"memBwSchema\":\"MB:0=10\",\"schemata\":[\"L2:0=f\"],\"enableMonitoring\":true},"
	"\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"MPOL_F_STATIC_NODES\"]},\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"},"
	"\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"],"
	"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"listenerPath\":\"/s\",\"listenerMetadata\":\"m\","
	"\"syscalls\":[{\"names\":[\"read\",\"mount\"],\"action\":\"SCMP_ACT_NOTIFY\",\"errnoRet\":1,"
	"\"args\":[{\"index\":5,\"value\":18446744073709551615,\"valueTwo\":2,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]},"
	"\"rootfsPropagation\":\"slave\",\"maskedPaths\":[\"/proc/kcore\"],\"readonlyPaths\":[\"/proc/sys\"],\"mountLabel\":\"ml\","
	"\"personality\":{\"domain\":\"LINUX32\",\"flags\":[]}},"
	"\"windows\":{\"x\":1},\"vm\":{},\"solaris\":null,\"unknown\":[{}]}";

static void check_process_of(const struct spec *s)
{
	const struct process *p = &s->process;

	CHECK(s->has_process && p->terminal && p->console_size.set && p->console_size.height == 24 && p->console_size.width == 80);
	CHECK_STRING(p->cwd, "/w");
	CHECK(p->env.n == 1 && p->args.n == 3);
	CHECK_STRING(p->args.v[2], "");
	CHECK(p->user.uid == 1 && p->user.gid == 2 && p->user.umask.set && p->user.umask.value == 18);
	CHECK(p->user.additional_gids.n == 2 && p->user.additional_gids.v[1] == 4);
	CHECK_STRING(p->user.username, "u");
	CHECK(p->capabilities.set && p->capabilities.bounding == (1u << CAP_KILL | 1u << CAP_CHOWN) && p->capabilities.effective == 1u << CAP_KILL);
	CHECK(p->capabilities.permitted == 1u << CAP_KILL && !p->capabilities.inheritable && p->capabilities.ambient == (uint64_t)1 << 40);
	CHECK(p->rlimits.n == 1 && p->rlimits.v[0].type == RLIMIT_NOFILE && p->rlimits.v[0].soft == 1 && p->rlimits.v[0].hard == UINT64_MAX);
	CHECK(p->no_new_privileges && p->oom_score_adj.set && p->oom_score_adj.value == -5);
	CHECK(p->scheduler && p->scheduler->policy == SCHED_BATCH && p->scheduler->nice == -3 && p->scheduler->flags == 1);
	CHECK_STRING(p->apparmor_profile, "p");
	CHECK_STRING(p->selinux_label, "l");
	CHECK(p->io_priority && p->io_priority->class == 3 && p->io_priority->priority == 4);
	CHECK(p->exec_cpu_affinity);
	CHECK_STRING(p->exec_cpu_affinity->initial, "0-1,3");
	CHECK_STRING(p->exec_cpu_affinity->final, "7");
}

static void check_rest_of(const struct spec *s)
{
	CHECK_STRING(s->oci_version, "1.3.0");
	CHECK_STRING(s->root.path, "rootfs");
	CHECK_STRING(s->hostname, "h");
	CHECK_STRING(s->domainname, "d");
	CHECK_STRING(spec_annotation(s, "a"), "1");
	CHECK_STRING(spec_annotation(s, "b"), "");
	CHECK(!spec_annotation(s, "c"));
	CHECK(s->mounts.n == 2 && s->mounts.v[0].flags.attr_set == 2 && s->mounts.v[0].flags.data.n == 1);
	CHECK(s->mounts.v[0].uid_mappings.n == 1 && s->mounts.v[0].gid_mappings.v[0].size == 2);
	CHECK_STRING(s->mounts.v[1].destination, "rel");
	CHECK(!s->mounts.v[1].type && !s->mounts.v[1].source);
	CHECK(s->hooks.prestart.n == 1 && s->hooks.prestart.v[0].timeout.value == 5 && s->hooks.prestart.v[0].env.n == 1);
	CHECK_STRING(s->hooks.create_runtime.v[0].path, "/1");
	CHECK_STRING(s->hooks.create_container.v[0].path, "/2");
	CHECK_STRING(s->hooks.start_container.v[0].path, "/3");
	CHECK_STRING(s->hooks.poststart.v[0].path, "/4");
	CHECK_STRING(s->hooks.poststop.v[0].path, "/5");
}

static void check_linux_of(const struct spec *s)
{
	const struct linux_config *l = &s->linux;

	CHECK(s->has_linux && l->namespaces.n == 8);
	CHECK_STRING(spec_namespace(s, NAMESPACE_NETWORK)->path, "/n");
	CHECK(!spec_namespace(s, NAMESPACE_CGROUP)->path); /* "" means absent */
	CHECK(l->uid_mappings.v[0].host_id == 100000 && l->gid_mappings.v[0].size == 1);
	CHECK(l->time_offsets.monotonic.set && l->time_offsets.monotonic.secs == -5 && l->time_offsets.monotonic.nanosecs == 7);
	CHECK(l->time_offsets.boottime.set && l->time_offsets.boottime.secs == 6);
	CHECK(l->devices.n == 2 && l->devices.v[0].type == 'c' && l->devices.v[0].minor.set && l->devices.v[0].file_mode.value == 0666);
	CHECK(l->net_devices.n == 2);
	CHECK_STRING(l->net_devices.v[0].host_name, "eth0");
	CHECK_STRING(l->net_devices.v[0].name, "c%d");
	CHECK(!l->net_devices.v[1].name);
	CHECK_STRING(l->cgroups_path, "/a/b");
	CHECK(l->intel_rdt && l->intel_rdt->enable_monitoring && l->intel_rdt->schemata.n == 1);
	CHECK(l->memory_policy && l->memory_policy->mode == 2 && l->memory_policy->flags == 1u << 15);
	CHECK(l->sysctl.n == 1);
	CHECK_STRING(l->sysctl.v[0].key, "net.ipv4.ip_forward");
	CHECK(l->rootfs_propagation == MS_SLAVE && l->masked_paths.n == 1 && l->readonly_paths.n == 1);
	CHECK_STRING(l->mount_label, "ml");
	CHECK(l->personality.set && l->personality.domain == 8);
	CHECK(l->seccomp && l->seccomp->default_action == ACTION_ERRNO && l->seccomp->default_errno_ret.value == 38 && l->seccomp->flags == 2);
	CHECK(l->seccomp->architectures.n == 2 && l->seccomp->architectures.v[1] == ARCH_X86);
	CHECK(l->seccomp->syscalls.n == 1 && l->seccomp->syscalls.v[0].names.n == 2 && l->seccomp->syscalls.v[0].action == ACTION_NOTIFY);
	CHECK(l->seccomp->syscalls.v[0].args.v[0].index == 5 && l->seccomp->syscalls.v[0].args.v[0].value == UINT64_MAX);
	CHECK(l->seccomp->syscalls.v[0].args.v[0].op == OPERATOR_MASKED_EQ && l->seccomp->syscalls.v[0].errno_ret.value == 1);
}

static void check_resources_of(const struct resources *r)
{
	CHECK(r->devices.n == 2 && !r->devices.v[0].allow && !r->devices.v[0].type && r->devices.v[1].minor.value == -1);
	CHECK(r->memory.limit.value == 1 && r->memory.swap.set && r->memory.swap.value == -1 && r->memory.swappiness.value == 6);
	CHECK(r->memory.disable_oom_killer.set && !r->memory.disable_oom_killer.value && r->memory.check_before_update.value);
	CHECK(r->cpu.shares.value == 1 && r->cpu.quota.value == -1 && r->cpu.idle.value == 1);
	CHECK_STRING(r->cpu.mems, "1");
	CHECK(r->pids.limit.set && r->pids.limit.value == 0);
	CHECK(r->block_io.weight.value == 10 && r->block_io.weight_device.v[0].leaf_weight.value == 300);
	CHECK(r->block_io.throttle_read_bps.v[0].rate == 1 && r->block_io.throttle_write_bps.v[0].rate == 2);
	CHECK(r->block_io.throttle_read_iops.v[0].rate == 3 && r->block_io.throttle_write_iops.n == 1);
	CHECK(r->hugepage_limits.v[0].limit == 9223372036854772000u);
	CHECK(r->network.class_id.value == 1048577 && r->network.priorities.v[0].priority == 500);
	CHECK(r->rdma.n == 2 && r->rdma.v[0].hca_objects.value == 10000 && !r->rdma.v[1].hca_handles.set);
	CHECK_STRING(r->rdma.v[1].device, "mlx4");
	CHECK_STRING(r->unified.v[0].value, "max");
}

static void every_field(void)
{
	struct spec s;

	CHECK(read_text(everything, &s) == 0);
	if (unit_failed) {
		printf("# %s\n", error.text);
		return;
	}
	check_process_of(&s);
	check_rest_of(&s);
	check_linux_of(&s);
	check_resources_of(&s.linux.resources);
}

static const char *written(const struct spec *s, int indent)
{
	struct json_writer w = json_writer_on(&arena, indent);

	spec_write(&w, s);
	return json_text(&w);
}

/* what is written is read as the same, in both layouts; members that say nothing stay away */
static void round_trip(void)
{
	static char first[16384], wide[65536];
	struct spec s;

	CHECK(read_text(everything, &s) == 0);
	(void)snprintf(first, sizeof(first), "%s", written(&s, 0));
	CHECK(read_text(first, &s) == 0);
	CHECK_STRING(written(&s, 0), first);
	check_process_of(&s);
	check_rest_of(&s);
	check_linux_of(&s);
	check_resources_of(&s.linux.resources);
	(void)snprintf(wide, sizeof(wide), "%s", written(&s, 4));
	CHECK(read_text(wide, &s) == 0);
	CHECK_STRING(written(&s, 0), first);
	CHECK(read_text(HEAD "}", &s) == 0);
	CHECK_STRING(written(&s, 0), HEAD "}");
}

static void absent(void)
{
	static const struct row rows[] = {
		{ "'process':null,'linux':null,'mounts':null,'hooks':null,'annotations':null,'hostname':null", NULL },
		{ "'linux':{'resources':null,'seccomp':null,'cgroupsPath':'','rootfsPropagation':'','maskedPaths':[]}", NULL },
		{ "'linux':{'resources':{'memory':null,'devices':null,'cpu':{'shares':null,'cpus':''}}}", NULL },
		{ "'process':{'cwd':'/','args':['a'],'capabilities':null,'apparmorProfile':'','user':null,'consoleSize':null}", NULL },
		{ "'process':{'cwd':null,'args':['a']}", "process.cwd: missing" },
	};
	struct spec s;

	check_rows(rows, ARRAY_SIZE(rows));
	CHECK(read_text(HEAD ",\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],\"capabilities\":{}}}", &s) == 0);
	CHECK(s.process.capabilities.set && !s.process.capabilities.bounding && !s.process.apparmor_profile && !s.has_linux);
	CHECK_STRING(written(&s, 0), "{\"ociVersion\":\"1.3.0\",\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"a\"],\"cwd\":\"/\","
				     "\"capabilities\":{}},\"root\":{\"path\":\"rootfs\"}}");
}

static void wrong_types(void)
{
	static const struct row rows[] = {
		{ "'hostname':5", "hostname: expected a string, got 5" },
		{ "'mounts':{}", "mounts: expected an array, got an object" },
		{ "'mounts':[7]", "mounts[0]: expected an object, got 7" },
		{ "'mounts':[{'destination':'/','options':['a',null]}]", "mounts[0].options[1]: expected a string, got null" },
		{ "'annotations':{'x.y':1}", "annotations[\"x.y\"]: expected a string, got 1" },
		{ "'process':{'terminal':'yes'}", "process.terminal: expected a boolean, got a string" },
		{ "'process':{'user':{'uid':'0'}}", "process.user.uid: expected an unsigned integer, got a string" },
		{ "'process':{'user':{'uid':1.5}}", "process.user.uid: expected an unsigned integer, got 1.5" },
		{ "'process':{'user':{'uid':-1}}", "process.user.uid: -1 is out of range (0 to 4294967295)" },
		{ "'process':{'user':{'uid':4294967296}}", "process.user.uid: 4294967296 is out of range (0 to 4294967295)" },
		{ "'process':{'user':{'additionalGids':[1,[]]}}", "process.user.additionalGids[1]: expected an unsigned integer, got an array" },
		{ "'process':{'consoleSize':{'height':1}}", "process.consoleSize.width: missing" },
		{ "'process':{'oomScoreAdj':1e30}", "process.oomScoreAdj: 1e30 is out of range (-9223372036854775808 to 9223372036854775807)" },
		{ "'process':{'oomScoreAdj':true}", "process.oomScoreAdj: expected an integer, got a boolean" },
		{ "'process':{'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':2147483648}}",
			"process.ioPriority.priority: 2147483648 is out of range (-2147483648 to 2147483647)" },
		{ "'process':{'rlimits':[{'type':'RLIMIT_CPU','hard':1},{}]}", "process.rlimits[0].soft: missing" },
		{ "'process':{'rlimits':[{'type':'RLIMIT_CPU','hard':'1'}]}", "process.rlimits[0].hard: expected an unsigned integer, got a string" },
		{ "'process':{'rlimits':[{'type':'RLIMIT_X'}]}", "process.rlimits[0].type: unknown resource limit 'RLIMIT_X'" },
		{ "'linux':{'devices':[{'type':'char','path':'/x'}]}", "linux.devices[0].type: expected a single letter" },
		{ "'linux':{'netDevices':{'eth0':{'name':23}}}", "linux.netDevices[\"eth0\"].name: expected a string, got 23" },
		{ "'linux':{'netDevices':{'eth0':'x'}}", "linux.netDevices[\"eth0\"]: expected an object, got a string" },
		{ "'linux':{'resources':{'pids':5}}", "linux.resources.pids: expected an object, got 5" },
		{ "'linux':{'seccomp':{'flags':['X']}}", "linux.seccomp.flags[0]: unknown seccomp flag 'X'" },
		{ "'linux':{'seccomp':{'flags':'X'}}", "linux.seccomp.flags: expected an array, got a string" },
		{ "'linux':{'seccomp':{}}", "linux.seccomp.defaultAction: missing" },
		{ "'linux':{'seccomp':{'defaultAction':'SCMP_ACT_X'}}", "linux.seccomp.defaultAction: unknown seccomp action 'SCMP_ACT_X'" },
		{ "'linux':{'seccomp':{'defaultAction':''}}", "linux.seccomp.defaultAction: unknown seccomp action ''" },
		{ "'linux':{'seccomp':{'defaultAction':'SCMP_ACT_KILL','architectures':[4]}}",
			"linux.seccomp.architectures[0]: expected a string, got 4" },
		{ "'linux':{'seccomp':{'defaultAction':'SCMP_ACT_KILL','syscalls':[{'names':['a'],'action':'SCMP_ACT_LOG','args':[{'index':1,'value':0}]}]}}",
			"linux.seccomp.syscalls[0].args[0].op: missing" },
	};
	struct spec s;

	check_rows(rows, ARRAY_SIZE(rows));
	CHECK(read_text("[]", &s) < 0);
	CHECK_STRING(error.text, "expected an object, got an array");
	CHECK(read_text("{}", &s) < 0);
	CHECK_STRING(error.text, "ociVersion: missing");
	CHECK(read_text("{\"ociVersion\":\"1.0.0\"}", &s) < 0);
	CHECK_STRING(error.text, "root: missing");
	CHECK(read_text("{\"ociVersion\":\"1.0.0\",\"root\":{}}", &s) < 0);
	CHECK_STRING(error.text, "root.path: missing");
	CHECK(read_text("{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"\"}}", &s) < 0);
	CHECK_STRING(error.text, "root.path: must not be empty");
}

static void versions(void)
{
	static const char *const good[] = { "1.0.0", "1.0.2-dev", "1.2.1", "1.3.0+dev", "1.1.0-rc.1+x", "1.10.20" };
	static const char *const bad[] = { "1", "1.0", "1.0.0.0", "1.0.x", "v1.0.0", "1.0.0-", "1.0.0 ", "1..0", "", "1.0.0_", "2.0.0", "0.5.0-dev", "11.0.0" };
	char text[128];
	struct spec s;

	for (size_t i = 0; i < ARRAY_SIZE(good) + ARRAY_SIZE(bad); i++) {
		bool is_good = i < ARRAY_SIZE(good);

		(void)snprintf(text, sizeof(text), "{\"ociVersion\":\"%s\",\"root\":{\"path\":\"r\"}}", is_good ? good[i] : bad[i - ARRAY_SIZE(good)]);
		CHECK((read_text(text, &s) == 0) == is_good);
	}
}

#define PROCESS(members) "'process':{'cwd':'/','args':['a']," members "}"

static void process_checks(void)
{
	static const struct row rows[] = {
		{ "'process':{'cwd':'/','args':['a']}", NULL },
		{ "'process':{'cwd':'a','args':['a']}", "process.cwd: 'a' is not an absolute path" },
		{ "'process':{'cwd':'','args':['a']}", "process.cwd: '' is not an absolute path" },
		{ "'process':{'cwd':'/','args':[]}", "process.args: must not be empty" },
		{ "'process':{'cwd':'/'}", "process.args: must not be empty" },
		{ PROCESS("'user':{'uid':4294967295}"), "process.user.uid: 4294967295 means no user" },
		{ PROCESS("'user':{'additionalGids':[0,4294967295]}"), "process.user.additionalGids[1]: 4294967295 means no group" },
		{ PROCESS("'user':{'umask':512}"), "process.user.umask: 512 is greater than 511 (octal 777)" },
		{ PROCESS("'rlimits':[{'type':'RLIMIT_CPU','soft':2,'hard':1}]"),
			"process.rlimits[0].soft: 2 is greater than the hard limit, 1" },
		{ PROCESS("'rlimits':[{'type':'RLIMIT_CPU','soft':1,'hard':1},{'type':'RLIMIT_CPU','soft':1,'hard':1}]"),
			"process.rlimits[1].type: 'RLIMIT_CPU' is given twice" },
		{ PROCESS("'oomScoreAdj':1000"), NULL },
		{ PROCESS("'oomScoreAdj':1001"), "process.oomScoreAdj: 1001 is out of range (-1000 to 1000)" },
		{ PROCESS("'ioPriority':{'class':'IOPRIO_CLASS_RT','priority':8}"), "process.ioPriority.priority: 8 is out of range (0 to 7)" },
		{ PROCESS("'scheduler':{'policy':'SCHED_OTHER','nice':20}"), "process.scheduler.nice: 20 is out of range (-20 to 19)" },
		{ PROCESS("'scheduler':{'policy':'SCHED_OTHER','priority':1}"), "process.scheduler.priority: only for SCHED_FIFO and SCHED_RR" },
		{ PROCESS("'scheduler':{'policy':'SCHED_FIFO','priority':99}"), NULL },
		{ PROCESS("'scheduler':{'policy':'SCHED_RR','priority':0}"), "process.scheduler.priority: 0 is out of range (1 to 99)" },
		{ PROCESS("'scheduler':{'policy':'SCHED_FIFO','priority':9,'runtime':1}"),
			"process.scheduler: runtime, deadline and period are only for SCHED_DEADLINE" },
		{ PROCESS("'scheduler':{'policy':'SCHED_DEADLINE','runtime':5000,'deadline':6000,'period':7000}"), NULL },
		{ PROCESS("'scheduler':{'policy':'SCHED_DEADLINE','runtime':5000,'deadline':6000}"), NULL },
		{ PROCESS("'scheduler':{'policy':'SCHED_DEADLINE','runtime':5000,'deadline':6000,'period':5500}"),
			"process.scheduler: SCHED_DEADLINE needs 1024 <= runtime <= deadline <= period (ns)" },
		{ PROCESS("'capabilities':{'effective':['CAP_SYS_ADMIN']}"), "process.capabilities.effective: 'CAP_SYS_ADMIN' is not in permitted" },
		{ PROCESS("'capabilities':{'bounding':['SYS_ADMIN']}"), "process.capabilities.bounding[0]: unknown capability 'SYS_ADMIN'" },
		{ PROCESS("'execCPUAffinity':{'initial':'0-3, 7'}"), NULL },
		{ PROCESS("'execCPUAffinity':{'final':'0-'}"), "process.execCPUAffinity.final: '0-' is not a list of CPUs" },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

static void document_checks(void)
{
	static const struct row rows[] = {
		{ "'hostname':'h'", "hostname: needs a uts namespace in linux.namespaces" },
		{ "'domainname':'h'", "domainname: needs a uts namespace in linux.namespaces" },
		{ "'hostname':'h','linux':{'namespaces':[{'type':'uts','path':'/x'}]}", NULL },
		{ "'hostname':'01234567890123456789012345678901234567890123456789012345678901234','linux':{'namespaces':[{'type':'uts'}]}",
			"hostname: longer than 64 bytes" },
		{ "'annotations':{'':'x'}", "annotations: a key is empty" },
		{ "'hooks':{'poststop':[{'path':'/a'},{'path':'a'}]}", "hooks.poststop[1].path: 'a' is not an absolute path" },
		{ "'hooks':{'prestart':[{'path':'/a','timeout':0}]}", "hooks.prestart[0].timeout: 0 is not greater than 0" },
		{ "'hooks':{'prestart':[{}]}", "hooks.prestart[0].path: missing" },
		{ "'mounts':[{'destination':''}]", "mounts[0].destination: must not be empty" },
		{ "'mounts':[{'destination':'/','uidMappings':[{'containerID':0,'hostID':0,'size':1}]}]",
			"mounts[0]: uidMappings and gidMappings are only valid together" },
		{ "'mounts':[{'destination':'/','uidMappings':[{'containerID':0,'hostID':0,'size':0}]}]", "mounts[0].uidMappings[0].size: must not be 0" },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

#define LINUX(namespaces, members) "'linux':{'namespaces':[" namespaces "]," members "}"
#define MAP(c, h, s) "{'containerID':" #c ",'hostID':" #h ",'size':" #s "}"
#define USER "{'type':'user'}"

static void linux_checks(void)
{
	static const struct row rows[] = {
		{ LINUX("{'type':'pid'},{'type':'pid'}", "'x':0"), "linux.namespaces[1].type: 'pid' is given twice" },
		{ LINUX("{'type':'pid','path':'x'}", "'x':0"), "linux.namespaces[0].path: 'x' is not an absolute path" },
		{ LINUX("{'type':'mnt'}", "'x':0"), "linux.namespaces[0].type: unknown namespace type 'mnt'" },
		{ LINUX("", "'uidMappings':[" MAP(0, 0, 1) "]"), "linux.uidMappings: need a user namespace in linux.namespaces" },
		{ LINUX("", "'gidMappings':[" MAP(0, 0, 1) "]"), "linux.gidMappings: need a user namespace in linux.namespaces" },
		{ LINUX(USER, "'x':0"), "linux.uidMappings: missing, a new user namespace needs them" },
		{ LINUX(USER, "'uidMappings':[" MAP(0, 0, 1) "]"), "linux.gidMappings: missing, a new user namespace needs them" },
		{ LINUX("{'type':'user','path':'/x'}", "'x':0"), NULL },
		{ LINUX(USER, "'uidMappings':[" MAP(0, 0, 4294967295) "],'gidMappings':[" MAP(0, 5, 1) "," MAP(1, 6, 9) "]"), NULL },
		{ LINUX(USER, "'uidMappings':[" MAP(1, 0, 4294967295) "]"), "linux.uidMappings[0]: goes beyond the last id, 4294967294" },
		{ LINUX(USER, "'uidMappings':[" MAP(0, 0, 10) "," MAP(9, 100, 1) "]"), "linux.uidMappings[1]: overlaps with uidMappings[0]" },
		{ LINUX(USER, "'uidMappings':[" MAP(0, 0, 10) "," MAP(10, 9, 1) "]"), "linux.uidMappings[1]: overlaps with uidMappings[0]" },
		{ LINUX("", "'timeOffsets':{'monotonic':{'secs':1}}"), "linux.timeOffsets.monotonic: needs a time namespace in linux.namespaces" },
		{ LINUX("{'type':'time','path':'/x'}", "'timeOffsets':{'boottime':{}}"),
			"linux.timeOffsets.boottime: cannot be set in a time namespace that is joined" },
		{ LINUX("{'type':'time'}", "'timeOffsets':{'boottime':{'nanosecs':1000000000}}"),
			"linux.timeOffsets.boottime.nanosecs: 1000000000 is out of range (0 to 999999999)" },
		{ LINUX("", "'maskedPaths':['/x']"), "linux.maskedPaths: need a mount namespace in linux.namespaces" },
		{ LINUX("{'type':'mount'}", "'maskedPaths':['/x','y']"), "linux.maskedPaths[1]: 'y' is not an absolute path" },
		{ LINUX("{'type':'mount'}", "'readonlyPaths':['']"), "linux.readonlyPaths[0]: '' is not an absolute path" },
		{ LINUX("", "'rootfsPropagation':'public'"), "linux.rootfsPropagation: unknown mount propagation 'public'" },
		{ LINUX("", "'cgroupsPath':'a/../b'"), "linux.cgroupsPath: 'a/../b' holds '..'" },
		{ LINUX("", "'cgroupsPath':'..'"), "linux.cgroupsPath: '..' holds '..'" },
		{ LINUX("", "'cgroupsPath':'/a/..'"), "linux.cgroupsPath: '/a/..' holds '..'" },
		{ LINUX("", "'cgroupsPath':'/a..b/..c/d..'"), NULL },
		{ LINUX("", "'cgroupsPath':'system.slice:cri:abc'"), NULL },
		{ LINUX("", "'cgroupsPath':'a\\n'"), "linux.cgroupsPath: holds a control character" },
		{ LINUX("", "'intelRdt':{'closID':'/'}"), NULL },
		{ LINUX("", "'intelRdt':{'closID':'..'}"), "linux.intelRdt.closID: '..' is not a name of a directory" },
		{ LINUX("", "'intelRdt':{'closID':'a/b'}"), "linux.intelRdt.closID: 'a/b' is not a name of a directory" },
		{ LINUX("", "'intelRdt':{'memBwSchema':'L3:0'}"), "linux.intelRdt.memBwSchema: is not one line that begins with 'MB:'" },
		{ LINUX("", "'intelRdt':{'schemata':['a','b\\nc']}"), "linux.intelRdt.schemata[1]: holds a line break" },
		{ LINUX("", "'memoryPolicy':{'mode':'MPOL_BIND','nodes':'x'}"), "linux.memoryPolicy.nodes: 'x' is not a list of nodes" },
		{ LINUX("", "'memoryPolicy':{'mode':'MPOL_BIND','nodes':'0','flags':['MPOL_F_STATIC_NODES','MPOL_F_RELATIVE_NODES']}"),
			"linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other" },
		{ LINUX("", "'personality':{'domain':'PLAN9'}"), "linux.personality.domain: unknown personality domain 'PLAN9'" },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

#define DEVICE(members) LINUX("", "'devices':[{" members "}]")
#define NET "{'type':'network'}"

static void device_checks(void)
{
	static const struct row rows[] = {
		{ DEVICE("'type':'c','path':'/d','major':1,'minor':0"), NULL },
		{ DEVICE("'type':'p','path':'/d'"), NULL },
		{ DEVICE("'type':'a','path':'/d'"), "linux.devices[0].type: 'a' is none of c, b, u, p" },
		{ DEVICE("'type':'c','path':'d','major':1,'minor':0"), "linux.devices[0].path: 'd' is not an absolute path" },
		{ DEVICE("'type':'u','path':'/d','major':1"), "linux.devices[0]: major and minor are required for type 'u'" },
		{ DEVICE("'type':'b','path':'/d','major':4096,'minor':0"), "linux.devices[0].major: 4096 is out of range (0 to 4095)" },
		{ DEVICE("'type':'b','path':'/d','major':1,'minor':-1"), "linux.devices[0].minor: -1 is out of range (0 to 1048575)" },
		{ LINUX("", "'netDevices':{'eth0':{}}"), "linux.netDevices: need a network namespace in linux.namespaces" },
		{ LINUX(NET, "'netDevices':{'eth0':{'name':'a1234567890123'},'eth1':{'name':'x%d'}}"), NULL },
		{ LINUX(NET, "'netDevices':{'e%d':{}}"), "linux.netDevices: 'e%d' is not a name of an interface" },
		{ LINUX(NET, "'netDevices':{'..':{}}"), "linux.netDevices: '..' is not a name of an interface" },
		{ LINUX(NET, "'netDevices':{'':{}}"), "linux.netDevices: '' is not a name of an interface" },
		{ LINUX(NET, "'netDevices':{'e':{'name':'a123456789012345'}}"),
			"linux.netDevices[\"e\"].name: 'a123456789012345' is not a name for an interface" },
		{ LINUX(NET, "'netDevices':{'e':{'name':'a/b'}}"), "linux.netDevices[\"e\"].name: 'a/b' is not a name for an interface" },
		{ LINUX(NET, "'netDevices':{'e':{'name':'a%d%d'}}"), "linux.netDevices[\"e\"].name: 'a%d%d' is not a name for an interface" },
		{ LINUX(NET, "'netDevices':{'e':{'name':'a%s'}}"), "linux.netDevices[\"e\"].name: 'a%s' is not a name for an interface" },
		{ LINUX(NET, "'netDevices':{'e':{},'f':{'name':'e'}}"), "linux.netDevices[\"f\"].name: 'e' is given twice" },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

#define RESOURCES(members) "'linux':{'resources':{" members "}}"

static void resource_checks(void)
{
	static const struct row rows[] = {
		{ RESOURCES("'devices':[{'allow':true,'type':'a','access':'wm'}]"), NULL },
		{ RESOURCES("'devices':[{}]"), "linux.resources.devices[0].allow: missing" },
		{ RESOURCES("'devices':[{'allow':true,'type':'x'}]"), "linux.resources.devices[0].type: 'x' is none of a, b, c" },
		{ RESOURCES("'devices':[{'allow':true,'access':'rx'}]"), "linux.resources.devices[0].access: 'rx' has other letters than r, w, m" },
		{ RESOURCES("'devices':[{'allow':true,'major':-2}]"), "linux.resources.devices[0].major: -2 is out of range" },
		{ RESOURCES("'hugepageLimits':[{'pageSize':'64KB','limit':1}]"), NULL },
		{ RESOURCES("'hugepageLimits':[{'pageSize':'64kB','limit':1}]"),
			"linux.resources.hugepageLimits[0].pageSize: '64kB' is not a size such as 2MB" },
		{ RESOURCES("'hugepageLimits':[{'pageSize':'../x','limit':1}]"),
			"linux.resources.hugepageLimits[0].pageSize: '../x' is not a size such as 2MB" },
		{ RESOURCES("'unified':{'a/b':'1'}"), "linux.resources.unified: 'a/b' is not a name of a file" },
		{ RESOURCES("'unified':{'..':'1'}"), "linux.resources.unified: '..' is not a name of a file" },
		{ RESOURCES("'unified':{'':'1'}"), "linux.resources.unified: '' is not a name of a file" },
		{ RESOURCES("'rdma':{'a b':{}}"), "linux.resources.rdma: 'a b' is not a name of a device" },
		{ RESOURCES("'network':{'priorities':[{'name':'a\\nb','priority':1}]}"),
			"linux.resources.network.priorities[0].name: is not a name of an interface" },
		{ RESOURCES("'blockIO':{'weight':65536}"), "linux.resources.blockIO.weight: 65536 is out of range (0 to 65535)" },
		{ RESOURCES("'blockIO':{'weightDevice':[{'major':1,'minor':1,'weight':65536}]}"),
			"linux.resources.blockIO.weightDevice[0].weight: 65536 is out of range (0 to 65535)" },
		{ RESOURCES("'cpu':{'cpus':'0\\n'}"), "linux.resources.cpu.cpus: holds a control character" },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

#define IPC "{'type':'ipc'}"
#define UTS "{'type':'uts'}"

static void sysctl_checks(void)
{
	static const struct row rows[] = {
		{ LINUX(IPC, "'sysctl':{'kernel.shmmax':'1','fs.mqueue.msg_max':'2','kernel/sem':'3'}"), NULL },
		{ LINUX("", "'sysctl':{'kernel.shmmax':'1'}"), "linux.sysctl[\"kernel.shmmax\"]: needs a namespace of type 'ipc' in linux.namespaces" },
		{ LINUX("", "'sysctl':{'fs/mqueue/x':'1'}"), "linux.sysctl[\"fs/mqueue/x\"]: needs a namespace of type 'ipc' in linux.namespaces" },
		{ LINUX(NET, "'sysctl':{'net.ipv4.conf.eth0/100.forwarding':'1','net/ipv4/conf/eth0.100/forwarding':'1'}"), NULL },
		{ LINUX("", "'sysctl':{'net.ipv4.ip_forward':'1'}"),
			"linux.sysctl[\"net.ipv4.ip_forward\"]: needs a namespace of type 'network' in linux.namespaces" },
		{ LINUX(UTS, "'sysctl':{'kernel.domainname':'1','kernel.hostname':'x'}"), NULL },
		{ "'hostname':'h'," LINUX(UTS, "'sysctl':{'kernel.hostname':'1'}"), "linux.sysctl[\"kernel.hostname\"]: conflicts with hostname" },
		{ "'domainname':'h'," LINUX(UTS, "'sysctl':{'kernel.domainname':'1'}"), "linux.sysctl[\"kernel.domainname\"]: conflicts with domainname" },
		{ LINUX(NET, "'sysctl':{'user.max_user_namespaces':'1'}"),
			"linux.sysctl[\"user.max_user_namespaces\"]: needs a namespace of type 'user' in linux.namespaces" },
		{ LINUX(NET, "'sysctl':{'kernel.core_pattern':'|/x'}"),
			"linux.sysctl[\"kernel.core_pattern\"]: belongs to no namespace, it would change the host" },
		{ LINUX(NET, "'sysctl':{'vm.swappiness':'1'}"), "linux.sysctl[\"vm.swappiness\"]: belongs to no namespace, it would change the host" },
		{ LINUX(NET, "'sysctl':{'net/../kernel/core_pattern':'1'}"), "linux.sysctl: 'net/../kernel/core_pattern' is not a name of a sysctl" },
		{ LINUX(NET, "'sysctl':{'net.//.kernel.core_pattern':'1'}"), "linux.sysctl: 'net.//.kernel.core_pattern' is not a name of a sysctl" },
		{ LINUX(NET, "'sysctl':{'net..ipv4':'1'}"), "linux.sysctl: 'net..ipv4' is not a name of a sysctl" },
		{ LINUX(NET, "'sysctl':{'net.':'1'}"), "linux.sysctl: 'net.' is not a name of a sysctl" },
		{ LINUX(NET, "'sysctl':{'/net/x':'1'}"), "linux.sysctl: '/net/x' is not a name of a sysctl" },
		{ LINUX(NET, "'sysctl':{'net':'1'}"), "linux.sysctl[\"net\"]: belongs to no namespace, it would change the host" },
		{ LINUX(NET, "'sysctl':{'':'1'}"), "linux.sysctl: '' is not a name of a sysctl" },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

#define SECCOMP(members) "'linux':{'seccomp':{'defaultAction':'SCMP_ACT_ERRNO'," members "}}"
#define RULE(action, more) "'syscalls':[{'names':['read'],'action':'SCMP_ACT_" action "'" more "}]"

static void seccomp_checks(void)
{
	static const struct row rows[] = {
		{ SECCOMP("'defaultErrnoRet':4095," RULE("TRACE", ",'errnoRet':65535")), NULL },
		{ SECCOMP("'defaultErrnoRet':4096"), "linux.seccomp.defaultErrnoRet: 4096 is out of range (0 to 4095)" },
		{ SECCOMP(RULE("TRACE", ",'errnoRet':65536")), "linux.seccomp.syscalls[0].errnoRet: 65536 is out of range (0 to 65535)" },
		{ SECCOMP(RULE("ALLOW", ",'errnoRet':65536")), NULL },
		{ SECCOMP(RULE("ALLOW", ",'args':[{'index':6,'value':0,'op':'SCMP_CMP_EQ'}]")),
			"linux.seccomp.syscalls[0].args[0].index: 6 is out of range (0 to 5)" },
		{ SECCOMP(RULE("ALLOW", ",'args':[{'index':0,'value':0,'op':'EQ'}]")),
			"linux.seccomp.syscalls[0].args[0].op: unknown seccomp operator 'EQ'" },
		{ SECCOMP(RULE("NOTIFY", "")), "linux.seccomp.listenerPath: missing, a rule says SCMP_ACT_NOTIFY" },
		{ "'annotations':{'run.oci.seccomp.receiver':'/s'}," SECCOMP(RULE("NOTIFY", "")), NULL },
		{ SECCOMP("'listenerPath':'/s'," RULE("NOTIFY", "")), NULL },
		{ SECCOMP("'listenerPath':'s'," RULE("NOTIFY", "")), "linux.seccomp.listenerPath: 's' is not an absolute path" },
		{ SECCOMP("'listenerMetadata':'m'"), "linux.seccomp.listenerMetadata: given without listenerPath" },
		{ SECCOMP("'syscalls':[{'names':[],'action':'SCMP_ACT_ALLOW'}]"), "linux.seccomp.syscalls[0].names: must not be empty" },
		{ SECCOMP("'syscalls':[{'names':[''],'action':'SCMP_ACT_ALLOW'}]"), "linux.seccomp.syscalls[0].names[0]: must not be empty" },
		{ SECCOMP("'listenerPath':'/s','syscalls':[{'names':['read','write'],'action':'SCMP_ACT_NOTIFY'}]"),
			"linux.seccomp.syscalls[0].action: SCMP_ACT_NOTIFY cannot be used for 'write'" },
		{ "'linux':{'seccomp':{'defaultAction':'SCMP_ACT_NOTIFY','listenerPath':'/s'}}",
			"linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default" },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

/* lists end before memory does */
static void limits(void)
{
	char *text = malloc(JSON_SIZE_MAX);
	size_t used;
	struct spec s;

	used = (size_t)sprintf(text, HEAD ",\"linux\":{\"namespaces\":[");
	for (int i = 0; i < 65; i++)
		used += (size_t)sprintf(text + used, "%s{\"type\":\"pid\"}", i ? "," : "");
	(void)sprintf(text + used, "]}}");
	CHECK(read_text(text, &s) < 0);
	CHECK_STRING(error.text, "linux.namespaces: has 65 elements, more than 64");
	used = (size_t)sprintf(text, HEAD ",\"annotations\":{");
	for (int i = 0; i < 65537; i++)
		used += (size_t)sprintf(text + used, "%s\"%d\":\"\"", i ? "," : "", i);
	(void)sprintf(text + used, "}}");
	CHECK(read_text(text, &s) < 0);
	CHECK_STRING(error.text, "annotations: has 65537 elements, more than 65536");
	free(text);
}

static void parts(void)
{
	struct process process;
	struct resources resources;
	struct mount_list mounts;

	arena_deinit(&arena);
	CHECK(arena_init(&arena) == 0);
	CHECK(spec_read_process(&arena, &error, document("{\"cwd\":\"/\",\"args\":[\"a\",\"b\"],\"noNewPrivileges\":true}"), &process) == 0);
	CHECK(process.args.n == 2 && process.no_new_privileges);
	CHECK(spec_read_process(&arena, &error, document("{\"cwd\":\"/\",\"args\":[]}"), &process) < 0);
	CHECK_STRING(error.text, "process.args: must not be empty");
	CHECK(spec_read_process(&arena, &error, document("{\"args\":[4]}"), &process) < 0);
	CHECK_STRING(error.text, "process.args[0]: expected a string, got 4");
	CHECK(spec_read_resources(&arena, &error, document("{\"memory\":{\"limit\":5},\"blockIO\":{\"weight\":0},\"devices\":null}"), &resources) == 0);
	CHECK(resources.memory.limit.set && resources.memory.limit.value == 5 && resources.block_io.weight.set);
	CHECK(spec_read_resources(&arena, &error, document("{\"unified\":{\"a/b\":\"\"}}"), &resources) < 0);
	CHECK_STRING(error.text, "resources.unified: 'a/b' is not a name of a file");
	CHECK(spec_read_mounts(&arena, &error, document("[{\"destination\":\"/a\",\"source\":\"/b\",\"options\":[\"rbind\"]}]"), &mounts) == 0);
	CHECK(mounts.n == 1 && mounts.v[0].flags.bind && mounts.v[0].flags.recursive);
	CHECK(spec_read_mounts(&arena, &error, document("[{\"destination\":\"/a\"},{}]"), &mounts) < 0);
	CHECK_STRING(error.text, "mounts[1].destination: missing");
	CHECK(spec_read_mounts(&arena, &error, document("{}"), &mounts) < 0);
	CHECK_STRING(error.text, "mounts: expected an array, got an object");
}

/* the default bundles are valid, and what is written of them is read back as the same */
static void defaults(void)
{
	for (int rootless = 0; rootless < 2; rootless++) {
		static char text[16384];
		struct spec made, got;

		arena_deinit(&arena);
		CHECK(arena_init(&arena) == 0);
		spec_default(&arena, &made, rootless, 1000, 1001);
		CHECK(spec_check(&made, &error) == 0);
		(void)snprintf(text, sizeof(text), "%s", written(&made, 1));
		CHECK(read_text(text, &got) == 0);
		CHECK_STRING(written(&got, 1), text);
		CHECK(got.mounts.n == 7 && got.process.terminal && got.process.no_new_privileges && got.root.readonly);
		CHECK((spec_namespace(&got, NAMESPACE_USER) != NULL) == rootless && (spec_namespace(&got, NAMESPACE_NETWORK) != NULL) == !rootless);
		CHECK(!rootless || (got.linux.uid_mappings.v[0].host_id == 1000 && got.linux.gid_mappings.v[0].host_id == 1001));
		CHECK(got.linux.resources.devices.n == !rootless);
	}
}

int main(void)
{
	RUN(every_field);
	RUN(round_trip);
	RUN(absent);
	RUN(wrong_types);
	RUN(versions);
	RUN(process_checks);
	RUN(document_checks);
	RUN(linux_checks);
	RUN(device_checks);
	RUN(resource_checks);
	RUN(sysctl_checks);
	RUN(seccomp_checks);
	RUN(limits);
	RUN(parts);
	RUN(defaults);
	arena_deinit(&arena);
	return unit_done();
}
