/* The seccomp aspect: its filters in the kernel, flags, annotations, and the way of a listener to the agent. */
#include "aspect/seccomp.h"

#include <linux/seccomp.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "aspect_fixture.h"
#include "base/fd.h"
#include "base/sys.h"
#include "seccomp_profile.h"

static void use_profile(struct fixture *f, const char *json)
{
	fixture_begin(f);
	f->spec.linux.seccomp = (struct seccomp *)(uintptr_t)profile(json);
	f->spec.has_linux = true;
	f->spec.process.no_new_privileges = true;
}

static void annotate(struct fixture *f, const char *key, const char *value)
{
	f->spec.annotations.v = arena_many(&f->arena, struct string_pair, 1);
	f->spec.annotations.v[0] = (struct string_pair){ arena_strdup(&f->arena, key), arena_strdup(&f->arena, value) };
	f->spec.annotations.n = 1;
}

static bool seal(struct child *c)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && aspect_seccomp.seal(c) == 0;
}

static bool refused(long result, int number)
{
	return result == -1 && errno == number;
}

/* All arguments are long: the filter sees 64 bits, and the upper half of a variable argument of type int is whatever the register held. */
static bool decisions_in_kernel(struct child *c)
{
	bool ok = seal(c);

	ok = ok && refused(syscall(SYS_kexec_load, 0L, 0L, NULL, 0L), EPERM) && refused(syscall(SYS_socket, 16L, 3L, 9L), EINVAL);
	ok = ok && refused(syscall(1000), ENOSYS) && refused(syscall(SYS_personality, 9L), ENOSYS);
	ok = ok && syscall(SYS_personality, 0xffffffffL) >= 0 && syscall(SYS_getppid) > 0;
	return ok;
}

static void kernel_decides_so_too(void)
{
	struct fixture f;

	use_profile(&f, podman_default());
	CHECK(fixture_plan(&f, &aspect_seccomp) == 0);
	CHECK(fixture_child(&f, decisions_in_kernel) == 0);
	CHECK(f.shared->faults == 0 && f.shared->sent == 0);
	fixture_end(&f);
}

static bool killed(struct child *c)
{
	return seal(c) && syscall(SYS_getppid) >= 0;
}

static void kernel_kills_and_takes_large_programs(void)
{
	struct fixture f;

	use_profile(&f, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\",\"SECCOMP_FILTER_FLAG_LOG\","
			"\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\",\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],"
			"\"syscalls\":[{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"}]}");
	CHECK(fixture_plan(&f, &aspect_seccomp) == 0);
	CHECK(fixture_child(&f, killed) == 128 + SIGSYS);
	fixture_end(&f);
	use_profile(&f, large_profile(900));
	CHECK(fixture_plan(&f, &aspect_seccomp) == 0);
	f.spec.linux.seccomp->default_action = ACTION_ALLOW; /* the same shape, and the child can still exit */
	CHECK(aspect_seccomp.check(&f.plan) == 0);
	CHECK(fixture_child(&f, seal) == 0);
	fixture_end(&f);
}

static bool raw_refuses_getppid(struct child *c)
{
	return seal(c) && refused(syscall(SYS_getppid), 42);
}

static void annotations_of_crun(void)
{
	/* ld nr; jeq 110 (getppid): errno 42, else allow; in little-endian, x86_64 */
	static const char raw[] = "IAAAAAAAAAAVAAABbgAAAAYAAAAqAAUABgAAAAAA/38=";
	struct fixture f;

	fixture_begin(&f);
	annotate(&f, "run.oci.seccomp_bpf_data", raw);
	CHECK(fixture_plan(&f, &aspect_seccomp) == 0);
	CHECK(fixture_child(&f, raw_refuses_getppid) == 0);
	annotate(&f, "run.oci.seccomp_bpf_data", "IAAAAAAAAAAVAAAA");
	CHECK(fixture_plan(&f, &aspect_seccomp) < 0 && strstr(f.error.text, "instructions"));
	annotate(&f, "run.oci.seccomp_bpf_data", "IAAA*");
	CHECK(fixture_plan(&f, &aspect_seccomp) < 0 && strstr(f.error.text, "not base64"));
	fixture_end(&f);
	use_profile(&f, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"frob\"],\"action\":\"SCMP_ACT_ERRNO\"}]}");
	annotate(&f, "run.oci.seccomp_fail_unknown_syscall", "1");
	CHECK(fixture_plan(&f, &aspect_seccomp) < 0);
	annotate(&f, "run.oci.seccomp_fail_unknown_syscall", "0");
	CHECK(fixture_plan(&f, &aspect_seccomp) == 0);
	fixture_end(&f);
}

static void plugins_are_refused(void)
{
	struct fixture f;

	fixture_begin(&f);
	annotate(&f, "run.oci.seccomp.plugins", "/usr/lib/plugin.so"); /* without a profile, too */
	CHECK(fixture_plan(&f, &aspect_seccomp) < 0 && strstr(f.error.text, "annotations.run.oci.seccomp.plugins: "));
	fixture_end(&f);
}

static void unknown_flags_are_refused(void)
{
	struct fixture f;

	use_profile(&f, "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}");
	f.spec.linux.seccomp->flags = 1u << 30;
	CHECK(fixture_plan(&f, &aspect_seccomp) < 0 && strstr(f.error.text, "linux.seccomp.flags"));
	fixture_end(&f);
}

/* ---- the listener ---- */

#define NOTIFY(default_action, name)                                                                                                                 \
	"{\"defaultAction\":\"SCMP_ACT_" default_action "\",\"listenerPath\":\"/run/agent\",\"listenerMetadata\":\"meta\\\"data\","                  \
	"\"syscalls\":[{\"names\":[\"" name "\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}"

