/* The order: every callback of every aspect stands in its phase exactly once, whatever is run and however. */
#include "aspect/sequence.h"

#include "aspect/caps.h"
#include "aspect/exec.h"
#include "base/scope.h"
#include "unit.h"

static const struct aspect *const aspects[] = {
	&aspect_user, &aspect_pid, &aspect_ipc, &aspect_uts, &aspect_time, &aspect_net, &aspect_cgroup, &aspect_rootfs, &aspect_mounts, &aspect_devices,
	&aspect_masks, &aspect_sysctl, &aspect_tty, &aspect_stdio, &aspect_hooks, &aspect_keyring, &aspect_personality, &aspect_sched, &aspect_mempolicy,
	&aspect_rdt, &aspect_oom, &aspect_rlimits, &aspect_ids, &aspect_caps, &aspect_nnp, &aspect_apparmor, &aspect_selinux, &aspect_landlock,
	&aspect_seccomp, &aspect_init, &aspect_plugin,
	&aspect_exec,
};

/* all aspects but the engine, which has no file in aspect/ */
_Static_assert(ARRAY_SIZE(aspects) == ASPECT_MAX - 1, "a new aspect belongs into this list");

typedef int (*callback)(struct child *c);

static callback enter_of(const struct aspect *a)
{
	return a->enter;
}

static callback settle_of(const struct aspect *a)
{
	return a->settle;
}

static callback seal_of(const struct aspect *a)
{
	return a->seal;
}

static const struct {
	const char *name;
	const struct sequence *rows;
	callback (*own)(const struct aspect *a);
} phases[] = { { "enter", &sequence_enter, enter_of }, { "settle", &sequence_settle, settle_of }, { "seal", &sequence_seal, seal_of } };

static size_t count(const struct sequence_aspects *list, const struct aspect *a)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += list->v[i] == a;
	return n;
}

static size_t position(const struct sequence_aspects *list, const struct aspect *a)
{
	size_t i = 0;

	while (i < list->n && list->v[i] != a)
		i++;
	return i;
}

/* a run: create or exec, with no_new_privs or without */
struct run {
	struct request request;
	struct process process;
	struct spec spec;
	struct plan plan;
};

static void run_init(struct run *r, bool exec, bool nnp)
{
	memset(r, 0, sizeof(*r));
	r->request.exec = exec;
	r->process.no_new_privileges = nnp;
	r->plan.request = &r->request;
	r->plan.process = &r->process;
	r->plan.spec = &r->spec;
}

/* how many rows of @rows play @call (NULL: the own callback) of @a in this run */
static size_t played(const struct sequence *rows, const struct aspect *a, callback call, const struct run *r)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++)
		n += rows->v[i].aspect == a && rows->v[i].call == call && sequence_applies(&rows->v[i], &r->plan);
	return n;
}

static size_t place_of(const struct sequence *rows, const struct aspect *a, callback call, const struct run *r)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows->v[i].aspect == a && rows->v[i].call == call && sequence_applies(&rows->v[i], &r->plan))
			return i;
	return SIZE_MAX;
}

static void every_aspect_has_its_own_id(void)
{
	bool seen[ASPECT_MAX] = { false };

	for (size_t i = 0; i < ARRAY_SIZE(aspects); i++) {
		CHECK(aspects[i]->id > ASPECT_ENGINE && aspects[i]->id < ASPECT_MAX);
		CHECK(!seen[aspects[i]->id]);
		seen[aspects[i]->id] = true;
	}
}

static void every_aspect_is_checked_once(void)
{
	CHECK(sequence_prepare.n == ARRAY_SIZE(aspects));
	for (size_t i = 0; i < ARRAY_SIZE(aspects); i++)
		CHECK(count(&sequence_prepare, aspects[i]) == 1);
}

static void every_parent_callback_stands_once(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(aspects); i++) {
		if (count(&sequence_parent, aspects[i]) == (aspects[i]->parent ? 1u : 0u))
			continue;
		printf("# parent: %s\n", aspect_name(aspects[i]->id));
		CHECK(false);
	}
}

/* In one run of one phase. Creation plays every callback; exec every seal, and of the others what it likes, once. */
static void check_run(size_t phase, const struct aspect *a, bool exec, bool nnp)
{
	struct run r;
	size_t n;
	bool has = phases[phase].own(a) != NULL, always = !exec || phases[phase].rows == &sequence_seal;

	run_init(&r, exec, nnp);
	n = played(phases[phase].rows, a, NULL, &r);
	/* nothing is called that is not there; what is there is called once (no_new_privs itself: only when it is asked for) */
	if (n == (has ? 1u : 0u) || (n == 0 && (!always || (a == &aspect_nnp && !nnp))))
		return;
	printf("# %s, %s, %s, no_new_privs %d: %zu times\n", phases[phase].name, aspect_name(a->id), exec ? "exec" : "create", nnp, n);
	CHECK(false);
}

static void every_child_callback_stands_once(void)
{
	for (size_t phase = 0; phase < ARRAY_SIZE(phases); phase++)
		for (size_t i = 0; i < ARRAY_SIZE(aspects); i++)
			for (int variant = 0; variant < 4; variant++)
				check_run(phase, aspects[i], variant & 1, variant & 2);
}

