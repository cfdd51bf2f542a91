/*
 * hull-systemd start|set|attach|stop: makes, changes and stops the systemd unit of a container. hull starts it when its systemd cgroup manager is asked for;
 * src/aspect/cgroup_systemd.c has the protocol.
 *
 * It is a program of its own because libsystemd is a library for glibc, and hull is a small static program. It trusts its caller, who could talk to
 * systemd as well, and believes what systemd says only about the job that it asked for.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "base/text.h"

#define SERVICE "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"

enum { REQUEST_MAX = 1 << 20, JOBS_MAX = 64, PATH_TEXT_MAX = 256, JOB_WAIT_USEC = 50 * 1000 * 1000 };

/* A job that has ended. */
struct ended {
	char path[PATH_TEXT_MAX];
	char result[32];
};

/*
 * @words, @end: the request, zero-terminated words;  @ended: jobs that were heard to end, the oldest is overwritten
 */
struct helper {
	sd_bus *bus;
	const char *word, *end;
	bool user;
	const char *unit;
	struct ended ended[JOBS_MAX];
	size_t n_ended;
};

static char request[REQUEST_MAX + 1];

/* Answer and leave. */
static _Noreturn void give_up(const char *what, int r, const sd_bus_error *error)
{
	const char *why = error && error->message ? error->message : r < 0 ? strerror(-r) : "";

	printf("%s%s%s\n", what, why[0] ? ": " : "", why);
	(void)fflush(stdout);
	exit(1);
}

static void must(int r, const char *what)
{
	if (r < 0)
		give_up(what, r, NULL);
}

/* ---- the request ---- */

/* Read until the empty word that ends it. */
static void read_request(struct helper *h)
{
	size_t length = 0;

	while (length < 2 || request[length - 1] || request[length - 2]) {
		ssize_t n = length < REQUEST_MAX ? read(STDIN_FILENO, request + length, REQUEST_MAX - length) : 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			give_up("the request is not complete", 0, NULL);
		length += (size_t)n;
	}
	h->word = request;
	h->end = request + length;
}

static const char *next_word(struct helper *h)
{
	const char *word = h->word;

	if (word >= h->end)
		give_up("the request is too short", 0, NULL);
	h->word += strlen(word) + 1;
	return word;
}

/* ---- values ---- */

static int append_scalar(sd_bus_message *m, char type, const char *value)
{
	uint64_t positive = 0;
	int64_t any = 0;

	if (strchr("sog", type))
		return sd_bus_message_append_basic(m, type, value);
	if (type == 'b')
		return sd_bus_message_append(m, "b", strcmp(value, "true") == 0);
	if (strchr("yqut", type) ? text_to_u64(value, &positive) < 0 : text_to_i64(value, &any) < 0)
		return -EINVAL;
	switch (type) {
	case 'y':
		return sd_bus_message_append(m, "y", (uint8_t)positive);
	case 'q':
		return sd_bus_message_append(m, "q", (uint16_t)positive);
	case 'u':
		return sd_bus_message_append(m, "u", (uint32_t)positive);
	case 't':
		return sd_bus_message_append(m, "t", positive);
	case 'n':
		return sd_bus_message_append(m, "n", (int16_t)any);
	case 'i':
		return sd_bus_message_append(m, "i", (int32_t)any);
	case 'x':
		return sd_bus_message_append(m, "x", any);
	default:
		return -EINVAL;
	}
}

/* @type: "(ss)" or "(st)" */
static int append_pair(sd_bus_message *m, const char *type, const char *first, const char *second)
{
	uint64_t number;

	if (strcmp(type, "(ss)") == 0)
		return sd_bus_message_append(m, type, first, second);
	if (strcmp(type, "(st)") != 0 || text_to_u64(second, &number) < 0)
		return -EINVAL;
	return sd_bus_message_append(m, type, first, number);
}

