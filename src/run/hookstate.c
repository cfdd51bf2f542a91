/* The OCI state document (runtime-spec, runtime.md §State). */
#include "run/hookstate.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "aspect/hooks.h"
#include "base/io.h"
#include "hull.h"

char *hookstate_document(const struct plan *p, pid_t pid, const char *status)
{
	struct json_writer w = json_writer_on(p->arena, 0);

	hooks_state(&w, NULL, p, pid, status);
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
