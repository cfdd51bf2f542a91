/* The payload's environment: entries in their order, a hash table of names to find duplicates, since a document may hold a hundred thousand of them. */
#include "aspect/environment.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define ENVIRONMENT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/* LISTEN_FDS, LISTEN_PID, NOTIFY_SOCKET, PWD, HOME, NULL */
enum { ENVIRONMENT_EXTRA = 6 };

/* @slots: size is a power of two, at most half full; a slot points to an entry */
struct table {
	const char **slots;
	size_t mask;
};

static size_t name_length(const char *entry)
{
	return strcspn(entry, "=");
}

/* FNV-1a */
static size_t hash(const char *s, size_t length)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < length; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3u;
	return (size_t)h;
}

static struct table table_new(struct arena *arena, size_t n)
{
	size_t size = 16;

	while (size < 2 * n)
		size *= 2;
	return (struct table){ .slots = arena_many(arena, const char *, size), .mask = size - 1 };
}

/* Whether the name was new; it is remembered. */
static bool table_add(struct table *t, const char *entry)
{
	size_t length = name_length(entry), i = hash(entry, length) & t->mask;

	for (; t->slots[i]; i = (i + 1) & t->mask)
		if (name_length(t->slots[i]) == length && memcmp(t->slots[i], entry, length) == 0)
			return false;
	t->slots[i] = entry;
	return true;
}

/* An entry that the child completes. */
static char *unfinished(struct plan *p, const char *entry)
{
	char *buffer = arena_alloc(p->arena, ENVIRONMENT_HOME_MAX);

	memcpy(buffer, entry, strlen(entry) + 1);
	return buffer;
}

/* What hull adds to the document's own. Returns the number of entries. */
static size_t add_own(struct plan *p, char **all, size_t n)
{
	if (p->request->listen_fds > 0) {
		all[n++] = arena_printf(p->arena, "LISTEN_FDS=%u", p->request->listen_fds);
		all[n++] = arena_strdup(p->arena, "LISTEN_PID=1");
	}
	if (p->request->notify_socket && !p->request->exec)
		all[n++] = arena_strdup(p->arena, "NOTIFY_SOCKET=" ENVIRONMENT_NOTIFY_SOCKET);
	return n;
}

int environment_make(struct plan *p, char ***ret_envp, char **ret_home, char **ret_pwd)
{
	const struct string_list *env = &p->process->env;
	size_t n = env->n, kept;
	char **all = arena_many(p->arena, char *, n + ENVIRONMENT_EXTRA);
	struct table seen = table_new(p->arena, n + ENVIRONMENT_EXTRA);
	bool no_home = false;

	for (size_t i = 0; i < env->n; i++) {
		size_t length = name_length(env->v[i]);

		if (length == 0 || env->v[i][length] != '=')
			return fail(p->error, 0, "process.env[%zu]: expected NAME=VALUE, got '%s'", i, env->v[i]);
		all[i] = env->v[i];
	}
	n = add_own(p, all, n);
	*ret_pwd = p->request->set_pwd ? unfinished(p, "PWD=/") : NULL;
	if (*ret_pwd)
		all[n++] = *ret_pwd;
	/* backwards, so that the last of several stays; kept entries gather at the end */
	kept = n;
	for (size_t i = n; i-- > 0;) {
		if (!table_add(&seen, all[i]))
			continue;
		if (!p->request->sandbox && text_equal(all[i], "HOME=")) /* as if it were not there: runc's way */
			no_home = true;
		else
			all[--kept] = all[i];
	}
	*ret_envp = all + kept;
	*ret_home = NULL;
	if (p->request->sandbox || (!table_add(&seen, "HOME=") && !no_home))
		return 0;
	*ret_home = unfinished(p, "HOME=/");
	all[n] = *ret_home;
	return 0;
}

const char *environment_home(char *const *envp)
{
	for (; *envp; envp++) {
		const char *value = text_after(*envp, "HOME=");

		if (value)
			return value[0] == '/' ? value : NULL;
	}
	return NULL;
}

const char *environment_path(char *const *envp)
{
	for (; *envp; envp++) {
		const char *value = text_after(*envp, "PATH=");

		if (value)
			return value;
	}
	return ENVIRONMENT_PATH;
}
