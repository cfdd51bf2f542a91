/*
 * throughput CORES SECONDS COMMAND [ARGUMENT…]: how many runs of a command per second, with one loop a core, each loop and its command bound to its core.
 * Output: runs per second, and how many failed.
 */
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void loop(int core, double end, char **argv, int out)
{
	uint64_t count[2] = { 0, 0 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)core, &set);
	sched_setaffinity(0, sizeof(set), &set);
	while (now() < end) {
		int status = -1;
		pid_t pid;

		if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) == 0)
			waitpid(pid, &status, 0);
		count[status != 0]++;
	}
	if (write(out, count, sizeof(count)) != sizeof(count))
		_exit(1);
	_exit(0);
}

int main(int argc, char **argv)
{
	int cores = argc > 3 ? atoi(argv[1]) : 0, pipes[2];
	double seconds = cores > 0 ? atof(argv[2]) : 0, start = now();
	uint64_t total[2] = { 0, 0 }, count[2];

	if (cores < 1 || seconds <= 0 || pipe(pipes) < 0)
		return 2;
	for (int core = 0; core < cores; core++)
		if (fork() == 0)
			loop(core, start + seconds, argv + 3, pipes[1]);
	for (int core = 0; core < cores; core++) {
		if (read(pipes[0], count, sizeof(count)) != sizeof(count))
			return 1;
		total[0] += count[0];
		total[1] += count[1];
	}
	seconds = now() - start;
	while (wait(NULL) > 0)
		;
	printf("%.0f\t%llu\n", (double)total[0] / seconds, (unsigned long long)total[1]);
	return 0;
}
