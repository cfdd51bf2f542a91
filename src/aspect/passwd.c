/*
 * /etc/passwd of a hostile root filesystem, read without memory and without NSS: a small state machine over the characters, so that no line is too long
 * for it. What cannot be opened, is no regular file or names no absolute directory leaves HOME as it is.
 */
#include "aspect/passwd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aspect/environment.h"
#include "base/path.h"
#include "base/scope.h"

/* read at most that much: no honest file is larger, and the payload's start must not wait for a dishonest one */
enum { PASSWD_BUFFER = 2048, PASSWD_SIZE_MAX = 4 << 20, PASSWD_UID_FIELD = 2, PASSWD_HOME_FIELD = 5 };

/* where the path begins in "HOME=/" */
enum { HOME_PREFIX = sizeof("HOME=") - 1 };

/*
 * @field: of the line, from 0;  @uid, @is_number: what its third field says
 * @length: of the home directory so far, in @home
 */
struct scan {
	uid_t wanted;
	unsigned int field;
	uint64_t uid;
	bool is_number;
	char *home;
	size_t length;
};

static CHILD void start_line(struct scan *s)
{
	s->field = 0;
	s->uid = 0;
	s->is_number = false;
	s->length = 0;
}

static CHILD void add_digit(struct scan *s, char ch)
{
	if (ch < '0' || ch > '9' || s->uid > UINT32_MAX) {
		s->uid = UINT64_MAX; /* nobody's */
		return;
	}
	s->uid = s->uid * 10 + (uint64_t)(ch - '0');
	s->is_number = true;
}

static CHILD bool is_wanted(const struct scan *s)
{
	return s->field >= PASSWD_HOME_FIELD && s->is_number && s->uid == s->wanted;
}

/* Returns true at the end of the line that was looked for. */
static CHILD bool eat(struct scan *s, char ch)
{
	if (ch == '\n') {
		bool found = is_wanted(s);

		if (!found)
			start_line(s);
		return found;
	}
	if (ch == ':') {
		s->field++;
		return false;
	}
	if (s->field == PASSWD_UID_FIELD)
		add_digit(s, ch);
	else if (s->field == PASSWD_HOME_FIELD && s->is_number && s->uid == s->wanted && HOME_PREFIX + s->length < ENVIRONMENT_HOME_MAX - 1)
		s->home[HOME_PREFIX + s->length++] = ch;
	return false;
}

/* Feed the whole file. Returns true when the line was found. */
static CHILD bool scan_file(int fd, struct scan *s)
{
	char buffer[PASSWD_BUFFER];
	size_t total = 0;
	ssize_t n;

	while (total < PASSWD_SIZE_MAX) {
		do
			n = read(fd, buffer, sizeof(buffer));
		while (n < 0 && errno == EINTR);
		if (n <= 0)
			break;
		total += (size_t)n;
		for (ssize_t i = 0; i < n; i++)
			if (eat(s, buffer[i]))
				return true;
	}
	return is_wanted(s); /* a last line without its newline */
}

CHILD void passwd_home(int root, uid_t uid, char *home)
{
	struct scan s = { .wanted = uid, .home = home };
	struct stat st;
	int fd = path_open(root, "etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	bool found;

	if (fd < 0)
		return;
	found = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && scan_file(fd, &s);
	(void)close_fd(fd);
	if (!found || s.length == 0 || home[HOME_PREFIX] != '/') {
		home[HOME_PREFIX] = '/';
		s.length = 1;
	}
	home[HOME_PREFIX + s.length] = '\0';
}
