/* What of the caller's environment gets into a sandbox. */
#include "base/arena.h"
#include "spec/sandbox.h"
#include "unit.h"

enum { LONGEST = 255 };

static struct arena arena;

/* How many of one variable get in. */
static size_t kept(const char *entry, bool bare)
{
	const struct hull_sandbox_options o = { .bare = bare };
	char copy[512];
	char *const env[] = { copy, NULL };
	struct string_list list = { 0 };
	struct error error = { 0 };

	(void)snprintf(copy, sizeof(copy), "%s", entry);
	CHECK(sandbox_environment(&arena, &error, &o, env, &list) == 0);
	return list.n;
}

static void usual_ones_get_in(void)
{
	static const char *const entries[] = {
		"PATH=/bin", "HOME=/", "A=", "LANG=C", "TERM=dumb", "http_proxy=p", "X=TOKEN", "X=SSH_AUTH_SOCK=1", "TOKE=N", "PASS=W", "API=KEY", "_DS=N",
		"SSH=1", "DISPLAYS=1", "STYLE=1", "DISPLA=Y", "XSSH_A=1", "token=1", "XDG_RUNTIME_DI=R", "MAIL=PRIVATE_KEY", "AWS=_",
	};

	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (kept(entries[i], false) != 1) {
			printf("# %s\n", entries[i]);
			unit_failed = true;
		}
}

static void leaking_ones_do_not(void)
{
	static const char *const entries[] = {
		"XDG_RUNTIME_DIR=/run", "DISPLAY=:0", "DISPLAY=", "STY=1", "SSH_=", "SSH_AUTH_SOCK=/x", "XDG_SEAT=1", "XDG_SEAT_PATH=1", "TMUX=1", "TMUX_PANE=1", "AWS_X=1",
		"TOKEN=1", "MY_TOKEN=1", "MYTOKENS=1", "PASSWD=1", "X_PASSWORD=", "APIKEY=1", "X_API_KEY_X=1", "A_DSN=1", "TTOKEN=1", "PAPASSW=1", "HULL_X=1", "=x", "novalue", "",
	};

	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (kept(entries[i], false) != 0) {
			printf("# %s\n", entries[i]);
			unit_failed = true;
		}
	CHECK(kept("SSH_AUTH_SOCK=/x", true) == 1); /* bubblewrap's callers clear it themselves */
	CHECK(kept("novalue", true) == 0);
}

static void long_names_do_not(void)
{
	char entry[LONGEST + 3];

	memset(entry, 'a', sizeof(entry));
	memcpy(entry + LONGEST, "=", 2);
	CHECK(kept(entry, false) == 1);
	memcpy(entry + LONGEST, "a=", 3);
	CHECK(kept(entry, false) == 0);
}

int main(void)
{
	if (arena_init(&arena) < 0)
		return 1;
	RUN(usual_ones_get_in);
	RUN(leaking_ones_do_not);
	RUN(long_names_do_not);
	arena_deinit(&arena);
	return unit_done();
}