static void every_row_calls_something(void)
{
	for (size_t phase = 0; phase < ARRAY_SIZE(phases); phase++) {
		const struct sequence *rows = phases[phase].rows;

		CHECK(rows->n > 0);
		for (size_t i = 0; i < rows->n; i++) {
			const struct sequence_row *row = &rows->v[i];

			CHECK(row->aspect != NULL);
			CHECK(row->call || phases[phase].own(row->aspect));
			CHECK(row->when & WHEN_ALWAYS);
			CHECK((row->when & (WHEN_NNP | WHEN_NOT_NNP)) != (WHEN_NNP | WHEN_NOT_NNP));
		}
	}
}

static void no_extra_call_stands_twice(void)
{
	struct run r;

	for (size_t phase = 0; phase < ARRAY_SIZE(phases); phase++) {
		const struct sequence *rows = phases[phase].rows;

		for (int variant = 0; variant < 4; variant++) {
			run_init(&r, variant & 1, variant & 2);
			for (size_t i = 0; i < rows->n; i++)
				if (rows->v[i].call && sequence_applies(&rows->v[i], &r.plan))
					CHECK(played(rows, rows->v[i].aspect, rows->v[i].call, &r) == 1);
		}
	}
}

static void rows_apply_when_they_say(void)
{
	static const struct {
		unsigned int when;
		bool create, create_nnp, exec, exec_nnp;
	} table[] = {
		{ WHEN_CREATE, true, true, false, false },
		{ WHEN_EXEC, false, false, true, true },
		{ WHEN_ALWAYS, true, true, true, true },
		{ WHEN_ALWAYS | WHEN_NNP, false, true, false, true },
		{ WHEN_ALWAYS | WHEN_NOT_NNP, true, false, true, false },
		{ WHEN_CREATE | WHEN_NNP, false, true, false, false },
		{ 0, false, false, false, false },
	};
	struct run r;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct sequence_row row = { &aspect_user, NULL, table[i].when };

		run_init(&r, false, false);
		CHECK(sequence_applies(&row, &r.plan) == table[i].create);
		run_init(&r, false, true);
		CHECK(sequence_applies(&row, &r.plan) == table[i].create_nnp);
		run_init(&r, true, false);
		CHECK(sequence_applies(&row, &r.plan) == table[i].exec);
		run_init(&r, true, true);
		CHECK(sequence_applies(&row, &r.plan) == table[i].exec_nnp);
	}
}

/* What the comments of sequence.c promise about security. */
static void the_order_is_safe(void)
{
	struct run r;
	size_t drop, ids, caps, filter, last = 0;

	CHECK(sequence_prepare.v[0] == &aspect_user);
	CHECK(sequence_parent.v[0] == &aspect_user);
	CHECK(sequence_enter.v[0].aspect == &aspect_user);
	CHECK(position(&sequence_prepare, &aspect_rootfs) < position(&sequence_prepare, &aspect_mounts));
	CHECK(position(&sequence_prepare, &aspect_cgroup) == sequence_prepare.n - 1);
	CHECK(sequence_settle.v[0].aspect == &aspect_rootfs && !sequence_settle.v[0].call);
	CHECK(sequence_settle.v[sequence_settle.n - 1].aspect == &aspect_masks);
	for (int variant = 0; variant < 4; variant++) {
		bool nnp = variant & 2;

		run_init(&r, variant & 1, nnp);
		drop = place_of(&sequence_seal, &aspect_caps, caps_drop_bounding, &r);
		ids = place_of(&sequence_seal, &aspect_ids, NULL, &r);
		caps = place_of(&sequence_seal, &aspect_caps, NULL, &r);
		filter = place_of(&sequence_seal, &aspect_seccomp, NULL, &r);
		CHECK(drop < ids && ids < caps && caps != SIZE_MAX);
		for (size_t i = 0; i < sequence_seal.n; i++)
			if (sequence_applies(&sequence_seal.v[i], &r.plan))
				last = i;
		CHECK(nnp ? filter == last : filter < drop);
		CHECK(place_of(&sequence_seal, &aspect_exec, exec_before_ids, &r) < ids);
		CHECK(place_of(&sequence_seal, &aspect_apparmor, NULL, &r) < ids && place_of(&sequence_seal, &aspect_selinux, NULL, &r) < ids);
		CHECK(!nnp || place_of(&sequence_seal, &aspect_nnp, NULL, &r) < filter);
	}
}

/* Once in each run: where a sandbox's payload has a reaper in front of it, that has none. */
static void the_filter_is_loaded_once(void)
{
	struct run r;

	for (unsigned int variant = 0; variant < 32; variant++) {
		bool exec = variant & 1, nnp = variant & 2, sandbox = variant & 4, init = variant & 8, userns = variant & 16;
		bool apart = nnp && sandbox && init && userns && !exec;

		run_init(&r, exec, nnp);
		r.request.sandbox = sandbox;
		r.spec.hull.init = init;
		r.plan.has_userns = userns;
		CHECK(played(&sequence_exec, &aspect_seccomp, NULL, &r) == apart);
		CHECK(played(&sequence_seal, &aspect_seccomp, NULL, &r) == !apart);
	}
}

int main(void)
{
	RUN(every_aspect_has_its_own_id);
	RUN(every_aspect_is_checked_once);
	RUN(every_parent_callback_stands_once);
	RUN(every_child_callback_stands_once);
	RUN(every_row_calls_something);
	RUN(no_extra_call_stands_twice);
	RUN(rows_apply_when_they_say);
	RUN(the_order_is_safe);
	RUN(the_filter_is_loaded_once);
	return unit_done();
}
