/*
 * Finding plugins, asking each what it is, and calling those that want to edit the configuration: it goes from one to the next as a JSON document, so that what
 * hull does not know stays in it. After each answer it is read again; at the end everything is checked again.
 */
#include "run/plugins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aspect/plugin.h"
#include "base/scope.h"
#include "base/text.h"
#include "run/notify.h"
#include "run/plan.h"
#include "run/sandbox.h"
#include "spec/oci.h"
#include "spec/patch.h"

/* of one run;  of a name */
enum { PLUGINS_MAX = 32, PLUGINS_NAME_MAX = 64 };

/*
 * @list: job->request.plugins
 * @documents: the configuration before the first plugin, and behind each one
 */
struct plugins {
	struct job *job;
	struct plugin_list list;
	const struct json *documents[PLUGINS_MAX + 1];
};

/* Whoever can change it could do in our name what he likes. */
static int check_trust(struct error *e, const struct stat *st, const char *path)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return fail(e, 0, "plugins: '%s' belongs to user %u: expected root or the caller", path, st->st_uid);
	if ((st->st_mode & S_IWOTH) || ((st->st_mode & S_IWGRP) && st->st_gid != 0 && st->st_gid != getegid()))
		return fail(e, 0, "plugins: '%s' can be written by others (mode %04o)", path, st->st_mode & 07777);
	return 0;
}

/* @found: in a directory, where other files may lie, too */
static int add(struct plugins *ps, const char *path, bool found)
{
	struct hull *h = ps->job->hull;
	scope_fd int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(&h->error, errno, "plugins: cannot open '%s'", path);
	if (found && (!S_ISREG(st.st_mode) || !(st.st_mode & 0111)))
		return 0;
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return fail(&h->error, 0, "plugins: '%s' is not an executable file", path);
	if (check_trust(&h->error, &st, path) < 0)
		return -1;
	if (ps->list.n == PLUGINS_MAX)
		return fail(&h->error, 0, "plugins: more than %d", PLUGINS_MAX);
	ps->list.v[ps->list.n++] = (struct plugin){
		.path = arena_strdup(&h->arena, path), .subject = arena_printf(&h->arena, "'%s'", path), .timeout = PLUGIN_TIMEOUT, .fd = take_fd(&fd),
	};
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_candidate(const char *name)
{
	static const char suffix[] = ".disabled";
	size_t length = strlen(name), n = sizeof(suffix) - 1;

	return name[0] != '.' && (length < n || strcmp(name + length - n, suffix) != 0);
}

static int read_dir(struct plugins *ps, DIR *dir, const char *path)
{
	enum { ENTRIES_MAX = 1024 };
	struct hull *h = ps->job->hull;
	char **names = arena_many(&h->arena, char *, ENTRIES_MAX);
	const struct dirent *entry;
	struct stat st;
	size_t n = 0;

	if (fstat(dirfd(dir), &st) < 0)
		return fail(&h->error, errno, "plugins: cannot look at '%s'", path);
	if (check_trust(&h->error, &st, path) < 0)
		return -1;
	while ((entry = readdir(dir))) {
		if (!is_candidate(entry->d_name))
			continue;
		if (n == ENTRIES_MAX)
			return fail(&h->error, 0, "plugins: more than %d files in '%s'", ENTRIES_MAX, path);
		names[n++] = arena_printf(&h->arena, "%s/%s", path, entry->d_name);
	}
	qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++)
		if (add(ps, names[i], true) < 0)
			return -1;
	return 0;
}

static int find(struct plugins *ps, const char *const *files, const char *path)
{
	DIR *dir;
	int r;

	for (size_t i = 0; files && files[i]; i++)
		if (add(ps, files[i], false) < 0)
			return -1;
	if (!path)
		return 0;
	dir = opendir(path);
	if (!dir)
		return fail(&ps->job->hull->error, errno, "plugins: cannot open the directory '%s'", path);
	r = read_dir(ps, dir, path);
	(void)closedir(dir);
	return r;
}

static bool is_name(const struct json *name)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	return name && name->type == JSON_STRING && name->text[0] && strlen(name->text) <= PLUGINS_NAME_MAX && name->text[strspn(name->text, good)] == '\0';
}

