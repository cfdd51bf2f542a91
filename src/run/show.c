/* What is asked about containers: state, list, match, pids, features, spec. */
#include "run/show.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aspect/cgroup_control.h"
#include "aspect/cgroup_stats.h"
#include "aspect/sequence.h"
#include "base/io.h"
#include "base/json.h"
#include "base/scope.h"
#include "base/text.h"
#include "spec/oci.h"

/* containers that one list may hold */
enum { LIST_MAX = 1 << 20 };

/* The name of a user, as /etc/passwd has it; its number else. */
static const char *owner_name(struct hull *h, uid_t uid)
{
	char *text, *line, *save = NULL;
	char number[TEXT_NUMBER_MAX];

	(void)text_from_u64(number, uid); /* returns its argument */
	if (io_read_file(AT_FDCWD, "/etc/passwd", 1 << 20, &h->arena, &text, NULL) < 0)
		return arena_strdup(&h->arena, number);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *end = strchr(line, ':'), *id = end ? strchr(end + 1, ':') : NULL;
		size_t length = id ? strcspn(id + 1, ":") : 0;

		if (id && length == strlen(number) && strncmp(id + 1, number, length) == 0)
			return arena_strndup(&h->arena, line, (size_t)(end - line));
	}
	return arena_strdup(&h->arena, number);
}

static void write_state(struct json_writer *w, struct job *job, const char *owner)
{
	const struct state *state = &job->state;
	enum state_status status = state_status(job->dir, state);
	struct cgroup_oom oom;

	json_open_object(w, NULL);
	json_string(w, "ociVersion", HULL_OCI_VERSION);
	json_string(w, "id", state->id);
	json_i64(w, "pid", status == STATUS_STOPPED ? 0 : state->facts.pid);
	json_string(w, "status", state_status_name(status));
	json_string(w, "bundle", state->bundle);
	json_string(w, "rootfs", state->rootfs);
	json_string(w, "created", state->created);
	if (state->annotations.n > 0) {
		json_open_object(w, "annotations");
		for (size_t i = 0; i < state->annotations.n; i++)
			json_string(w, state->annotations.v[i].key, state->annotations.v[i].value);
		json_close_object(w);
	}
	json_string(w, "owner", owner);
	cgroup_oom_read(&state->facts, &job->hull->arena, &oom);
	if (oom.kills > 0)
		json_u64(w, "oomKills", oom.kills);
	json_close_object(w);
}

static int hand_out(struct hull *h, const char *text, char **ret_json)
{
	char *copy = strdup(text);

	if (!copy)
		return fail(&h->error, ENOMEM, "cannot hand out a document");
	*ret_json = copy;
	return 0;
}

static const char *owner_of(struct job *job)
{
	struct stat stat;

	return fstat(job->dir, &stat) < 0 ? "" : owner_name(job->hull, stat.st_uid);
}

