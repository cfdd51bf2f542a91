/* update: the limits of a running container. */
#include "cli/cli.h"

#define LIMIT(long_name, member, value, text) { long_name, OPTION_AT(struct hull_update_options, member), .argument = value, .help = text }

static const struct option_row rows[] = {
	{ "resources", 'r', OPTION_AT(struct hull_update_options, resources), .argument = "FILE",
	  .help = "read all limits from a JSON document, - for standard input; the other limits are then ignored" },
	LIMIT("blkio-weight", blkio_weight, "N", "weight of block I/O, 10 to 1000"),
	LIMIT("cpu-period", cpu_period, "US", "period of the CPU quota in microseconds"),
	LIMIT("cpu-quota", cpu_quota, "US", "CPU time in a period in microseconds, -1 for no limit"),
	LIMIT("cpu-burst", cpu_burst, "US", "unused CPU time that may be saved up, in microseconds"),
	LIMIT("cpu-share", cpu_shares, "N", "weight of CPU time"),
	LIMIT("cpu-rt-period", cpu_rt_period, "US", "period of the real-time quota in microseconds"),
	LIMIT("cpu-rt-runtime", cpu_rt_runtime, "US", "real-time CPU time in a period in microseconds"),
	LIMIT("cpu-idle", cpu_idle, "N", "1: run only when nothing else wants the CPU"),
	LIMIT("cpuset-cpus", cpuset_cpus, "LIST", "CPUs to run on"),
	LIMIT("cpuset-mems", cpuset_mems, "LIST", "memory nodes to use"),
	LIMIT("memory", memory, "BYTES", "limit of memory; 64m is 64 MiB, -1 for no limit"),
	LIMIT("memory-reservation", memory_reservation, "BYTES", "memory that is left to it under pressure"),
	LIMIT("memory-swap", memory_swap, "BYTES", "limit of memory and swap together, -1 for no limit"),
	LIMIT("pids-limit", pids_limit, "N", "limit of processes and threads, -1 for no limit"),
	LIMIT("l3-cache-schema", l3_cache_schema, "TEXT", "share of the L3 cache (resctrl)"),
	LIMIT("mem-bw-schema", mem_bw_schema, "TEXT", "share of the memory bandwidth (resctrl)"),
	{ "kernel-memory", OPTION_AT(struct hull_update_options, kernel_memory), .flags = OPTION_HIDDEN, .argument = "BYTES",
	  .help = "ignored: the kernel has it no more" },
	{ "kernel-memory-tcp", OPTION_AT(struct hull_update_options, kernel_memory_tcp), .flags = OPTION_HIDDEN, .argument = "BYTES",
	  .help = "ignored: the kernel has it no more" },
};

static int update_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	struct hull_update_options *o = flags;

	(void)n_operands; /* exactly one */
	o->size = sizeof(*o);
	return hull_update(cli->hull, operands[0], o) < 0 ? cli_library_failed(cli) : 0;
}

const struct command update_command = {
	.name = "update",
	.operands = "ID",
	.summary = "change the resource limits of a running container",
	.description =
		"Changes the cgroup limits of a container that is created, running or paused. What is not given stays as it is. All or nothing: when the kernel "
		"refuses one limit, those that were already set are put back.\n\n"
		"With --resources the limits come from a document like the member linux.resources of config.json; its device rules, if it has any, replace "
		"those of the container.",
	.examples = (const struct example[]){
		{ "hull update --memory 256m --memory-swap 256m web1", "change the limit of memory" },
		{ "hull update --cpu-quota 50000 --cpu-period 100000 web1", "give it half a CPU" },
		{ "echo '{\"pids\": {\"limit\": 100}}' | hull update -r - web1", "take the limits from a document" },
		{ NULL, NULL } },
	.min = 1, .max = 1, .failure = 1, .flags = COMMAND_TAKES_ID,
	COMMAND_OPTIONS(rows, struct hull_update_options),
	.run = update_run,
};
