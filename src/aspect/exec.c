/*
 * process.args, process.env and process.cwd: what is executed, with which environment, where.
 *
 * check makes argv, envp and the list of paths to try. The child makes a missing working directory while the root is writable (settle), enters it and finds
 * HOME as root (exec_before_ids), and as the user looks for the program (seal), so that a wrong name fails at `create`, with the words of runc, which
 * engines match. exec_payload() only calls execve.
 */
#include "aspect/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aspect/environment.h"
#include "aspect/passwd.h"
#include "aspect/protocol.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/spawn.h"
#include "base/sys.h"

enum { EXEC_CWD_MODE = 0755, PWD_VALUE = sizeof("PWD=") - 1 };

/*
 * @as_script: argv for the shell, which reads the program: "/bin/sh", the program, its arguments
 * @candidates: what to try, in order; one when the name has a slash, else the directories of PATH;  @found: the one that it is
 * @home: slot for "HOME=…" in @envp, NULL: the document gave one;  @pwd: slot for "PWD=…", NULL: not wanted
 * @retreat: where a sandbox goes when its cwd is not there, NULL: "/"
 * @entered: cwd has been entered.  The child's own copy of this structure is written to.
 */
struct exec_plan {
	char **argv, **envp, **as_script;
	char **candidates, *found;
	size_t n_candidates;
	bool by_path;
	char *home, *pwd;
	const char *retreat;
	bool entered;
};

/* The paths of @name in the directories of PATH. As in Go's exec.LookPath only absolute ones count: a payload is not found where it happens to stand. */
static void add_candidates(struct plan *p, struct exec_plan *plan, const char *name)
{
	const char *path = environment_path(plan->envp);
	size_t n = 1;

	for (const char *s = path; *s != '\0'; s++)
		n += *s == ':';
	plan->candidates = arena_many(p->arena, char *, n);
	for (;;) {
		size_t length = strcspn(path, ":");

		if (path[0] == '/')
			plan->candidates[plan->n_candidates++] = arena_printf(p->arena, "%.*s/%s", (int)length, path, name);
		if (path[length] == '\0')
			break;
		path += length + 1;
	}
}

static int exec_check(struct plan *p)
{
	const struct string_list *args = &p->process->args;
	struct exec_plan *plan = arena_new(p->arena, struct exec_plan);

	p->data[ASPECT_EXEC] = plan;
	if (args->n == 0) {
		/* a container may be created without a process; it cannot be started then (runtime.md, start) */
		return p->request->exec || p->spec->has_process ? fail(p->error, 0, "process.args: expected at least one argument") : 0;
	}
	plan->as_script = arena_many(p->arena, char *, args->n + 2);
	plan->as_script[0] = arena_strdup(p->arena, "/bin/sh");
	plan->argv = plan->as_script + 1;
	memcpy(plan->argv, args->v, args->n * sizeof(*args->v));
	if (p->spec->hull.argv0 && !p->request->exec)
		plan->argv[0] = p->spec->hull.argv0;
	if (environment_make(p, &plan->envp, &plan->home, &plan->pwd) < 0)
		return -1;
	plan->retreat = environment_home(plan->envp);
	if (strchr(args->v[0], '/')) {
		plan->candidates = arena_many(p->arena, char *, 1);
		plan->candidates[plan->n_candidates++] = args->v[0];
		return 0;
	}
	plan->by_path = true;
	if (args->v[0][0] != '\0')
		add_candidates(p, plan, args->v[0]);
	return 0;
}

CHILD char *const *exec_environment(const struct plan *p)
{
	const struct exec_plan *plan = p->data[ASPECT_EXEC];

	return plan->envp;
}

static CHILD bool has_cwd(const struct plan *p)
{
	const char *cwd = p->process->cwd;

	return cwd && cwd[0] != '\0' && !(cwd[0] == '/' && cwd[1] == '\0');
}

