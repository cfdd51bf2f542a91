/* The OCI state document (runtime-spec, runtime.md §State). */
#include "run/hookstate.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "hull.h"

char *hookstate_document(const struct plan *p, pid_t pid, const char *status)
{
	struct json_writer w = json_writer_on(p->arena, 0);

	json_open_object(&w, NULL);
	json_string(&w, "ociVersion", HULL_OCI_VERSION);
	json_string(&w, "id", p->request->id);
	json_string(&w, "status", status);
	if (pid > 0)
		json_i64(&w, "pid", pid);
	json_string(&w, "bundle", p->request->bundle);
	if (p->spec->annotations.n > 0) {
		json_open_object(&w, "annotations");
		for (size_t i = 0; i < p->spec->annotations.n; i++)
			json_string(&w, p->spec->annotations.v[i].key, p->spec->annotations.v[i].value);
		json_close_object(&w);
	}
	json_close_object(&w);
	return (char *)(uintptr_t)json_text(&w);
}

int hookstate_write(struct plan *p, pid_t pid, const char *status)
{
	const char *text;
	int r;

	if (p->state_fd < 0)
		return 0;
	text = hookstate_document(p, pid, status);
	if (ftruncate(p->state_fd, 0) < 0 || lseek(p->state_fd, 0, SEEK_SET) < 0)
		return fail(p->error, errno, "cannot write the state for hooks");
	r = io_write_all(p->state_fd, text, strlen(text));
	return r < 0 ? fail(p->error, r, "cannot write the state for hooks") : 0;
}
