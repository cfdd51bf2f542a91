/*
 * The time namespace: offsets of the monotonic and the boot clock. They can be written only while nobody is in it, so the engine makes it for the
 * children of its hop process, lets us write, and only then clones the container into it. Without offsets the clone makes it like any other.
 */
#include "aspect/time.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "aspect/nswords.h"
#include "base/io.h"
#include "base/text.h"

/* /proc/PID/timens_offsets: a line a clock, "monotonic SECONDS NANOSECONDS" */
static void add_offset(struct text *t, const char *clock, const struct time_offset *offset)
{
	if (offset->set)
		text_addf(t, "%s %" PRId64 " %" PRIu32 "\n", clock, offset->secs, offset->nanosecs);
}

int time_write_offsets(const struct plan *p, pid_t pid)
{
	const struct linux_config *l = &p->spec->linux;
	char path[64], lines[128];
	struct text t = text_on(path, sizeof(path));
	int r;

	text_addf(&t, "/proc/%d/timens_offsets", (int)pid);
	t = text_on(lines, sizeof(lines));
	add_offset(&t, "monotonic", &l->time_offsets.monotonic);
	add_offset(&t, "boottime", &l->time_offsets.boottime);
	if (t.length == 0)
		return 0;
	r = io_write_file(AT_FDCWD, path, lines, t.length);
	if (r == -ERANGE)
		return fail(p->error, 0, "linux.timeOffsets: a clock would become negative or overflow");
	if (r < 0)
		return fail(p->error, r, "linux.timeOffsets: cannot write '%s'", path);
	return 0;
}

static void explain_offset(struct explain *x, const char *clock, const struct time_offset *offset)
{
	if (offset->set)
		explain_step(x, "move the %s clock by %" PRId64 " s and %" PRIu32 " ns", clock, offset->secs, offset->nanosecs);
}

static void time_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct linux_config *l = &p->spec->linux;

	if (phase != PHASE_PREPARE)
		return;
	nswords_explain(p, NAMESPACE_TIME, "its monotonic and boot clocks", x);
	explain_offset(x, "monotonic", &l->time_offsets.monotonic);
	explain_offset(x, "boot", &l->time_offsets.boottime);
}

const struct aspect aspect_time = {
	.id = ASPECT_TIME,
	.explain = time_explain,
};
