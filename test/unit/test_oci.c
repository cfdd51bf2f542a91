/* config.json: what is read, with which words a wrong type is refused, and that what is written is read back as the same. */
#include "oci_fixture.h"

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
	RUN(limits);
	RUN(parts);
	RUN(defaults);
	arena_deinit(&arena);
	return unit_done();
}