static CHILD int exec_settle(struct child *c)
{
	int fd;

	if (!has_cwd(c->plan) || c->plan->request->sandbox) /* a sandbox does not make what the host does not have */
		return 0;
	fd = path_make_dir(c->root, c->plan->process->cwd, EXEC_CWD_MODE);
	/* a directory that only the user may reach (FUSE, NFS): it is entered as the user */
	if (fd < 0 && fd != -EACCES && fd != -EPERM)
		return child_fail(c, FAULT("process.cwd: cannot make directory '%a'"), fd, c->plan->process->cwd, NULL);
	(void)close_fd(fd);
	return 0;
}

/* Through no magic link: "/proc/self/fd/7" must not lead out of the container (CVE-2024-21626). */
static CHILD int enter_directory(const struct child *c, const char *path)
{
	int fd = path_open(c->root, path, O_PATH | O_DIRECTORY, 0);
	int r = fd < 0 ? fd : fchdir(fd) < 0 ? -errno : 0;

	(void)close_fd(fd);
	return r;
}

static CHILD int enter_cwd(struct child *c)
{
	struct exec_plan *plan = c->plan->data[ASPECT_EXEC];
	int r;

	if (has_cwd(c->plan))
		r = enter_directory(c, c->plan->process->cwd);
	else
		r = chdir("/") < 0 ? -errno : 0;
	/* a sandbox whose caller stands where the sandbox has nothing (bwrap(1) does the same) */
	if (r < 0 && c->plan->request->cwd_optional && plan->retreat)
		r = enter_directory(c, plan->retreat);
	if (r < 0 && c->plan->request->cwd_optional)
		r = chdir("/") < 0 ? -errno : 0;
	plan->entered = r == 0;
	if (plan->entered && plan->pwd) /* of a directory outside there is none that begins with "/" */
		if (SYS_CALL(SYS_getcwd, plan->pwd + PWD_VALUE, ENVIRONMENT_HOME_MAX - PWD_VALUE) < 0 || plan->pwd[PWD_VALUE] != '/')
			memcpy(plan->pwd + PWD_VALUE, "/", 2);
	return r;
}

CHILD int exec_before_ids(struct child *c)
{
	struct exec_plan *plan = c->plan->data[ASPECT_EXEC];
	int r = enter_cwd(c);

	if (r < 0 && r != -EACCES && r != -EPERM)
		return child_fail(c, FAULT("process.cwd: cannot change to '%a'"), r, c->plan->process->cwd, NULL);
	if (!plan->entered)
		child_keep(c, c->root);
	if (plan->home)
		passwd_home(c->root, c->plan->process->user.uid, plan->home);
	return 0;
}

/* A directory that is not below our root has a path that begins with "(unreachable)" (getcwd(2)). */
static CHILD int check_cwd(const struct child *c)
{
	char path[PATH_MAX];
	long r = SYS_CALL(SYS_getcwd, path, sizeof(path));

	if (r == -ENAMETOOLONG || r == -ERANGE) /* deeper than a path can say, and the kernel says so only of paths inside */
		return 0;
	if (r < 0)
		return child_fail(c, FAULT("process.cwd: cannot tell where '%a' is"), (int)r, c->plan->process->cwd, NULL);
	if (path[0] != '/')
		return child_fail(c, FAULT("process.cwd: '%a' is outside the container"), 0, c->plan->process->cwd, NULL);
	return 0;
}

/* Whether the file can be executed by us: 0 or -errno. libc's faccessat would fork for AT_EACCESS. */
static CHILD int executable(const char *path)
{
	struct stat st;
	long r;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	r = SYS_CALL(SYS_faccessat2, AT_FDCWD, path, X_OK, AT_EACCESS);
	if (r == -ENOSYS) /* before Linux 5.8; our real and effective ids are the same */
		r = SYS_CALL(SYS_faccessat, AT_FDCWD, path, X_OK);
	return (int)r;
}

