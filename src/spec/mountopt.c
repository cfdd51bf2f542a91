/*
 * mounts[].options as data: one alphabetical table, a row an option, each with a kind that says which member of struct mount_flags it writes.
 * The last one of a contradicting pair wins. What the table does not know is the filesystem's.
 */
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>

#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"
#include "spec/oci.h"

enum kind {
	NOTHING,	/* accepted, means the default */
	DATA,		/* the filesystem's, as if it were not in the table, but one that it need not know (aspect/mountfd.h) */
	ATTR_ON,	/* MOUNT_ATTR_* of this mount */
	ATTR_OFF,
	REC_ON,		/* MOUNT_ATTR_* of the tree */
	REC_OFF,
	SB_ON,		/* MS_* of the superblock */
	SB_OFF,
	PROPAGATION,	/* MS_SHARED and friends, perhaps with MS_REC */
	SWITCH,		/* a bool of struct mount_flags, by its offset */
	BIND,		/* value: MS_REC for rbind */
	IDMAP,		/* likewise; may have a value behind "=" */
};

#define FIELD(member) offsetof(struct mount_flags, member)

/* X("name", kind, value), in alphabetical order: `features` prints it */
#define OPTIONS(X)                                           \
	X("acl", DATA, 0)                                    \
	X("async", SB_OFF, MS_SYNCHRONOUS)                   \
	X("atime", ATTR_OFF, MOUNT_ATTR_NOATIME)             \
	X("bind", BIND, 0)                                   \
	X("copy-symlink", SWITCH, FIELD(copy_symlink))       \
	X("defaults", NOTHING, 0)                            \
	X("dest-nofollow", SWITCH, FIELD(dest_nofollow))     \
	X("dev", ATTR_OFF, MOUNT_ATTR_NODEV)                 \
	X("diratime", ATTR_OFF, MOUNT_ATTR_NODIRATIME)       \
	X("dirsync", SB_ON, MS_DIRSYNC)                      \
	X("exec", ATTR_OFF, MOUNT_ATTR_NOEXEC)               \
	X("hull.dev", SWITCH, FIELD(devices))                \
	X("hull.tmp", SWITCH, FIELD(tmp_layer))              \
	X("idmap", IDMAP, 0)                                 \
	X("iversion", SB_ON, MS_I_VERSION)                   \
	X("lazytime", SB_ON, MS_LAZYTIME)                    \
	X("loud", SB_OFF, MS_SILENT)                         \
	X("mand", SB_ON, MS_MANDLOCK)                        \
	X("noacl", DATA, 0)                                  \
	X("noatime", ATTR_ON, MOUNT_ATTR_NOATIME)            \
	X("nodev", ATTR_ON, MOUNT_ATTR_NODEV)                \
	X("nodiratime", ATTR_ON, MOUNT_ATTR_NODIRATIME)      \
	X("noexec", ATTR_ON, MOUNT_ATTR_NOEXEC)              \
	X("nofail", SWITCH, FIELD(optional))                 \
	X("noiversion", SB_OFF, MS_I_VERSION)                \
	X("nolazytime", SB_OFF, MS_LAZYTIME)                 \
	X("nomand", SB_OFF, MS_MANDLOCK)                     \
	X("norelatime", ATTR_OFF, MOUNT_ATTR_RELATIME)       \
	X("nostrictatime", ATTR_OFF, MOUNT_ATTR_STRICTATIME) \
	X("nosuid", ATTR_ON, MOUNT_ATTR_NOSUID)              \
	X("nosymfollow", ATTR_ON, MOUNT_ATTR_NOSYMFOLLOW)    \
	X("private", PROPAGATION, MS_PRIVATE)                \
	X("ratime", REC_OFF, MOUNT_ATTR_NOATIME)             \
	X("rbind", BIND, MS_REC)                             \
	X("rdev", REC_OFF, MOUNT_ATTR_NODEV)                 \
	X("rdiratime", REC_OFF, MOUNT_ATTR_NODIRATIME)       \
	X("relatime", ATTR_ON, MOUNT_ATTR_RELATIME)          \
	X("remount", SWITCH, FIELD(remount))                 \
	X("rexec", REC_OFF, MOUNT_ATTR_NOEXEC)               \
	X("ridmap", IDMAP, MS_REC)                           \
	X("rnoatime", REC_ON, MOUNT_ATTR_NOATIME)            \
	X("rnodev", REC_ON, MOUNT_ATTR_NODEV)                \
	X("rnodiratime", REC_ON, MOUNT_ATTR_NODIRATIME)      \
	X("rnoexec", REC_ON, MOUNT_ATTR_NOEXEC)              \
	X("rnorelatime", REC_OFF, MOUNT_ATTR_RELATIME)       \
	X("rnostrictatime", REC_OFF, MOUNT_ATTR_STRICTATIME) \
	X("rnosuid", REC_ON, MOUNT_ATTR_NOSUID)              \
	X("rnosymfollow", REC_ON, MOUNT_ATTR_NOSYMFOLLOW)    \
	X("ro", ATTR_ON, MOUNT_ATTR_RDONLY)                  \
	X("rprivate", PROPAGATION, MS_PRIVATE | MS_REC)      \
	X("rrelatime", REC_ON, MOUNT_ATTR_RELATIME)          \
	X("rro", REC_ON, MOUNT_ATTR_RDONLY)                  \
	X("rrw", REC_OFF, MOUNT_ATTR_RDONLY)                 \
	X("rshared", PROPAGATION, MS_SHARED | MS_REC)        \
	X("rslave", PROPAGATION, MS_SLAVE | MS_REC)          \
	X("rstrictatime", REC_ON, MOUNT_ATTR_STRICTATIME)    \
	X("rsuid", REC_OFF, MOUNT_ATTR_NOSUID)               \
	X("rsymfollow", REC_OFF, MOUNT_ATTR_NOSYMFOLLOW)     \
	X("runbindable", PROPAGATION, MS_UNBINDABLE | MS_REC) \
	X("rw", ATTR_OFF, MOUNT_ATTR_RDONLY)                 \
	X("shared", PROPAGATION, MS_SHARED)                  \
	X("silent", SB_ON, MS_SILENT)                        \
	X("slave", PROPAGATION, MS_SLAVE)                    \
	X("src-nofollow", SWITCH, FIELD(src_nofollow))       \
	X("strictatime", ATTR_ON, MOUNT_ATTR_STRICTATIME)    \
	X("suid", ATTR_OFF, MOUNT_ATTR_NOSUID)               \
	X("symfollow", ATTR_OFF, MOUNT_ATTR_NOSYMFOLLOW)     \
	X("sync", SB_ON, MS_SYNCHRONOUS)                     \
	X("tmpcopyup", SWITCH, FIELD(tmpcopyup))             \
	X("unbindable", PROPAGATION, MS_UNBINDABLE)

