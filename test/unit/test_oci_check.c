/* config.json: what the specification demands of values and of their combination, and with which words it is refused. */
#include "oci_fixture.h"

static void versions(void)
{
	static const char *const good[] = { "1.0.0", "1.0.2-dev", "1.2.1", "1.3.0+dev", "1.1.0-rc.1+x", "1.10.20", "0.5.0-dev" };
	static const char *const bad[] = { "1", "1.0", "1.0.0.0", "1.0.x", "v1.0.0", "1.0.0-", "1.0.0 ", "1..0", "", "1.0.0_", "2.0.0", "11.0.0" };
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
		{ PROCESS("'capabilities':{'bounding':['SYS_ADMIN']}"), NULL }, /* warned of: sys/config */
		{ PROCESS("'capabilities':{'bounding':[7]}"), "process.capabilities.bounding[0]: expected a string, got 7" },
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
		{ LINUX("", "'personality':{'domain':'LINUX','flags':[]}"), NULL },
		{ LINUX("", "'personality':{'domain':'LINUX','flags':['X']}"),
			"linux.personality.flags[0]: 'X' is unknown, as every flag: the specification has none yet" },
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
		{ LINUX(UTS, "'sysctl':{'kernel.domainname':'1'}"), NULL },
		{ LINUX(UTS, "'sysctl':{'kernel.hostname':'1'}"), "linux.sysctl[\"kernel.hostname\"]: conflicts with hostname, which is what sets it" },
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
		{ SECCOMP(RULE("NOTIFY", "")), NULL } /* a listener may be named by the environment: the aspect looks */,
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

int main(void)
{
	RUN(versions);
	RUN(process_checks);
	RUN(document_checks);
	RUN(linux_checks);
	RUN(device_checks);
	RUN(resource_checks);
	RUN(sysctl_checks);
	RUN(seccomp_checks);
	arena_deinit(&arena);
	return unit_done();
}