static int append_values(struct helper *h, sd_bus_message *m, const char *signature, uint32_t n)
{
	bool pairs = signature[0] == 'a' && signature[1] == '(';
	int r = 0;

	if (signature[0] != 'a')
		return n == 1 ? append_scalar(m, signature[0], next_word(h)) : -EINVAL;
	r = sd_bus_message_open_container(m, 'a', signature + 1);
	for (uint32_t i = 0; i < n && r >= 0; i += pairs ? 2 : 1) {
		const char *first = next_word(h);

		r = pairs ? append_pair(m, signature + 1, first, next_word(h)) : append_scalar(m, signature[1], first);
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_property(struct helper *h, sd_bus_message *m, const char *name)
{
	const char *signature = next_word(h);
	uint32_t n;
	int r;

	if (text_to_u32(next_word(h), &n) < 0)
		return -EINVAL;
	r = sd_bus_message_open_container(m, 'r', "sv");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", name);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', signature);
	if (r >= 0)
		r = append_values(h, m, signature, n);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

/* The request's properties, and our own pid where a unit is made. */
static void append_properties(struct helper *h, sd_bus_message *m, bool pid)
{
	const char *first = h->word, *name;

	must(sd_bus_message_open_container(m, 'a', "(sv)"), "cannot write a message");
	while ((name = next_word(h))[0]) {
		int r = append_property(h, m, name);

		if (r < 0)
			give_up(name, r, NULL);
	}
	if (pid)
		must(sd_bus_message_append(m, "(sv)", "PIDs", "au", 1, (uint32_t)getpid()), "cannot write a message");
	must(sd_bus_message_close_container(m), "cannot write a message");
	h->word = first; /* it may have to be said again */
}

/* ---- systemd ---- */

static int connect_to(sd_bus **ret_bus, const char *address)
{
	sd_bus *bus = NULL;
	int r = sd_bus_new(&bus);

	if (r >= 0)
		r = sd_bus_set_address(bus, address);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0) {
		sd_bus_unref(bus);
		return r;
	}
	*ret_bus = bus;
	return 0;
}

/* The bus, or the manager's own socket where there is none. */
static void open_bus(struct helper *h)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char address[PATH_TEXT_MAX], own[64];
	int r, first;

	if (!h->user) {
		first = sd_bus_open_system(&h->bus);
		r = first < 0 ? connect_to(&h->bus, "unix:path=/run/systemd/private") : first;
		if (r < 0)
			give_up("cannot connect to the system bus", first, NULL);
		return;
	}
	if (!runtime) {
		(void)snprintf(own, sizeof(own), "/run/user/%u", (unsigned int)getuid());
		runtime = own;
		(void)setenv("XDG_RUNTIME_DIR", runtime, 1); /* fails only without memory: then the bus is not found */
	}
	first = sd_bus_open_user(&h->bus);
	(void)snprintf(address, sizeof(address), "unix:path=%s/systemd/private", runtime);
	r = first < 0 ? connect_to(&h->bus, address) : first;
	if (r < 0)
		give_up("cannot connect to the user's bus (is there a login session, or 'loginctl enable-linger'?)", first, NULL);
}

static int on_job_removed(sd_bus_message *m, void *data, sd_bus_error *error)
{
	struct helper *h = data;
	struct ended *ended = &h->ended[h->n_ended++ % JOBS_MAX];
	const char *path, *result;

	(void)error;
	if (sd_bus_message_read(m, "uoss", NULL, &path, NULL, &result) < 0)
		return 0;
	(void)snprintf(ended->path, sizeof(ended->path), "%s", path);
	(void)snprintf(ended->result, sizeof(ended->result), "%s", result);
	return 0;
}

static void listen_to_jobs(struct helper *h)
{
	must(sd_bus_match_signal(h->bus, NULL, SERVICE, MANAGER_PATH, MANAGER, "JobRemoved", on_job_removed, h), "cannot listen to systemd");
	/* over the manager's own socket signals come without asking */
	(void)sd_bus_call_method(h->bus, SERVICE, MANAGER_PATH, MANAGER, "Subscribe", NULL, NULL, NULL);
}

/* Wait until a job has ended. Return: its result: "done", or how it failed. */
static const char *wait_for_job(struct helper *h, const char *path)
{
	for (;;) {
		int r = sd_bus_process(h->bus, NULL);

		must(r, "cannot hear systemd");
		for (size_t i = 0; i < JOBS_MAX; i++)
			if (strcmp(h->ended[i].path, path) == 0)
				return h->ended[i].result;
		if (r > 0)
			continue;
		r = sd_bus_wait(h->bus, JOB_WAIT_USEC);
		must(r, "cannot hear systemd");
		if (r == 0)
			return "timeout";
	}
}

/* Call a method that gives a job, and wait for it. Return: 0, or -errno with @error. */
static int call_and_wait(struct helper *h, sd_bus_message *m, sd_bus_error *error)
{
	sd_bus_message *reply = NULL;
	char path[PATH_TEXT_MAX] = "";
	const char *job, *result;
	int r = sd_bus_call(h->bus, m, 0, error, &reply);

	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "o", &job);
	if (r >= 0)
		(void)snprintf(path, sizeof(path), "%s", job);
	sd_bus_message_unref(reply);
	if (r < 0)
		return r;
	result = wait_for_job(h, path);
	if (strcmp(result, "done") == 0)
		return 0;
	return sd_bus_error_setf(error, SD_BUS_ERROR_FAILED, "systemd's job ended with '%s'", result);
}

static sd_bus_message *new_call(struct helper *h, const char *method)
{
	sd_bus_message *m = NULL;

	must(sd_bus_message_new_method_call(h->bus, &m, SERVICE, MANAGER_PATH, MANAGER, method), "cannot write a message");
	return m;
}

