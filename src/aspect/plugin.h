/* Plugins: executables of the caller's that are called at three points of a container's creation (hull-plugin(7)). run/plugins.c finds them and calls the first. */
#ifndef ASPECT_PLUGIN_H
#define ASPECT_PLUGIN_H

#include "aspect/aspect.h"

/* of the protocol */
enum { PLUGIN_VERSION = 1 };

/* s: unless the plugin names another limit, and the longest that it may name */
enum { PLUGIN_TIMEOUT = 10, PLUGIN_TIMEOUT_MAX = 60 };

/* Where it is called, as bits: before the clone; in the parent, while the child waits; in the child, once the root is the container's. */
enum plugin_point { PLUGIN_BEFORE = 1 << 0, PLUGIN_PARENT = 1 << 1, PLUGIN_CHILD = 1 << 2 };

/*
 * @path: for execve(2);  @subject: for messages: "'name' (path)"
 * @points: enum plugin_point;  @timeout: s
 * @fd: O_PATH, for PLUGIN_CHILD: its path is the host's; else NO_FD
 */
struct plugin {
	const char *path, *subject;
	unsigned int points;
	int timeout;
	int fd;
};

/* in the order in which they are called */
struct plugin_list {
	struct plugin *v;
	size_t n;
};

/**
 * plugin_begin - a copy of @p with memory of its own, for a call: answers may be large. arena_deinit() ends it, also after an error.
 */
int plugin_begin(const struct plan *p, struct arena *arena, struct plan *ret);

/**
 * plugin_call - run a plugin in hull's own namespaces, and read its answer.
 * @p: its arena, error and log;  @point: its argument: "before", "parent", "--describe"
 * @input: what it reads
 * @ret_answer: an object, or NULL: it said nothing
 * Return: 0, or -1 after fail(): "plugin 'net' (/etc/net) at 'before': refused: no network for you".
 */
int plugin_call(struct plan *p, const struct plugin *plugin, const char *point, const char *input, const struct json **ret_answer);

/**
 * plugin_fail - "plugin 'net' (/etc/net) at 'before': " before the error that is already there. Return: -1.
 */
int plugin_fail(struct plan *p, const struct plugin *plugin, const char *point);

/**
 * plugin_close - close what the aspect opened for the child.
 */
void plugin_close(struct plan *p);

#endif