static CHILD int find_program(struct child *c)
{
	struct exec_plan *plan = c->plan->data[ASPECT_EXEC];
	const char *name = c->plan->process->args.v[0];
	int r = -ENOENT;

	for (size_t i = 0; i < plan->n_candidates; i++) {
		r = executable(plan->candidates[i]);
		if (r == 0) {
			c->program = plan->found = plan->candidates[i];
			return 0;
		}
	}
	/* the words are runc's and Go's: podman and docker tell 127 and 126 by them */
	if (plan->by_path)
		return child_fail_number(c, FAULT("exec: \"%a\": executable file not found in $PATH"), 0, name, EXEC_NOT_FOUND);
	if (r == -ENOENT)
		return child_fail_number(c, FAULT("exec: \"%a\": stat %a: no such file or directory"), 0, name, EXEC_NOT_FOUND);
	if (r == -EACCES || r == -EISDIR)
		return child_fail_number(c, FAULT("exec: \"%a\": permission denied"), 0, name, EXEC_CANNOT);
	return child_fail_number(c, FAULT("exec: \"%a\": stat %a"), r, name, EXEC_CANNOT);
}

static CHILD int exec_seal(struct child *c)
{
	struct exec_plan *plan = c->plan->data[ASPECT_EXEC];
	int r = plan->entered ? 0 : enter_cwd(c);

	if (r < 0)
		return child_fail(c, FAULT("process.cwd: cannot change to '%a'"), r, c->plan->process->cwd, NULL);
	if (has_cwd(c->plan) && !c->plan->request->cwd_optional && check_cwd(c) < 0)
		return -1;
	return plan->argv ? find_program(c) : 0;
}

CHILD void exec_signals(const struct child *c)
{
	if (c->plan->request->sandbox) /* handlers went at the clone; what was ignored stays so (nohup(1)) */
		spawn_inherit_signals(c->plan->request->signal_mask, c->plan->request->ignores_children);
	else
		spawn_reset_signals();
}

CHILD int exec_payload(struct child *c)
{
	struct exec_plan *plan = c->plan->data[ASPECT_EXEC];
	int saved;

	if (!plan->argv || !c->program)
		return child_fail(c, FAULT("process: required to start the container"), 0, NULL, NULL);
	if (protocol_filter(c) < 0)
		return -1;
	(void)execve(c->program, plan->argv, plan->envp); /* returns only when it failed */
	saved = errno;
	/* a script without "#!": shells, env(1) and execvp(3) take it, so a sandbox does; an OCI runtime has an image's word for what is a program */
	if (saved == ENOEXEC && c->plan->request->sandbox) {
		plan->as_script[1] = plan->found;
		(void)execve(plan->as_script[0], plan->as_script, plan->envp); /* likewise; then the first failure is the one to tell of */
	}
	if (saved == ENOENT) /* the program itself was found before: it is its interpreter that the kernel did not find */
		return child_fail_number(c, FAULT("exec %a: the program is there, but its interpreter (of the first line, or the ELF loader) is not"), saved,
			c->program, EXEC_NOT_FOUND);
	return child_fail_number(c, FAULT("exec %a"), saved, c->program,
		saved == ENOENT || saved == ENOTDIR ? EXEC_NOT_FOUND : EXEC_CANNOT);
}

static void exec_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct exec_plan *plan = p->data[ASPECT_EXEC];

	if (phase == PHASE_SETTLE && has_cwd(p) && !p->request->sandbox)
		explain_step(x, "make the directory '%s' unless it is there", p->process->cwd);
	if (phase == PHASE_SEAL)
		explain_step(x, "change to the directory '%s'", has_cwd(p) ? p->process->cwd : "/");
	if (phase == PHASE_SEAL && plan && plan->argv)
		explain_step(x, "find the program '%s'%s", plan->argv[0], plan->by_path ? " in PATH" : "");
	if (phase != PHASE_EXEC || !plan || !plan->argv)
		return;
	for (size_t i = 1; plan->argv[i]; i++)
		explain_step(x, "pass the argument '%s'", plan->argv[i]);
	for (size_t i = 0; plan->envp[i]; i++)
		if (plan->envp[i] != plan->home && plan->envp[i] != plan->pwd)
			explain_step(x, "set the environment variable '%s'", plan->envp[i]);
	if (plan->home)
		explain_step(x, "set HOME to what the container's /etc/passwd says");
	if (plan->pwd)
		explain_step(x, "set PWD to where it is");
	explain_step(x, "execute '%s'", plan->argv[0]);
}

const struct aspect aspect_exec = {
	.id = ASPECT_EXEC,
	.check = exec_check,
	.settle = exec_settle,
	.seal = exec_seal,
	.explain = exec_explain,
};