static void notify_is_checked(void)
{
	struct fixture f;

	use_profile(&f, NOTIFY("ALLOW", "sendmsg"));
	CHECK(fixture_plan(&f, &aspect_seccomp) < 0 &&
		strstr(f.error.text, "linux.seccomp.syscalls[0].action: SCMP_ACT_NOTIFY cannot be used for 'sendmsg'"));
	fixture_end(&f);
	use_profile(&f, NOTIFY("ERRNO", "getppid"));
	CHECK(fixture_plan(&f, &aspect_seccomp) < 0 && strstr(f.error.text, "'sendmsg' must be allowed"));
	f.spec.linux.seccomp->default_action = ACTION_LOG;
	f.spec.linux.seccomp->listener_path = NULL;
	CHECK(fixture_plan(&f, &aspect_seccomp) < 0 && strstr(f.error.text, "linux.seccomp.listenerPath: missing"));
	annotate(&f, "run.oci.seccomp.receiver", "/run/other");
	CHECK(fixture_plan(&f, &aspect_seccomp) == 0);
	CHECK_STRING(seccomp_listener_path(&f.plan), "/run/other");
	f.request.seccomp_receiver = "/run/environment"; /* the last resort */
	CHECK_STRING(seccomp_listener_path(&f.plan), "/run/other");
	f.spec.annotations.n = 0;
	CHECK(fixture_plan(&f, &aspect_seccomp) == 0);
	CHECK_STRING(seccomp_listener_path(&f.plan), "/run/environment");
	f.spec.linux.seccomp->listener_path = (char[]){ "/run/agent" };
	CHECK_STRING(seccomp_listener_path(&f.plan), "/run/agent");
	fixture_end(&f);
}

static void listener_is_sent(void)
{
	struct fixture f;

	use_profile(&f, NOTIFY("ALLOW", "getppid"));
	f.spec.linux.seccomp->flags = 1 | 1 << 5; /* TSYNC, WAIT_KILLABLE_RECV */
	CHECK(fixture_plan(&f, &aspect_seccomp) == 0);
	CHECK(fixture_child(&f, seal) == 0);
	CHECK(f.shared->sent == 1);
	fixture_end(&f);
}

static void agent_gets_state_and_descriptor(void)
{
	static const char state[] = "{\"ociVersion\":\"1.2.0\",\"id\":\"unit\",\"status\":\"creating\",\"pid\":4711,\"bundle\":\"/b\"}";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char directory[] = "/tmp/hull-seccomp-XXXXXX", text[4096];
	const struct json *document = NULL;
	struct fixture f;
	int fds[2] = { NO_FD, NO_FD }, listening, agent;
	ssize_t n;

	CHECK(mkdtemp(directory) != NULL);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/agent", directory);
	listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(bind(listening, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(listening, 1) == 0);
	use_profile(&f, NOTIFY("ALLOW", "getppid"));
	CHECK(seccomp_deliver(&f.plan, STDIN_FILENO, state) < 0);
	CHECK(strstr(f.error.text, "linux.seccomp.listenerPath: cannot connect to '/run/agent'"));
	f.spec.linux.seccomp->listener_path = address.sun_path;
	CHECK(seccomp_deliver(&f.plan, listening, state) == 0);
	agent = accept(listening, NULL, NULL);
	n = fd_receive(agent, text, sizeof(text), fds, 1);
	CHECK(n > 0 && fds[0] >= 0 && json_parse(&f.arena, &f.error, "agent", text, (size_t)n, &document) == 0);
	if (document) {
		int64_t pid = 0;

		CHECK(json_to_i64(json_get(document, "pid"), &pid) == 0 && pid == 4711);
		CHECK_STRING(json_get(document, "metadata")->text, "meta\"data");
		CHECK_STRING(json_get(document, "ociVersion")->text, "1.2.0");
		CHECK_STRING(json_get(document, "fds")->first->text, "seccompFd");
		CHECK_STRING(json_get(json_get(document, "state"), "bundle")->text, "/b");
	}
	(void)close_fd(fds[0]);
	(void)close_fd(agent);
	(void)close_fd(listening);
	(void)unlink(address.sun_path);
	(void)rmdir(directory);
	fixture_end(&f);
}

static void features_are_said(void)
{
	struct json_writer w = json_writer_on(&arena, 0);
	const struct json *document, *seccomp;
	const char *text;

	json_open_object(&w, NULL);
	aspect_seccomp.features(&w);
	json_close_object(&w);
	text = json_text(&w);
	CHECK(json_parse(&arena, &error, "features", text, strlen(text), &document) == 0);
	seccomp = json_get(document, "seccomp");
	CHECK(json_get(seccomp, "enabled")->boolean && json_get(seccomp, "actions")->n_children == ACTION_MAX);
	CHECK(json_get(seccomp, "operators")->n_children == OPERATOR_MAX && json_get(seccomp, "archs")->n_children == ARCH_MAX);
	CHECK(json_get(seccomp, "knownFlags")->n_children == 4 && json_get(seccomp, "supportedFlags")->n_children >= 1);
}

int main(void)
{
	if (arena_init(&arena) < 0)
		return 1;
	RUN(kernel_decides_so_too);
	RUN(kernel_kills_and_takes_large_programs);
	RUN(annotations_of_crun);
	RUN(plugins_are_refused);
	RUN(unknown_flags_are_refused);
	RUN(notify_is_checked);
	RUN(listener_is_sent);
	RUN(agent_gets_state_and_descriptor);
	RUN(features_are_said);
	return unit_done();
}
