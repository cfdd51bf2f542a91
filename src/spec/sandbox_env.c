/* The sandbox's environment: the caller's, without what leaks. */
#include "spec/sandbox.h"

#include <string.h>

#include "base/scope.h"

enum { NAME_LIMIT = 255 };

/*
 * Variables that do not get in unless they are asked for: they name sockets that the sandbox does not have, sessions that it is no part of, or secrets of
 * their owner's. hull-sandbox(1) lists them.
 */
static const char *const leaking_beginnings[] = {
	"XDG_RUNTIME_DIR=", "XDG_VTNR=", "DISPLAY=", "XAUTHORITY=", "ICEAUTHORITY=", "SESSION_MANAGER=", "STY=", "INVOCATION_ID=", "JOURNAL_STREAM=", "LISTEN_FDS=",
	"LISTEN_PID=", "LISTEN_FDNAMES=", "NOTIFY_SOCKET=", "DOCKER_HOST=", "CONTAINER_HOST=", "KUBECONFIG=", "DATABASE_URL=",
	"SSH_", "GPG_", "DBUS_", "XDG_SESSION_", "XDG_SEAT", "WAYLAND_", "PULSE_", "PIPEWIRE_", "TMUX", "WATCHDOG_", "SUDO_", "HULL_", "AWS_", "AZURE_",
	"GOOGLE_APPLICATION_",
};
/* None of them holds a '=': what begins in a name with one of them has it in the name. */
static const char *const leaking_parts[] = {
	"TOKEN", "SECRET", "PASSW", "PASSPHRASE", "CREDENTIAL", "API_KEY", "APIKEY", "PRIVATE_KEY", "_DSN",
};

/* Whether @s begins with one of @words. Nearly nothing does, and an environment is long: no calls. */
static bool begins_with(const char *s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *word = words[i];
		size_t at = 0;

		while (s[at] == word[at] && word[at])
			at++;
		if (!word[at])
			return true;
	}
	return false;
}

/* The letters that parts begin with, as bits. */
static uint32_t first_letters(void)
{
	uint32_t letters = 0;

	for (size_t i = 0; i < ARRAY_SIZE(leaking_parts); i++)
		letters |= 1u << (leaking_parts[i][0] & 31);
	return letters;
}

/* @length: of the name that @entry begins with;  @letters: first_letters() */
static bool leaks_out(const char *entry, size_t length, uint32_t letters)
{
	if (length > NAME_LIMIT)
		return true; /* nobody's usual variable */
	if (begins_with(entry, leaking_beginnings, ARRAY_SIZE(leaking_beginnings)))
		return true;
	for (size_t at = 0; at < length; at++)
		if ((letters >> (entry[at] & 31) & 1) && begins_with(entry + at, leaking_parts, ARRAY_SIZE(leaking_parts)))
			return true;
	return false;
}

static bool same_name(const char *entry, const char *name, size_t length)
{
	return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

/* "NAME=VALUE" sets, "NAME" removes. */
static void change(struct string_list *env, struct arena *arena, const char *entry)
{
	size_t length = strcspn(entry, "="), kept = 0;

	for (size_t i = 0; i < env->n; i++)
		if (!same_name(env->v[i], entry, length))
			env->v[kept++] = env->v[i];
	env->n = kept;
	if (entry[length] == '=')
		env->v[env->n++] = arena_strdup(arena, entry);
}

int sandbox_environment(struct arena *arena, struct error *e, const struct hull_sandbox_options *o, char *const *env, struct string_list *ret_env)
{
	struct string_list list = { 0 };
	const uint32_t letters = first_letters();
	size_t n = 0, changes = 0;

	while (env && env[n])
		n++;
	while (o->env && o->env[changes])
		changes++;
	if (n + changes > SANDBOX_ENV_MAX)
		return fail(e, 0, "the environment has more than %d variables", SANDBOX_ENV_MAX);
	list.v = arena_many(arena, char *, n + changes);
	for (size_t i = 0; i < n; i++) {
		const char *equal = strchr(env[i], '=');

		if (equal && equal != env[i] && (o->bare || !leaks_out(env[i], (size_t)(equal - env[i]), letters)))
			list.v[list.n++] = arena_strdup(arena, env[i]);
	}
	for (size_t i = 0; i < changes; i++) {
		if (o->env[i][0] == '=')
			return fail(e, 0, "--env: expected NAME=VALUE, got '%s'", o->env[i]);
		if (o->env[i][0] == '\0')
			list.n = 0;
		else
			change(&list, arena, o->env[i]);
	}
	*ret_env = list;
	return 0;
}
