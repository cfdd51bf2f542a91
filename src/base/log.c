/* One message, up to three shapes: a line for a person, a line for an engine (text or JSON), a datagram for syslog or journald. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/io.h"
#include "base/scope.h"
#include "base/text.h"

enum { MESSAGE_MAX = 4096, LINE_MAX_BYTES = 6 * MESSAGE_MAX + 256 }; /* an escaped byte has six characters at most */

/* names as logrus has them, and syslog severities (syslog(3)) */
static const struct {
	const char *name;
	int severity;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", 3 },
	[LOG_LEVEL_WARNING] = { "warning", 4 },
	[LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
};

/* Append @message in quotes, escaped as JSON demands; a line stays one line. What is not UTF-8 becomes U+FFFD. */
static void add_quoted(struct text *t, const char *message)
{
	const unsigned char *p = (const unsigned char *)message;
	size_t length;

	text_add(t, "\"");
	for (; *p; p += length) {
		length = text_utf8_length(p);
		if (length == 0) {
			text_add(t, "\\ufffd");
			length = 1;
		} else if (*p == '"' || *p == '\\') {
			text_addf(t, "\\%c", *p);
		} else if (*p == '\n') {
			text_add(t, "\\n");
		} else if (*p < 0x20 || *p == 0x7f) {
			text_addf(t, "\\u%04x", *p);
		} else {
			text_addf(t, "%.*s", (int)length, (const char *)p);
		}
	}
	text_add(t, "\"");
}

/*
 * Append @message for a person's terminal, or for a syslog of one line a message. Images and hooks choose parts of it: line ends become spaces, and what a
 * terminal could take for a command (C0 and C1 control characters, bytes that are not UTF-8) becomes a question mark.
 */
static void add_plain(struct text *t, const char *message)
{
	const unsigned char *p = (const unsigned char *)message;
	size_t length;

	for (; *p; p += length) {
		bool control = *p < 0x20 || *p == 0x7f || (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0);

		length = text_utf8_length(p);
		if (*p == '\n' || *p == '\t')
			text_add(t, " ");
		else if (length == 0 || control)
			text_add(t, "?");
		else
			text_addf(t, "%.*s", (int)length, (const char *)p);
		length += length == 0;
	}
}

/* RFC 3339, UTC, nanoseconds: 2024-05-13T12:00:00.123456789Z */
static void add_time(struct text *t)
{
	struct timespec now;
	struct tm tm;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	(void)gmtime_r(&now.tv_sec, &tm);
	text_addf(t, "%04d-%02d-%02dT%02d:%02d:%02d.%09ldZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		  now.tv_nsec);
}

static void add_line(struct text *t, enum log_format format, enum log_level level, const char *message)
{
	if (format == LOG_FORMAT_JSON) {
		text_addf(t, "{\"level\":\"%s\",\"msg\":", levels[level].name);
		add_quoted(t, message);
		text_add(t, ",\"time\":\"");
		add_time(t);
		text_add(t, "\"}\n");
		return;
	}
	text_add(t, "time=\"");
	add_time(t);
	text_addf(t, "\" level=%s msg=", levels[level].name);
	add_quoted(t, message);
	text_add(t, "\n");
}

/* journald's native protocol: KEY=VALUE lines; a value that may hold anything is sent with its length in little endian */
static size_t journal_entry(char *buffer, size_t size, const char *ident, enum log_level level, const char *message)
{
	struct text t = text_on(buffer, size);
	uint64_t length = strlen(message);
	int i;

	text_addf(&t, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nMESSAGE\n", levels[level].severity, ident);
	if (size - t.length < length + 16)
		return 0; /* cannot be: the message has its limit */
	for (i = 0; i < 8; i++)
		t.data[t.length++] = (char)(length >> (8 * i) & 0xff);
	t.data[t.length] = '\0';
	text_add(&t, message);
	text_add(&t, "\n");
	return t.length;
}

static void write_destination(const struct log *log, enum log_level level, const char *message)
{
	const char *ident = log->ident && *log->ident ? log->ident : log->name;
	char line[LINE_MAX_BYTES];
	struct text t = text_on(line, sizeof(line));
	size_t length;

	/* A log that cannot be written must not stop the run, and there is nowhere to say so. */
	switch (log->target) {
	case LOG_TO_FILE:
		add_line(&t, log->format, level, message);
		(void)io_write_pipe(log->fd, line, t.length);
		break;
	case LOG_TO_SYSLOG:
		text_addf(&t, "<%d>%s[%d]: ", (1 << 3) | levels[level].severity, ident, (int)getpid()); /* facility 1: user */
		add_plain(&t, message);
		(void)send(log->fd, line, t.length, MSG_NOSIGNAL | MSG_DONTWAIT);
		break;
	case LOG_TO_JOURNAL:
		length = journal_entry(line, sizeof(line), ident, level, message);
		(void)send(log->fd, line, length, MSG_NOSIGNAL | MSG_DONTWAIT);
		break;
	}
}

static void write_stderr(const struct log *log, enum log_level level, const char *message)
{
	char line[LINE_MAX_BYTES];
	struct text t = text_on(line, sizeof(line));

	/* without a log file, --log-format=json speaks of stderr */
	if (log->fd < 0 && log->format == LOG_FORMAT_JSON) {
		add_line(&t, LOG_FORMAT_JSON, level, message);
	} else {
		if (log->level_prefix)
			text_addf(&t, "<%d>", levels[level].severity);
		text_addf(&t, "%s: %s", log->name ? log->name : "hull", level == LOG_LEVEL_WARNING ? "warning: " : level == LOG_LEVEL_DEBUG ? "debug: " : "");
		add_plain(&t, message);
		text_add(&t, "\n");
	}
	(void)io_write_pipe(STDERR_FILENO, line, t.length); /* nowhere left to complain */
}

void log_write(const struct log *log, enum log_level level, const char *format, ...)
{
	char message[MESSAGE_MAX];
	va_list args;

	if (!log || level > log->level)
		return;
	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args); /* a cut message is still a message */
	va_end(args);
	if (log->fd >= 0)
		write_destination(log, level, message);
	if (log->to_stderr && (log->fd < 0 || level < LOG_LEVEL_DEBUG)) /* a person who asks for a log looks for details there */
		write_stderr(log, level, message);
}

/* Open a datagram socket's destination. */
static int open_socket(struct log *log, enum log_target target, const char *path, const char *ident)
{
	int fd = fd_connect(path, SOCK_DGRAM);

	if (fd < 0)
		return fd == -ENOENT || fd == -ECONNREFUSED ? 1 : fd;
	log->fd = fd;
	log->target = target;
	log->ident = ident;
	return 0;
}

int log_open(struct log *log, const char *destination)
{
	const char *rest = text_after(destination, "syslog:");
	const char *colon, *slash;
	int fd;

	if (rest)
		return open_socket(log, LOG_TO_SYSLOG, "/dev/log", rest);
	rest = text_after(destination, "journald:");
	if (rest)
		return open_socket(log, LOG_TO_JOURNAL, "/run/systemd/journal/socket", rest);
	rest = text_after(destination, "file:");
	if (!rest) {
		/* "x:y" names a scheme that we do not have; "/x:y" and "./x:y" are paths */
		colon = strchr(destination, ':');
		slash = strchr(destination, '/');
		if (colon && (!slash || colon < slash))
			return -EINVAL;
		rest = destination;
	}
	fd = open(rest, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
	if (fd < 0)
		return -errno;
	log->fd = fd;
	log->target = LOG_TO_FILE;
	return 0;
}