static int take_points(struct error *e, const struct json *points, struct plugin *plugin)
{
	static const char *const names[] = { "before", "parent", "child" }; /* in the order of enum plugin_point */

	for (const struct json *point = points && points->type == JSON_ARRAY ? points->first : NULL; point; point = point->next) {
		size_t i = 0;

		while (i < ARRAY_SIZE(names) && !(point->type == JSON_STRING && strcmp(point->text, names[i]) == 0))
			i++;
		if (i == ARRAY_SIZE(names))
			return fail(e, 0, "unsupported: points: expected before, parent and child, in an array");
		plugin->points |= 1u << i;
	}
	return plugin->points ? 0 : fail(e, 0, "invalid answer: points: expected an array with before, parent or child");
}

static int take_description(struct error *e, const struct json *d, struct plugin *plugin)
{
	const struct json *timeout = json_get(d, "timeout");
	int64_t version, seconds = PLUGIN_TIMEOUT;

	if (json_to_i64(json_get(d, "version"), &version) < 0)
		return fail(e, 0, "invalid answer: version: expected a number");
	if (version != PLUGIN_VERSION)
		return fail(e, 0, "unsupported: version %lld of the protocol: this hull speaks %d", (long long)version, PLUGIN_VERSION);
	if (!is_name(json_get(d, "name")))
		return fail(e, 0, "invalid answer: name: expected up to %d letters, digits, underscores, dots and dashes", PLUGINS_NAME_MAX);
	if (timeout && (json_to_i64(timeout, &seconds) < 0 || seconds < 1 || seconds > PLUGIN_TIMEOUT_MAX))
		return fail(e, 0, "invalid answer: timeout: expected a number of seconds from 1 to %d", PLUGIN_TIMEOUT_MAX);
	plugin->timeout = (int)seconds;
	return take_points(e, json_get(d, "points"), plugin);
}

static int describe(struct job *job, struct plugin *plugin)
{
	static const char point[] = "--describe";
	struct arena arena = { 0 };
	const struct json *answer = NULL;
	struct plan p;
	int r = plugin_begin(&job->plan, &arena, &p);

	if (r == 0)
		r = plugin_call(&p, plugin, point, "", &answer);
	if (r == 0 && take_description(p.error, answer, plugin) < 0)
		r = plugin_fail(&p, plugin, point);
	if (r == 0)
		plugin->subject = arena_printf(job->plan.arena, "'%s' (%s)", json_get(answer, "name")->text, plugin->path);
	if (!(plugin->points & PLUGIN_CHILD))
		plugin->fd = close_fd(plugin->fd);
	arena_deinit(&arena);
	return r;
}

/* What a plugin reads that may edit. */
static const char *input_of(const struct plan *p, const struct json *document)
{
	struct json_writer w = json_writer_on(p->arena, 0);

	json_open_object(&w, NULL);
	json_i64(&w, "version", PLUGIN_VERSION);
	json_string(&w, "point", "before");
	json_string(&w, "id", p->request->id);
	json_string(&w, "bundle", p->request->bundle);
	json_value(&w, "spec", document);
	json_close_object(&w);
	return json_text(&w);
}

/* @ret_text: the document with the edits in it, in @p's arena, NULL: there were none */
static int apply(struct plan *p, const struct json *document, const struct json *answer, const char **ret_text)
{
	const struct json *patch = json_get(answer, "patch"), *more = json_get(answer, "append");
	struct json_writer w = json_writer_on(p->arena, 0);

	for (const struct json *m = answer ? answer->first : NULL; m; m = m->next)
		if (m != patch && m != more)
			return fail(p->error, 0, "invalid answer: unknown member '%.64s': expected patch, append or error", m->key);
	if ((patch && patch->type != JSON_OBJECT) || (more && more->type != JSON_OBJECT))
		return fail(p->error, 0, "invalid answer: patch and append are objects");
	if (patch)
		document = patch_merge(p->arena, document, patch);
	if (more && patch_append(p->arena, p->error, document, more, &document) < 0)
		return fail_wrap(p->error, "invalid answer");
	if (!patch && !more)
		return 0;
	json_value(&w, NULL, document);
	*ret_text = json_text(&w);
	return 0;
}

