/*
 * `hull explain`, and what --debug tells of a creation: the plan in words, phase by phase, in the order of sequence.c. Checked like a run, but nothing is
 * opened and nothing done.
 */
#include "run/explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "aspect/sequence.h"
#include "base/json.h"
#include "base/log.h"
#include "run/hop.h"

/*
 * @aspect, @phase: of the callback that is being asked
 * @w: JSON, if @json;  @text: prose;  @log: neither, but a line of the log for each step
 * @phase_shown: its heading was written
 */
struct explain {
	const struct plan *p;
	enum aspect_id aspect;
	enum phase phase;
	bool json, phase_shown;
	struct json_writer w;
	struct arena_text text;
	const struct log *log;
};

static const char *const headings[] = {
	[PHASE_PREPARE] = "prepare: before the clone",
	[PHASE_PARENT] = "parent: from outside, while the child waits",
	[PHASE_ENTER] = "enter: in the new namespaces, the host's tree still visible",
	[PHASE_SETTLE] = "settle: inside the new root",
	[PHASE_SEAL] = "seal: what is given up",
	[PHASE_EXEC] = "exec",
	[PHASE_UNDO] = "later: once the payload runs, and when the container is deleted",
};

void explain_step(struct explain *x, const char *format, ...)
{
	char step[4096], aspect[32];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(step, sizeof(step), format, args); /* a longer step is cut */
	va_end(args);
	if (x->log) {
		log_write(x->log, LOG_LEVEL_DEBUG, "%s: %s: %s", phase_name(x->phase), aspect_name(x->aspect), step);
		return;
	}
	if (x->json) {
		json_open_object(&x->w, NULL);
		json_string(&x->w, "phase", phase_name(x->phase));
		json_string(&x->w, "aspect", aspect_name(x->aspect));
		json_string(&x->w, "step", step);
		json_close_object(&x->w);
		return;
	}
	if (!x->phase_shown) {
		arena_text_add(&x->text, x->text.length > 0 ? "\n" : "");
		arena_text_add(&x->text, headings[x->phase]);
		arena_text_add(&x->text, "\n");
	}
	x->phase_shown = true;
	(void)snprintf(aspect, sizeof(aspect), "  %-12s ", aspect_name(x->aspect)); /* names are short */
	arena_text_add(&x->text, aspect);
	arena_text_add(&x->text, step);
	arena_text_add(&x->text, "\n");
}

static void start_phase(struct explain *x, enum phase phase)
{
	x->phase = phase;
	x->phase_shown = false;
}

static void ask(struct explain *x, const struct aspect *aspect)
{
	x->aspect = aspect->id;
	if (aspect->explain)
		aspect->explain(x->p, x->phase, x);
}

static void explain_rows(struct explain *x, enum phase phase, const struct sequence *rows)
{
	start_phase(x, phase);
	for (size_t i = 0; i < rows->n; i++)
		if (!rows->v[i].call && sequence_applies(&rows->v[i], x->p))
			ask(x, rows->v[i].aspect);
}

static void explain_aspects(struct explain *x, enum phase phase, const struct sequence_aspects *aspects)
{
	start_phase(x, phase);
	for (size_t i = 0; i < aspects->n; i++)
		ask(x, aspects->v[i]);
}

static void explain_plan(struct explain *x)
{
	explain_aspects(x, PHASE_PREPARE, &sequence_prepare);
	start_phase(x, PHASE_PARENT);
	x->aspect = ASPECT_ENGINE;
	explain_step(x, hop_needed(x->p) ? "clone a process that joins namespaces, and from it the container's" : "clone the container's process");
	for (size_t i = 0; i < sequence_parent.n; i++)
		ask(x, sequence_parent.v[i]);
	explain_rows(x, PHASE_ENTER, &sequence_enter);
	explain_rows(x, PHASE_SETTLE, &sequence_settle);
	explain_rows(x, PHASE_SEAL, &sequence_seal);
	start_phase(x, PHASE_EXEC);
	ask(x, &aspect_hooks);
	ask(x, &aspect_init);
	for (size_t i = 0; i < sequence_exec.n; i++)
		if (sequence_applies(&sequence_exec.v[i], x->p))
			ask(x, sequence_exec.v[i].aspect);
	ask(x, &aspect_exec);
	start_phase(x, PHASE_UNDO);
	ask(x, &aspect_hooks);
}

const char *plan_explain(const struct plan *p, bool json)
{
	struct explain x = { .p = p, .json = json, .text = { .arena = p->arena } };

	if (json) {
		x.w = json_writer_on(p->arena, 2);
		json_open_array(&x.w, NULL);
	}
	explain_plan(&x);
	if (!json)
		return x.text.data;
	json_close_array(&x.w);
	return json_text(&x.w);
}

void plan_log(const struct plan *p)
{
	struct explain x = { .p = p, .log = p->log };

	if (p->log->level >= LOG_LEVEL_DEBUG)
		explain_plan(&x);
}
