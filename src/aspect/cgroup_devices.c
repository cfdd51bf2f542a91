/*
 * Device rules: which devices a container may make, read and write.
 *
 * The document's rules are played on a model of the kernel's v1 device list (a default, and exceptions from it); after them the devices that every
 * container has are allowed. The model is then written to v1's devices.deny and devices.allow, or compiled to an eBPF program for v2: so a
 * document means the same on both. A rule that the v1 list would swallow silently (an exception from an exception) is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "aspect/cgroup.h"
#include "base/io.h"
#include "base/scope.h"
#include "base/text.h"

/* What runc and crun allow in every container. Making any node is harmless: without a read or write rule it cannot be used. */
static const struct cgroup_device_rule always[] = {
	{ 'c', -1, -1, CGROUP_MKNOD },
	{ 'b', -1, -1, CGROUP_MKNOD },
	{ 'c', 1, 3, CGROUP_RWM },    /* null */
	{ 'c', 1, 5, CGROUP_RWM },    /* zero */
	{ 'c', 1, 7, CGROUP_RWM },    /* full */
	{ 'c', 1, 8, CGROUP_RWM },    /* random */
	{ 'c', 1, 9, CGROUP_RWM },    /* urandom */
	{ 'c', 5, 0, CGROUP_RWM },    /* tty */
	{ 'c', 5, 1, CGROUP_RWM },    /* console */
	{ 'c', 5, 2, CGROUP_RWM },    /* ptmx */
	{ 'c', 136, -1, CGROUP_RWM }, /* pts */
	{ 'c', 10, 200, CGROUP_RWM }, /* net/tun: runc since 1.2.4, crun */
};

static bool same_device(const struct cgroup_device_rule *a, const struct cgroup_device_rule *b)
{
	return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

static bool overlap(const struct cgroup_device_rule *a, const struct cgroup_device_rule *b)
{
	return a->type == b->type && (a->major == -1 || b->major == -1 || a->major == b->major) &&
	       (a->minor == -1 || b->minor == -1 || a->minor == b->minor) && (a->access & b->access);
}

/* whether every device of @narrow is one of @wide */
static bool covers(const struct cgroup_device_rule *wide, const struct cgroup_device_rule *narrow)
{
	return (wide->major == -1 || wide->major == narrow->major) && (wide->minor == -1 || wide->minor == narrow->minor);
}

static void add_exception(struct cgroup_device_policy *p, const struct cgroup_device_rule *rule)
{
	for (size_t i = 0; i < p->n; i++) {
		if (same_device(&p->v[i], rule)) {
			p->v[i].access |= rule->access;
			return;
		}
	}
	p->v[p->n++] = *rule;
}

/* Return: 0, or -1 when the rule would leave a wider exception in force. */
static int remove_exception(struct cgroup_device_policy *p, const struct cgroup_device_rule *rule)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n; i++)
		if (overlap(&p->v[i], rule) && !covers(rule, &p->v[i]))
			return -1;
	for (size_t i = 0; i < p->n; i++) {
		if (overlap(&p->v[i], rule))
			p->v[i].access &= ~rule->access;
		if (p->v[i].access)
			p->v[kept++] = p->v[i];
	}
	p->n = kept;
	return 0;
}

static int play(struct cgroup_device_policy *p, const struct cgroup_device_rule *rule, bool allow)
{
	if (allow == p->allow)
		return remove_exception(p, rule);
	add_exception(p, rule);
	return 0;
}

/* Return: bits, 0: a letter that is none. */
static unsigned int access_bits(const char *s)
{
	unsigned int bits = 0;

	if (!s || !s[0])
		return CGROUP_RWM;
	for (; *s; s++) {
		if (*s == 'r')
			bits |= CGROUP_READ;
		else if (*s == 'w')
			bits |= CGROUP_WRITE;
		else if (*s == 'm')
			bits |= CGROUP_MKNOD;
		else
			return 0;
	}
	return bits;
}

