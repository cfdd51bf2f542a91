/*
 * The listener of a filter with SCMP_ACT_NOTIFY goes to the agent behind listenerPath: one connection, one JSON document (the containerProcessState
 * of the specification), the descriptor beside it.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "aspect/seccomp.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/scope.h"

int seccomp_deliver(struct plan *p, int listener, const char *state_json)
{
	const char *path = seccomp_listener_path(p);
	const struct seccomp *s = p->spec->linux.seccomp;
	const struct json *state;
	struct json_writer w = json_writer_on(p->arena, 0);
	scope_fd int socket = NO_FD;
	int64_t pid = 0;
	int result;

	if (!path)
		return fail(p->error, 0, "linux.seccomp.listenerPath: missing, and there is a listener");
	if (json_parse(p->arena, p->error, "state", state_json, strlen(state_json), &state) < 0)
		return -1;
	if (json_get(state, "pid"))
		(void)json_to_i64(json_get(state, "pid"), &pid); /* our own document */
	json_open_object(&w, NULL);
	json_string(&w, "ociVersion", json_get(state, "ociVersion") ? json_get(state, "ociVersion")->text : p->spec->oci_version);
	json_open_array(&w, "fds");
	json_string(&w, NULL, "seccompFd");
	json_close_array(&w);
	json_i64(&w, "pid", pid);
	json_string(&w, "metadata", s && s->listener_metadata ? s->listener_metadata : "");
	json_value(&w, "state", state);
	json_close_object(&w);
	state_json = json_text(&w);
	socket = fd_connect(path, SOCK_STREAM);
	if (socket < 0)
		return fail(p->error, socket, "linux.seccomp.listenerPath: cannot connect to '%s'", path);
	result = fd_send(socket, state_json, strlen(state_json), &listener, 1);
	if (result < 0)
		return fail(p->error, result, "linux.seccomp.listenerPath: cannot send the listener to '%s'", path);
	return 0;
}
