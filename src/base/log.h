/*
 * Where messages go: stderr for a person, and a file as text or JSON for an engine (FEATURES A1: --log, --log-format, --log-level).
 * Library code never prints: it logs to the sink that its caller gave it, or returns an error.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };
enum log_target { LOG_TO_FILE, LOG_TO_SYSLOG, LOG_TO_JOURNAL };

/*
 * @fd: the log file (O_APPEND), NO_FD: none.   @format, @level: of everything
 * @to_stderr: also write "NAME: message" to stderr, if it is not for debugging or there is no log file;  @level_prefix: with <SEVERITY> before it
 * @target, @ident: what @fd leads to, and the name used there (NULL: @name); log_open() sets them
 * @name: what the program was called as ("hull", "crun", "runc")
 */
struct log {
	int fd;
	enum log_format format;
	enum log_level level;
	bool to_stderr, level_prefix;
	enum log_target target;
	const char *ident;
	const char *name;
};

/**
 * log_write - write one message. JSON lines have the keys level, msg, time (RFC 3339), as runc prints them.
 * @format: no capital, no full stop.
 */
void log_write(const struct log *log, enum log_level level, const char *format, ...) __attribute__((format(printf, 3, 4)));

/**
 * log_open - open a destination: PATH, file:PATH, syslog:IDENT or journald:IDENT.
 * Return: 0, 1: nobody listens to syslog or journald here and nothing was opened, or -errno (-EINVAL: unknown scheme); log->fd is set (for syslog and
 * journald a connected datagram socket).
 */
int log_open(struct log *log, const char *destination);

#endif