static int play_document(struct cgroup_device_policy *p, const struct device_rule *d, size_t index, struct error *error)
{
	struct cgroup_device_rule rule = {
		.major = d->major.set ? d->major.value : -1,
		.minor = d->minor.set ? d->minor.value : -1,
		.access = access_bits(d->access),
	};

	if (!rule.access)
		return fail(error, 0, "linux.resources.devices[%zu].access: expected letters of 'rwm', got '%s'", index, d->access);
	if (rule.major < -1 || rule.major > UINT32_MAX || rule.minor < -1 || rule.minor > UINT32_MAX)
		return fail(error, 0, "linux.resources.devices[%zu]: no device has number %" PRId64 ":%" PRId64, index, rule.major, rule.minor);
	if (!d->type || !d->type[0] || text_equal(d->type, "a")) { /* the kernel's "a" ignores numbers and access */
		p->allow = d->allow;
		p->n = 0;
		return 0;
	}
	if (!text_equal(d->type, "b") && !text_equal(d->type, "c") && !text_equal(d->type, "u"))
		return fail(error, 0, "linux.resources.devices[%zu].type: expected a, b or c, got '%s'", index, d->type);
	rule.type = d->type[0] == 'b' ? 'b' : 'c';
	if (play(p, &rule, d->allow) < 0)
		return fail(error, 0, "linux.resources.devices[%zu]: cannot %s a part of what an earlier rule with a wildcard %s", index,
			    d->allow ? "allow" : "deny", d->allow ? "denies" : "allows");
	return 0;
}

int cgroup_devices_compile(const struct device_rule_list *rules, struct arena *arena, struct error *error, struct cgroup_device_policy *ret_policy)
{
	struct cgroup_device_policy p = { .allow = false };

	if (rules->n > CGROUP_RULES_MAX)
		return fail(error, 0, "linux.resources.devices: more than %d rules", CGROUP_RULES_MAX);
	p.v = arena_many(arena, struct cgroup_device_rule, rules->n + ARRAY_SIZE(always));
	for (size_t i = 0; i < rules->n; i++)
		if (play_document(&p, &rules->v[i], i, error) < 0)
			return -1;
	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		(void)play(&p, &always[i], true); /* under "allow all but …", a wider denial stays in force: the document asked for it */
	*ret_policy = p;
	return 0;
}

/* Under deny-all one exception must grant all of the access; under allow-all one that touches any of it refuses (kernel: match_exception()). */
bool cgroup_devices_allowed(const struct cgroup_device_policy *policy, char type, int64_t major, int64_t minor, unsigned int access)
{
	for (size_t i = 0; i < policy->n; i++) {
		const struct cgroup_device_rule *e = &policy->v[i];

		if (e->type != type || (e->major != -1 && e->major != major) || (e->minor != -1 && e->minor != minor))
			continue;
		if (policy->allow ? (e->access & access) != 0 : (access & ~e->access) == 0)
			return !policy->allow;
	}
	return policy->allow;
}

/* ---- v1 ---- */

static const char *device_number(struct arena *arena, int64_t number)
{
	return number < 0 ? "*" : arena_printf(arena, "%" PRId64, number);
}

static int write_rule(int fd, const char *dir, const char *file, const char *rule, struct error *error)
{
	int r = io_write_all(fd, rule, strlen(rule));

	return r < 0 ? fail(error, r, "linux.resources.devices: cannot write '%s' to '%s/%s'", rule, dir, file) : 0;
}