static int start_once(struct helper *h, sd_bus_error *error)
{
	sd_bus_message *m = new_call(h, "StartTransientUnit");
	int r;

	must(sd_bus_message_append(m, "ss", h->unit, "fail"), "cannot write a message");
	append_properties(h, m, true);
	must(sd_bus_message_append(m, "a(sa(sv))", 0), "cannot write a message");
	r = call_and_wait(h, m, error);
	sd_bus_message_unref(m);
	return r;
}

static int stop_unit(struct helper *h, sd_bus_error *error)
{
	sd_bus_message *m = new_call(h, "StopUnit");
	int r;

	must(sd_bus_message_append(m, "ss", h->unit, "replace"), "cannot write a message");
	r = call_and_wait(h, m, error);
	sd_bus_message_unref(m);
	/* one that failed is remembered until it is told to be forgotten; most have not */
	(void)sd_bus_call_method(h->bus, SERVICE, MANAGER_PATH, MANAGER, "ResetFailedUnit", NULL, NULL, "s", h->unit);
	return r;
}

/* Whether processes are in the unit. */
static bool in_use(struct helper *h)
{
	sd_bus_message *reply = NULL;
	bool used;

	if (sd_bus_call_method(h->bus, SERVICE, MANAGER_PATH, MANAGER, "GetUnitProcesses", NULL, &reply, "s", h->unit) < 0)
		return false;
	used = sd_bus_message_enter_container(reply, 'a', "(sus)") >= 0 && sd_bus_message_at_end(reply, 0) == 0;
	sd_bus_message_unref(reply);
	return used;
}

static void start(struct helper *h)
{
	sd_bus_error error = SD_BUS_ERROR_NULL, unused = SD_BUS_ERROR_NULL;
	int r = start_once(h, &error);

	if (r < 0 && sd_bus_error_has_name(&error, SERVICE ".UnitExists")) { /* of a container that is no more? */
		if (in_use(h))
			give_up("it is in use", 0, NULL);
		(void)stop_unit(h, &unused); /* the next attempt tells */
		sd_bus_error_free(&unused);
		sd_bus_error_free(&error);
		r = start_once(h, &error);
	}
	if (r < 0)
		give_up("systemd", r, &error);
}

static void set(struct helper *h)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = new_call(h, "SetUnitProperties");
	int r;

	must(sd_bus_message_append(m, "sb", h->unit, 1), "cannot write a message");
	append_properties(h, m, false);
	r = sd_bus_call(h->bus, m, 0, &error, NULL);
	if (r < 0)
		give_up("systemd", r, &error);
	sd_bus_message_unref(m);
}

static void stop(struct helper *h)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = stop_unit(h, &error);

	if (r < 0 && !sd_bus_error_has_name(&error, SERVICE ".NoSuchUnit"))
		give_up("systemd", r, &error);
	sd_bus_error_free(&error);
}

static void attach(struct helper *h)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	const char *path = next_word(h), *signature = next_word(h), *number = next_word(h), *pid = next_word(h);
	uint32_t value;
	int r;

	if (strcmp(signature, "u") != 0 || strcmp(number, "1") != 0 || text_to_u32(pid, &value) < 0)
		give_up("the request makes no sense", 0, NULL);
	r = sd_bus_call_method(h->bus, SERVICE, MANAGER_PATH, MANAGER, "AttachProcessesToUnit", &error, NULL, "ssau", h->unit, path, 1, value);
	if (r < 0)
		give_up("systemd", r, &error);
}

static const struct {
	const char *name;
	void (*run)(struct helper *h);
	bool stays;
} verbs[] = { { "start", start, true }, { "set", set, false }, { "attach", attach, false }, { "stop", stop, false } };

int main(int argc, char **argv)
{
	static struct helper h;
	size_t verb = 0;
	char byte;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* besides the end of input */
	while (verb < sizeof(verbs) / sizeof(verbs[0]) && (argc != 2 || strcmp(verbs[verb].name, argv[1]) != 0))
		verb++;
	if (verb == sizeof(verbs) / sizeof(verbs[0]))
		give_up("usage: hull-systemd start|set|attach|stop; hull starts it", 0, NULL);
	read_request(&h);
	h.user = strcmp(next_word(&h), "user") == 0;
	h.unit = next_word(&h);
	open_bus(&h);
	listen_to_jobs(&h);
	verbs[verb].run(&h);
	sd_bus_flush_close_unref(h.bus);
	printf("ok\n");
	(void)fflush(stdout);
	while (verbs[verb].stays && (read(STDIN_FILENO, &byte, 1) > 0 || errno == EINTR))
		errno = 0;
	return 0;
}