int show_state(struct hull *h, const char *id, char **ret_json)
{
	struct job job;
	struct json_writer w;
	int r = job_open(&job, h, id, false);

	if (r == 0) {
		w = json_writer_on(&h->arena, 2);
		write_state(&w, &job, owner_of(&job));
		r = hand_out(h, json_text(&w), ret_json);
	}
	job_close(&job);
	return r < 0 ? -1 : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All ids, sorted. */
static int list_ids(struct hull *h, char ***ret_ids, size_t *ret_n)
{
	int fd = state_open_root(h->root, false, &h->error);
	DIR *stream;
	struct dirent *entry;
	char **ids = NULL;
	size_t n = 0, room = 0;

	*ret_ids = NULL;
	*ret_n = 0;
	if (fd == STATE_ABSENT && !h->root_given)
		return 0; /* nobody has made a container yet */
	if (fd < 0)
		return -1;
	stream = fdopendir(fd);
	if (!stream) {
		(void)close_fd(fd);
		return fail(&h->error, errno, "cannot list '%s'", h->root);
	}
	while ((entry = readdir(stream)) && n < LIST_MAX) {
		struct error unused;

		if (state_check_id(entry->d_name, &unused) < 0)
			continue;
		ids = arena_grow(&h->arena, ids, n * sizeof(*ids), &room, (n + 1) * sizeof(*ids));
		ids[n++] = arena_strdup(&h->arena, entry->d_name);
	}
	(void)closedir(stream); /* read only */
	if (n > 0)
		qsort(ids, n, sizeof(*ids), by_name);
	*ret_ids = ids;
	*ret_n = n;
	return 0;
}

int show_list_json(struct hull *h, char **ret_json)
{
	struct json_writer w = json_writer_on(&h->arena, 0);
	char **ids;
	size_t n;

	if (list_ids(h, &ids, &n) < 0)
		return -1;
	json_open_array(&w, NULL);
	for (size_t i = 0; i < n; i++) {
		struct job job;

		if (job_open(&job, h, ids[i], false) == 0)
			write_state(&w, &job, owner_of(&job));
		job_close(&job); /* one that vanished meanwhile is not listed */
	}
	json_close_array(&w);
	return hand_out(h, json_text(&w), ret_json);
}

/* The strings of all infos follow the array in the same allocation. */
static void pack_string(char **at, const char **ret, const char *s)
{
	size_t length = strlen(s) + 1;

	memcpy(*at, s, length);
	*ret = *at;
	*at += length;
}

static struct hull_info *pack(const struct hull_info *infos, size_t n)
{
	size_t bytes = n * sizeof(*infos);
	struct hull_info *packed;
	char *at;

	for (size_t i = 0; i < n; i++)
		bytes += strlen(infos[i].id) + strlen(infos[i].status) + strlen(infos[i].bundle) + strlen(infos[i].rootfs) +
			 strlen(infos[i].created) + strlen(infos[i].owner) + 6;
	packed = malloc(bytes ? bytes : 1);
	if (!packed)
		return NULL;
	at = (char *)(packed + n);
	for (size_t i = 0; i < n; i++) {
		packed[i].pid = infos[i].pid;
		pack_string(&at, &packed[i].id, infos[i].id);
		pack_string(&at, &packed[i].status, infos[i].status);
		pack_string(&at, &packed[i].bundle, infos[i].bundle);
		pack_string(&at, &packed[i].rootfs, infos[i].rootfs);
		pack_string(&at, &packed[i].created, infos[i].created);
		pack_string(&at, &packed[i].owner, infos[i].owner);
	}
	return packed;
}

int show_list(struct hull *h, struct hull_info **ret_infos, size_t *ret_n)
{
	struct hull_info *infos, *packed;
	char **ids;
	size_t n, found = 0;

	if (list_ids(h, &ids, &n) < 0)
		return -1;
	infos = arena_many(&h->arena, struct hull_info, n);
	for (size_t i = 0; i < n; i++) {
		struct job job;

		if (job_open(&job, h, ids[i], false) == 0) {
			enum state_status status = state_status(job.dir, &job.state);

			infos[found++] = (struct hull_info){
				.id = ids[i], .pid = status == STATUS_STOPPED ? 0 : job.state.facts.pid, .status = state_status_name(status),
				.bundle = job.state.bundle, .rootfs = job.state.rootfs, .created = job.state.created, .owner = owner_of(&job),
			};
		}
		job_close(&job);
	}
	packed = pack(infos, found);
	if (!packed)
		return fail(&h->error, ENOMEM, "cannot hand out the list");
	*ret_infos = packed;
	*ret_n = found;
	return 0;
}

int show_match(struct hull *h, const char *regex, char ***ret_ids)
{
	char **ids, **matches, text[128], *at;
	size_t n, found = 0, bytes = 0;
	regex_t compiled;
	int r = regcomp(&compiled, regex, REG_EXTENDED | REG_NOSUB);

	if (r != 0) {
		(void)regerror(r, &compiled, text, sizeof(text)); /* a cut text is still one */
		return fail(&h->error, 0, "invalid regular expression '%s': %s", regex, text);
	}
	r = list_ids(h, &ids, &n);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (regexec(&compiled, ids[i], 0, NULL, 0) == 0) {
			ids[found++] = ids[i];
			bytes += strlen(ids[i]) + 1;
		}
	regfree(&compiled);
	if (r < 0)
		return -1;
	matches = malloc((found + 1) * sizeof(*matches) + bytes);
	if (!matches)
		return fail(&h->error, ENOMEM, "cannot hand out the ids");
	at = (char *)(matches + found + 1);
	for (size_t i = 0; i < found; i++) {
		matches[i] = at;
		memcpy(at, ids[i], strlen(ids[i]) + 1);
		at += strlen(ids[i]) + 1;
	}
	matches[found] = NULL;
	*ret_ids = matches;
	return 0;
}

int show_pids(struct hull *h, const char *id, pid_t **ret_pids, size_t *ret_n)
{
	struct job job;
	pid_t *pids = NULL, *copy;
	size_t n = 0;
	int r = job_open(&job, h, id, false);

	if (r == 0 && state_status(job.dir, &job.state) == STATUS_STOPPED)
		r = 0;
	else if (r == 0 && !cgroup_known(&job.state.facts))
		r = fail(&h->error, 0, "cannot list the processes of container '%s': it has no cgroup of its own", id);
	else if (r == 0)
		r = cgroup_pids(&job.state.facts, &h->arena, &h->error, &pids, &n);
	job_close(&job);
	if (r < 0)
		return -1;
	copy = malloc((n + 1) * sizeof(*copy));
	if (!copy)
		return fail(&h->error, ENOMEM, "cannot hand out the pids");
	if (n > 0)
		memcpy(copy, pids, n * sizeof(*copy));
	*ret_pids = copy;
	*ret_n = n;
	return 0;
}

int show_spec(struct hull *h, bool rootless, char **ret_json)
{
	struct json_writer w = json_writer_on(&h->arena, 8);
	struct spec *spec = arena_new(&h->arena, struct spec);

	spec_default(&h->arena, spec, rootless, geteuid(), getegid());
	spec_write(&w, spec);
	return hand_out(h, json_text(&w), ret_json);
}
