/* From options to struct hull_sandbox_options: what the command lines of the sandbox have in common. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/sandbox.h"

void *sandbox_keep(struct sandbox_build *b, size_t size)
{
	void *memory = option_log_keep(b->log, size);

	if (!memory)
		(void)fail(b->error, ENOMEM, "cannot read the options"); /* NULL says it */
	return memory;
}

int sandbox_begin(struct sandbox_build *b, const struct hull_sandbox_options *o, struct option_log *log, struct error *error)
{
	const struct hull_sandbox_options nothing = HULL_SANDBOX_OPTIONS;
	size_t room = log->n + SANDBOX_STEPS_MORE;

	*b = (struct sandbox_build){ .o = o ? *o : nothing, .log = log, .error = error };
	b->o.size = sizeof(b->o);
	b->o.userns_fd = b->o.userns2_fd = b->o.pidns_fd = -1;
	b->o.info_fd = b->o.json_status_fd = b->o.sync_fd = b->o.block_fd = b->o.userns_block_fd = -1;
	b->o.as_uid = b->o.as_gid = -1;
	b->o.tty = -1;
	b->steps = sandbox_keep(b, room * sizeof(*b->steps));
	b->env = sandbox_keep(b, (room + 1) * sizeof(*b->env));
	if (!b->steps || !b->env)
		return -1;
	b->o.steps = b->steps;
	b->o.env = b->env;
	return 0;
}

struct hull_step *sandbox_step(struct sandbox_build *b, enum hull_step_kind kind, const char *source, const char *target)
{
	struct hull_step *step = &b->steps[b->o.n_steps++];

	*step = (struct hull_step){ .kind = kind, .source = source, .target = target, .fd = -1 };
	return step;
}

char *sandbox_copy(struct sandbox_build *b, const char *text, size_t length)
{
	char *copy = sandbox_keep(b, length + 1);

	if (copy)
		memcpy(copy, text, length);
	return copy;
}

const char **sandbox_list(struct sandbox_build *b, size_t room)
{
	return sandbox_keep(b, (room + 1) * sizeof(const char *));
}

int sandbox_set_env(struct sandbox_build *b, const char *option, const char *name, const char *value)
{
	size_t name_length = strlen(name), value_length = value ? strlen(value) : 0;
	char *entry;

	if (name_length == 0 || strchr(name, '='))
		return fail(b->error, 0, "option '%s': '%s' cannot be the name of a variable", option, name);
	entry = sandbox_keep(b, name_length + 1 + value_length + 1);
	if (!entry)
		return -1;
	memcpy(entry, name, name_length);
	if (value) {
		entry[name_length] = '=';
		memcpy(entry + name_length + 1, value, value_length);
	}
	b->env[b->n_env++] = entry;
	return 0;
}

void sandbox_clear_env(struct sandbox_build *b)
{
	b->env[b->n_env++] = "";
}

/* Append the components of @path to @out, which is empty or "/a/b": "" and "." are nothing, ".." takes one away. */
static size_t join(char *out, size_t length, const char *path)
{
	while (*path) {
		size_t component = strcspn(path, "/");

		if (component == 2 && memcmp(path, "..", 2) == 0) {
			while (length > 0 && out[--length] != '/')
				;
		} else if (component > 0 && !(component == 1 && *path == '.')) {
			out[length++] = '/';
			memcpy(out + length, path, component);
			length += component;
		}
		path += component;
		path += strspn(path, "/");
	}
	out[length] = '\0';
	return length;
}

const char *sandbox_absolute(struct sandbox_build *b, const char *path)
{
	char cwd[PATH_MAX] = "", *out;
	size_t length = 0;

	if (path[0] != '/' && !getcwd(cwd, sizeof(cwd))) {
		(void)fail(b->error, errno, "cannot tell what '%s' is relative to", path); /* NULL says it */
		return NULL;
	}
	out = sandbox_keep(b, strlen(cwd) + strlen(path) + 3);
	if (!out)
		return NULL;
	length = join(out, length, cwd);
	length = join(out, length, path);
	if (length == 0)
		memcpy(out, "/", sizeof("/"));
	return out;
}

int sandbox_descriptor(struct sandbox_build *b, const char *option, const char *text, int *ret_fd)
{
	uint32_t fd;
	int flags;

	if (text_to_u32(text, &fd) < 0 || fd > INT_MAX)
		return fail(b->error, 0, "option '%s': expected a descriptor, got '%s'", option, text);
	/* what we were started with survived an execve(2); what is closed at the next one is hull's own */
	flags = fcntl((int)fd, F_GETFD);
	if (flags < 0 || (flags & FD_CLOEXEC) != 0)
		return fail(b->error, EBADF, "option '%s': cannot use descriptor %s", option, text);
	*ret_fd = (int)fd;
	return 0;
}

int sandbox_run(const struct cli *cli, const struct sandbox_build *b, char **args, int failure)
{
	enum { NOT_EXECUTED = 126, NOT_FOUND = 127 };
	struct hull_sandbox_options o = b->o;
	int status = 0, code;

	o.args = (const char *const *)args;
	if (hull_sandbox(cli->hull, &o, &status) == 0)
		return status;
	(void)cli_library_failed(cli);
	code = hull_exit_code(cli->hull);
	return failure != 1 && (code == NOT_EXECUTED || code == NOT_FOUND) ? code : failure;
}