static int write_exceptions(const struct cgroup_device_policy *policy, const char *dir, const char *file, struct arena *arena, struct error *error)
{
	scope_fd int fd = open(arena_printf(arena, "%s/%s", dir, file), O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(error, errno, "linux.resources.devices: cannot open '%s/%s'", dir, file);
	for (size_t i = 0; i < policy->n; i++) {
		const struct cgroup_device_rule *e = &policy->v[i];
		char access[4], *end = access;

		if (e->access & CGROUP_READ)
			*end++ = 'r';
		if (e->access & CGROUP_WRITE)
			*end++ = 'w';
		if (e->access & CGROUP_MKNOD)
			*end++ = 'm';
		*end = '\0';
		if (write_rule(fd, dir, file, arena_printf(arena, "%c %s:%s %s", e->type, device_number(arena, e->major),
							  device_number(arena, e->minor), access), error) < 0)
			return -1;
	}
	return 0;
}

int cgroup_devices_write_v1(const struct cgroup_device_policy *policy, const char *dir, struct arena *arena, struct error *error)
{
	const char *file = policy->allow ? "devices.allow" : "devices.deny";
	int r = io_write_file(AT_FDCWD, arena_printf(arena, "%s/%s", dir, file), "a", 1);

	if (r < 0)
		return fail(error, r, "linux.resources.devices: cannot write 'a' to '%s/%s'", dir, file);
	/* exceptions go to the file that is against the default */
	return policy->n > 0 ? write_exceptions(policy, dir, policy->allow ? "devices.deny" : "devices.allow", arena, error) : 0;
}

/* "*" or a number that ends at @end */
static const char *parse_number(const char *s, struct arena *arena, int64_t *ret_number)
{
	size_t digits = strspn(s, "0123456789");
	uint32_t number;

	if (*s == '*') {
		*ret_number = -1;
		return s + 1;
	}
	if (text_to_u32(arena_strndup(arena, s, digits), &number) < 0)
		return NULL;
	*ret_number = number;
	return s + digits;
}

/* What devices.list says: "c 1:3 rwm" a line. Under "a *:* rwm" the exceptions are not listed. */
static int read_v1(const char *dir, struct arena *arena, struct cgroup_device_policy *ret_policy)
{
	enum { LIST_TEXT_MAX = 1 << 20 };
	struct cgroup_device_policy p = { .allow = false };
	char *text, *line, *next;
	int r = io_read_file(AT_FDCWD, arena_printf(arena, "%s/devices.list", dir), LIST_TEXT_MAX, arena, &text, NULL);

	if (r < 0)
		return r;
	p.v = arena_many(arena, struct cgroup_device_rule, strlen(text) / 2 + 1);
	for (line = text; *line; line = next) {
		struct cgroup_device_rule rule = { .type = line[0] };
		const char *rest;

		next = line + strcspn(line, "\n");
		next += *next == '\n' ? (*next = '\0', 1) : 0;
		if (line[0] == 'a')
			p.allow = true;
		else if ((rest = parse_number(line + 2, arena, &rule.major)) && *rest == ':' && (rest = parse_number(rest + 1, arena, &rule.minor)) &&
			 *rest == ' ' && (rule.access = access_bits(rest + 1)))
			p.v[p.n++] = rule;
	}
	*ret_policy = p;
	return 0;
}

/* From one list of exceptions to another: first what is new, then away with what is gone. */
static int change_exceptions(const struct cgroup_device_policy *from, const struct cgroup_device_policy *to, const char *dir, struct arena *arena,
			     struct error *error)
{
	struct cgroup_device_policy gone = { .v = arena_many(arena, struct cgroup_device_rule, from->n + 1) };

	for (size_t i = 0; i < from->n; i++) {
		struct cgroup_device_rule rule = from->v[i];

		for (size_t k = 0; k < to->n; k++)
			if (same_device(&to->v[k], &rule))
				rule.access &= ~to->v[k].access;
		if (rule.access)
			gone.v[gone.n++] = rule;
	}
	return write_exceptions(to, dir, "devices.allow", arena, error) < 0 || write_exceptions(&gone, dir, "devices.deny", arena, error) < 0 ? -1 : 0;
}

int cgroup_devices_change_v1(const struct cgroup_device_policy *policy, const char *dir, struct arena *arena, struct error *error)
{
	struct cgroup_device_policy old;
	struct error unused;
	int r = read_v1(dir, arena, &old);

	if (r < 0)
		return fail(error, r, "linux.resources.devices: cannot read '%s/devices.list'", dir);
	if (old.allow || policy->allow) /* for a moment nothing, or everything, is allowed: v1 cannot do it at once */
		r = cgroup_devices_write_v1(policy, dir, arena, error);
	else
		r = change_exceptions(&old, policy, dir, arena, error);
	if (r < 0 && !old.allow && !policy->allow)
		(void)change_exceptions(policy, &old, dir, arena, &unused); /* the first error is the one to tell */
	else if (r < 0)
		(void)cgroup_devices_write_v1(&old, dir, arena, &unused);
	return r;
}