/* Read the edited document into the job's spec. */
static int take_edits(struct job *job, const char *text, const struct json **document)
{
	struct hull *h = job->hull;

	job->config_length = strlen(text);
	job->config_text = arena_strndup(&h->arena, text, job->config_length);
	if (json_parse(&h->arena, &h->error, "the edited configuration", job->config_text, job->config_length, document) < 0 ||
		spec_read(&h->arena, &h->error, *document, &job->spec) < 0)
		return fail_wrap(&h->error, "invalid edits");
	return 0;
}

static int edit(struct job *job, const struct plugin *plugin, const struct json **document)
{
	struct arena arena = { 0 };
	const struct json *answer = NULL;
	const char *text = NULL;
	struct plan p;
	int r = plugin_begin(&job->plan, &arena, &p);

	if (r == 0)
		r = plugin_call(&p, plugin, "before", input_of(&p, *document), &answer);
	if (r == 0 && (apply(&p, *document, answer, &text) < 0 || (text && take_edits(job, text, document) < 0)))
		r = plugin_fail(&p, plugin, "before");
	arena_deinit(&arena);
	return r;
}

static int check(struct job *job)
{
	if (job->spec.hull.sandbox && !job->sandbox)
		sandbox_document(job);
	notify_mount(job);
	job_plan(job, &job->spec.process);
	return plan_check(&job->plan);
}

/* The check has failed: whose edits can be taken away, and those of all behind it, so that it passes? The error that is set stays. */
static void blame(struct plugins *ps)
{
	struct job *job = ps->job;
	struct error first = job->hull->error;
	size_t i = ps->list.n;

	while (i-- > 0) {
		if (ps->documents[i] == ps->documents[i + 1] || spec_read(&job->hull->arena, &job->hull->error, ps->documents[i], &job->spec) < 0 || check(job) < 0)
			continue;
		job->hull->error = first;
		(void)fail_wrap(&job->hull->error, "invalid edits"); /* -1 by nature; so is the next */
		(void)plugin_fail(&job->plan, &ps->list.v[i], "before");
		return;
	}
	job->hull->error = first;
}

/* The spec that was made of options, as a document. */
static int write_spec(struct job *job, const struct json **ret)
{
	struct hull *h = job->hull;
	struct json_writer w = json_writer_on(&h->arena, 0);
	const char *text;

	spec_write(&w, &job->spec);
	text = json_text(&w);
	return json_parse(&h->arena, &h->error, "the configuration", text, strlen(text), ret);
}

static int call_all(struct plugins *ps, const struct json *document)
{
	struct job *job = ps->job;

	for (size_t i = 0; i < ps->list.n; i++)
		if (describe(job, &ps->list.v[i]) < 0)
			return -1;
	if (!document && write_spec(job, &document) < 0)
		return -1;
	ps->documents[0] = document;
	for (size_t i = 0; i < ps->list.n; i++) {
		if ((ps->list.v[i].points & PLUGIN_BEFORE) && edit(job, &ps->list.v[i], &document) < 0)
			return -1;
		ps->documents[i + 1] = document;
	}
	return 0;
}

int plugins_check(struct job *job, const char *const *files, const char *dir, const struct json *document)
{
	struct arena *arena = &job->hull->arena;
	struct plugins *ps;

	if ((!files || !files[0]) && !dir)
		return check(job);
	ps = arena_new(arena, struct plugins);
	ps->job = job;
	ps->list.v = arena_many(arena, struct plugin, PLUGINS_MAX);
	job->request.plugins = &ps->list;
	job_plan(job, &job->spec.process);
	if (find(ps, files, dir) < 0)
		return -1;
	if (job->dry)
		return check(job);
	if (call_all(ps, document) < 0)
		return -1;
	if (check(job) == 0)
		return 0;
	blame(ps);
	return -1;
}

void plugins_close(struct job *job)
{
	if (!job->request.plugins)
		return;
	plugin_close(&job->plan);
	for (size_t i = 0; i < job->request.plugins->n; i++)
		job->request.plugins->v[i].fd = close_fd(job->request.plugins->v[i].fd);
}
