/*
 * measure ROUNDS FILE: time commands beside each other, in turns, so that noise hits all alike.
 *
 * FILE has one line a case: NAME, a tab, and a command; several commands in sequence are separated by " ; ". Words are split at blanks; "{}" in a
 * word is replaced by a number that no other run has. Output, one line a case: NAME, median, 10th and 90th percentile (µs), largest resident set
 * (KiB), or "failed". A case whose command fails is left out of the rest of the run; what the command said is on stderr.
 *
 * The kernel takes a container's namespaces down in the background, under locks that the next start needs: before each case there is a pause, or it would
 * pay for the one before it.
 *
 * Processes that a command leaves behind become our children and are reaped at once, as an engine's monitor would do it: a container that is a zombie
 * would slow down whoever has to see that it is gone.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CASES_MAX = 64, WORDS_MAX = 128, ROUNDS_MAX = 100000, PAUSE_MS = 20 };

struct sample_case {
	char *name, *words[WORDS_MAX];
	double *us;
	int n, failures;
	long rss;
};

extern char **environ;
static struct sample_case cases[CASES_MAX];
static int n_cases;
static unsigned long serial;

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void read_cases(const char *path, int rounds)
{
	static char line[65536];
	FILE *f = fopen(path, "re");

	if (!f) {
		perror(path);
		exit(2);
	}
	while (n_cases < CASES_MAX && fgets(line, sizeof(line), f)) {
		struct sample_case *c = &cases[n_cases];
		char *tab = strchr(line, '\t'), *save = NULL;
		int n = 0;

		if (line[0] == '#' || !tab)
			continue;
		*tab = '\0';
		c->name = strdup(line);
		for (char *word = strtok_r(tab + 1, " \n", &save); word && n < WORDS_MAX - 1; word = strtok_r(NULL, " \n", &save))
			c->words[n++] = strdup(word);
		c->us = calloc((size_t)rounds, sizeof(double));
		n_cases++;
	}
	fclose(f);
}

/* Run one command; returns false if it failed. */
static bool run(char **argv, long *rss)
{
	posix_spawn_file_actions_t actions;
	struct rusage usage;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) != 0)
		return false;
	posix_spawn_file_actions_destroy(&actions);
	for (pid_t gone = 0; gone != pid;) {
		gone = wait4(-1, &status, 0, &usage);
		if (gone < 0)
			return false;
	}
	if (usage.ru_maxrss > *rss)
		*rss = usage.ru_maxrss;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool run_case(struct sample_case *c)
{
	static char room[WORDS_MAX][4096];
	char *argv[WORDS_MAX], number[32];
	int n = 0;

	snprintf(number, sizeof(number), "%d-%lu", (int)getpid(), serial++);
	for (int i = 0;; i++) {
		char *word = c->words[i], *mark;

		if (!word || strcmp(word, ";") == 0) {
			argv[n] = NULL;
			if (!run(argv, &c->rss))
				return false;
			if (!word)
				return true;
			n = 0;
			continue;
		}
		mark = strstr(word, "{}");
		if (mark) {
			snprintf(room[i], sizeof(room[i]), "%.*s%s%s", (int)(mark - word), word, number, mark + 2);
			word = room[i];
		}
		argv[n++] = word;
	}
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int rounds = argc == 3 ? atoi(argv[1]) : 0;

	if (rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: measure ROUNDS FILE\n");
		return 2;
	}
	read_cases(argv[2], rounds);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* cannot fail */
	for (int round = -1; round < rounds; round++)	 /* the first one warms up */
		for (struct sample_case *c = cases; c < cases + n_cases; c++) {
			double start, us;

			if (c->failures)
				continue;
			(void)nanosleep(&(struct timespec){ .tv_nsec = PAUSE_MS * 1000000L }, NULL); /* cut short by a signal: no matter */
			start = now_us();
			if (!run_case(c)) {
				c->failures++;
				fprintf(stderr, "measure: case '%s' failed\n", c->name);
				continue;
			}
			us = now_us() - start;
			if (round >= 0)
				c->us[c->n++] = us;
		}
	for (struct sample_case *c = cases; c < cases + n_cases; c++) {
		qsort(c->us, (size_t)c->n, sizeof(double), ascending);
		if (c->failures || c->n == 0)
			printf("%s\tfailed\n", c->name);
		else
			printf("%s\t%.0f\t%.0f\t%.0f\t%ld\n", c->name, c->us[c->n / 2], c->us[c->n / 10], c->us[c->n * 9 / 10], c->rss);
	}
	return 0;
}
