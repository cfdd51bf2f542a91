/* update: new limits for a container that exists, from a document or from options. */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "aspect/cgroup_control.h"
#include "aspect/rdt.h"
#include "base/io.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/text.h"
#include "run/handle.h"
#include "run/plan.h"
#include "spec/check.h"
#include "spec/oci.h"

/* @name: for messages;  @kind: of the member of struct resources;  @bytes: a suffix is allowed */
struct row {
	const char *name;
	enum { KIND_I64, KIND_U64, KIND_U32, KIND_STRING } kind;
	bool bytes;
	size_t from, to;
};

#define FROM(member) offsetof(struct hull_update_options, member)
#define TO(member)                                                                                       \
	.to = offsetof(struct resources, member), .kind = _Generic(((struct resources *)NULL)->member, \
		struct opt_i64: KIND_I64, struct opt_u64: KIND_U64, struct opt_u32: KIND_U32, char *: KIND_STRING)

static const struct row rows[] = {
	{ "memory", .from = FROM(memory), TO(memory.limit), .bytes = true },
	{ "memory-reservation", .from = FROM(memory_reservation), TO(memory.reservation), .bytes = true },
	{ "memory-swap", .from = FROM(memory_swap), TO(memory.swap), .bytes = true },
	{ "cpu-share", .from = FROM(cpu_shares), TO(cpu.shares) },
	{ "cpu-quota", .from = FROM(cpu_quota), TO(cpu.quota) },
	{ "cpu-period", .from = FROM(cpu_period), TO(cpu.period) },
	{ "cpu-burst", .from = FROM(cpu_burst), TO(cpu.burst) },
	{ "cpu-idle", .from = FROM(cpu_idle), TO(cpu.idle) },
	{ "cpu-rt-runtime", .from = FROM(cpu_rt_runtime), TO(cpu.realtime_runtime) },
	{ "cpu-rt-period", .from = FROM(cpu_rt_period), TO(cpu.realtime_period) },
	{ "cpuset-cpus", .from = FROM(cpuset_cpus), TO(cpu.cpus) },
	{ "cpuset-mems", .from = FROM(cpuset_mems), TO(cpu.mems) },
	{ "pids-limit", .from = FROM(pids_limit), TO(pids.limit) },
	{ "blkio-weight", .from = FROM(blkio_weight), TO(block_io.weight) },
};

/* -1 or a number of bytes */
static int parse_bytes(const char *text, int64_t *ret_value)
{
	uint64_t value;
	int r;

	if (text[0] == '-')
		return text_to_i64(text, ret_value);
	r = text_to_size(text, &value);
	if (r == 0 && value > INT64_MAX)
		return -ERANGE;
	if (r == 0)
		*ret_value = (int64_t)value;
	return r;
}

static int set_row(struct hull *h, const struct row *row, const char *text, struct resources *r)
{
	void *to = (char *)r + row->to;
	struct opt_i64 i64 = { .set = true };
	struct opt_u64 u64 = { .set = true };
	struct opt_u32 u32 = { .set = true };
	int result = 0;

	switch (row->kind) {
	case KIND_I64:
		result = row->bytes ? parse_bytes(text, &i64.value) : text_to_i64(text, &i64.value);
		memcpy(to, &i64, sizeof(i64));
		break;
	case KIND_U64:
		result = text_to_u64(text, &u64.value);
		memcpy(to, &u64, sizeof(u64));
		break;
	case KIND_U32:
		result = text_to_u32(text, &u32.value);
		memcpy(to, &u32, sizeof(u32));
		break;
	case KIND_STRING:
		*(char **)to = arena_strdup(&h->arena, text);
		break;
	}
	if (result == -ERANGE || (result == 0 && i64.value < -1))
		return fail(&h->error, 0, "--%s: '%s' is out of range", row->name, text);
	if (result < 0)
		return fail(&h->error, 0, "--%s: expected a number%s, got '%s'", row->name, row->bytes ? " of bytes" : "", text);
	return 0;
}

static int from_options(struct hull *h, const struct hull_update_options *o, struct resources *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *text = *(const char *const *)((const char *)o + rows[i].from);

		if (text && set_row(h, &rows[i], text, r) < 0)
			return -1;
	}
	if (o->kernel_memory || o->kernel_memory_tcp)
		log_write(&h->log, LOG_LEVEL_WARNING, "the limit of kernel memory is ignored: Linux has no such limit any more");
	return check_resources(&h->error, r, "resources");
}

static int from_document(struct hull *h, const char *file, struct resources *r)
{
	bool input = strcmp(file, "-") == 0;
	const struct json *document;
	char *text;
	size_t length;
	int result = input ? io_read_fd(STDIN_FILENO, JSON_SIZE_MAX, &h->arena, &text, &length) :
			     io_read_input(file, JSON_SIZE_MAX, &h->arena, &text, &length);

	if (result < 0)
		return fail(&h->error, result, "cannot read the resources document '%s'", file);
	if (json_parse(&h->arena, &h->error, input ? "resources" : file, text, length, &document) < 0 ||
	    spec_read_resources(&h->arena, &h->error, document, r) < 0)
		return -1;
	if (r->memory.kernel.set && r->memory.kernel.value != 0)
		log_write(&h->log, LOG_LEVEL_WARNING, "memory.kernel is ignored: Linux has no such limit any more");
	return 0;
}

static int update(struct job *job, const struct hull_update_options *o)
{
	struct hull *h = job->hull;
	enum state_status status = state_status(job->dir, &job->state);
	struct resources r = { 0 };
	struct rdt_former former = { NULL, NULL };
	const char *version;

	if (status == STATUS_STOPPED || status == STATUS_CREATING)
		return fail(&h->error, 0, "cannot update a container that is %s", state_status_name(status));
	if ((o->resources ? from_document(h, o->resources, &r) : from_options(h, o, &r)) < 0)
		return -1;
	if (job_read_config(job, job->dir, "config.json", "config.json") < 0)
		return -1;
	version = o->resources ? job->spec.oci_version : HULL_OCI_VERSION; /* whether 0 pids are a limit: an option means what it says */
	if ((o->l3_cache_schema || o->mem_bw_schema) && rdt_update(job->spec.linux.intel_rdt, job->id, o->l3_cache_schema, o->mem_bw_schema,
								  &h->arena, &h->error, &former) < 0)
		return -1;
	caller_identify(&job->caller);
	if (cgroup_update(&job->state.facts, &r, version, job->caller.euid == 0 && process_in_initial_userns(), &h->arena, &h->error) == 0)
		return 0;
	rdt_put_back(&former, &h->arena);
	return -1;
}

int container_update(struct hull *hull, const char *id, const struct hull_update_options *o)
{
	struct job job;
	int r = job_open(&job, hull, id, true);

	if (r == 0)
		r = update(&job, o);
	job_close(&job);
	return r < 0 ? -1 : 0;
}