static const struct option {
	const char *name;
	enum kind kind;
	uint64_t value;
} options_table[] = {
#define X(name, kind, value) { name, kind, value },
	OPTIONS(X)
#undef X
};

static const char *const option_names[] = {
#define X(name, kind, value) name,
	OPTIONS(X)
#undef X
	NULL,
};
_Static_assert(ARRAY_SIZE(option_names) == ARRAY_SIZE(options_table) + 1, "one name an option");

const char *const *spec_mount_option_names(void)
{
	return option_names;
}

/* the access-time modes are one number in these bits (mount_setattr(2)); relatime is 0 */
static bool is_atime(uint64_t value)
{
	return (value & ~(uint64_t)MOUNT_ATTR__ATIME) == 0;
}

/* Set an attribute. An access-time mode replaces the one before, and the whole field must be cleared along with it (mount_setattr(2)). */
static void attr_on(uint64_t *set, uint64_t *clear, uint64_t value)
{
	if (is_atime(value)) {
		*set = (*set & ~(uint64_t)MOUNT_ATTR__ATIME) | value;
		*clear |= MOUNT_ATTR__ATIME;
		return;
	}
	*set |= value;
	*clear &= ~value;
}

/* Clear an attribute. An access-time mode is given up for the kernel's default (relatime) if it is the current one. */
static void attr_off(uint64_t *set, uint64_t *clear, uint64_t value)
{
	if (is_atime(value)) {
		if ((*set & MOUNT_ATTR__ATIME) == value)
			*set &= ~(uint64_t)MOUNT_ATTR__ATIME;
		*clear |= MOUNT_ATTR__ATIME;
		return;
	}
	*set &= ~value;
	*clear |= value;
}

/* Room in the arrays was made for every option. */
static void apply(struct mount_flags *f, const struct option *o)
{
	unsigned long ms = (unsigned long)o->value;

	switch (o->kind) {
	case NOTHING:
	case DATA:
		break;
	case ATTR_ON:
		attr_on(&f->attr_set, &f->attr_clear, o->value);
		break;
	case ATTR_OFF:
		attr_off(&f->attr_set, &f->attr_clear, o->value);
		break;
	case REC_ON:
		attr_on(&f->rec_set, &f->rec_clear, o->value);
		break;
	case REC_OFF:
		attr_off(&f->rec_set, &f->rec_clear, o->value);
		break;
	case SB_ON:
		f->sb_set |= ms;
		f->sb_clear &= ~ms;
		break;
	case SB_OFF:
		f->sb_set &= ~ms;
		f->sb_clear |= ms;
		break;
	case PROPAGATION:
		f->propagation.v[f->propagation.n++] =
			(struct propagation){ .type = ms & ~(unsigned long)MS_REC, .recursive = (ms & MS_REC) != 0 };
		break;
	case SWITCH:
		*(bool *)((char *)f + o->value) = true;
		break;
	case BIND:
		f->bind = true;
		f->recursive |= (ms & MS_REC) != 0;
		break;
	case IDMAP:
		f->idmap = true;
		f->idmap_recursive = (ms & MS_REC) != 0;
		break;
	}
}

static const struct option *find(const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options_table); i++) {
		const char *known = options_table[i].name;

		if (known[0] == name[0] && strncmp(known, name, length) == 0 && known[length] == '\0')
			return &options_table[i];
	}
	return NULL;
}

/* Options of other programs that mount(8) does not pass on: "x-systemd.automount", "X-mount.mkdir", "comment=…" */
static bool is_comment(const char *option)
{
	return text_after(option, "x-") || text_after(option, "X-") || text_after(option, "comment=");
}

/* How many options an entry holds: "size=64k,mode=755" are two. Commas behind a backslash (overlayfs) or in quotes (SELinux) separate nothing. */
static size_t option_length(const char *s)
{
	bool quoted = false;
	size_t n;

	for (n = 0; s[n] && (quoted || s[n] != ','); n++) {
		if (s[n] == '"')
			quoted = !quoted;
		else if (s[n] == '\\' && s[n + 1])
			n++;
	}
	return n;
}

/* What the table does not know, for the filesystem. */
static void add_data(struct arena *arena, struct mount_flags *f, const char *option)
{
	size_t length;

	for (; *option; option += length + (option[length] == ',')) {
		length = option_length(option);
		if (length > 0)
			f->data.v[f->data.n++] = arena_strndup(arena, option, length);
	}
}

/* The most entries that add_data() can make of these options. */
static size_t data_limit(const struct string_list *options)
{
	size_t i, n = options->n;
	const char *p;

	for (i = 0; i < options->n; i++)
		for (p = options->v[i]; *p; p++)
			n += *p == ',';
	return n;
}

int spec_mount_options(struct arena *arena, struct error *e, const struct string_list *options, const char *place, struct mount_flags *ret_flags)
{
	struct mount_flags f = { 0 };
	const struct option *o;
	const char *name, *value;
	size_t i;

	f.data.v = arena_many(arena, char *, data_limit(options));
	f.propagation.v = arena_array(arena, options->n, sizeof(*f.propagation.v));
	for (i = 0; i < options->n; i++) {
		name = options->v[i];
		value = strchr(name, '=');
		o = find(name, value ? (size_t)(value - name) : strlen(name));
		if (is_comment(name))
			continue;
		if (!o || o->kind == DATA || (value && o->kind != IDMAP)) {
			add_data(arena, &f, name);
			continue;
		}
		if (value && !value[1])
			return fail(e, 0, "%s[%zu]: '%s' has no value: write it as 'idmap=uids=0-1000-1;gids=0-1000-1'", place, i, name);
		apply(&f, o);
		if (value)
			f.idmap_spec = arena_strdup(arena, value + 1);
	}
	f.readonly = (f.attr_set & MOUNT_ATTR_RDONLY) != 0;
	*ret_flags = f;
	return 0;
}
