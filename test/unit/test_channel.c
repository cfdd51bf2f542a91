/* The channel: what is sent arrives, what is hostile is seen through, and faults become prose. */
#include "run/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scope.h"
#include "unit.h"

extern const char __start_fault_text[] __attribute__((visibility("hidden")));
extern const char __stop_fault_text[] __attribute__((visibility("hidden")));

static struct arena arena;
static struct plan plan = { .arena = &arena };

/* ---- fault_render ---- */

static const char *render(char *buffer, size_t size, const char *text, const char *a, const char *b, int64_t number)
{
	memset(buffer, 'X', size);
	fault_render(buffer, size, text, a, b, number);
	return buffer;
}

static void subjects_and_numbers_are_put_in(void)
{
	char buffer[64];

	CHECK_STRING(render(buffer, sizeof(buffer), "cannot mount '%a' on '%b'", "proc", "/proc", 0), "cannot mount 'proc' on '/proc'");
	CHECK_STRING(render(buffer, sizeof(buffer), "%n of %n", NULL, NULL, -42), "-42 of -42");
	CHECK_STRING(render(buffer, sizeof(buffer), "%n", NULL, NULL, INT64_MIN), "-9223372036854775808");
	CHECK_STRING(render(buffer, sizeof(buffer), "%n", NULL, NULL, INT64_MAX), "9223372036854775807");
	CHECK_STRING(render(buffer, sizeof(buffer), "'%a' '%b'", NULL, NULL, 0), "'' ''");
}

static void other_percent_signs_stay(void)
{
	char buffer[64];

	CHECK_STRING(render(buffer, sizeof(buffer), "100% %s %", "a", "b", 0), "100% %s %");
	CHECK_STRING(render(buffer, sizeof(buffer), "%%a", "a", NULL, 0), "%a");
	/* a subject is not read again */
	CHECK_STRING(render(buffer, sizeof(buffer), "'%a' %n", "%b%n%s", "no", 1), "'%b%n%s' 1");
}

static void every_size_is_kept_to(void)
{
	static const char whole[] = "cannot open 'subject' of 'another': 12345";
	char buffer[sizeof(whole) + 8];

	for (size_t size = 1; size <= sizeof(buffer); size++) {
		size_t length;

		memset(buffer, 'X', sizeof(buffer));
		fault_render(buffer, size, "cannot open '%a' of '%b': %n", "subject", "another", 12345);
		length = strnlen(buffer, size);
		CHECK(length < size);
		CHECK(length == (size - 1 < sizeof(whole) - 1 ? size - 1 : sizeof(whole) - 1));
		CHECK(memcmp(buffer, whole, length) == 0);
		for (size_t i = size; i < sizeof(buffer); i++)
			CHECK(buffer[i] == 'X');
	}
}

/* ---- channel_fault ---- */

static uint32_t offset(const char *s)
{
	return (uint32_t)(s - arena.base);
}

static struct message fault(const char *text)
{
	return (struct message){ .type = MESSAGE_FAULT, .aspect = ASPECT_MOUNTS, .phase = PHASE_ENTER, .text = (uint32_t)(text - __start_fault_text) };
}

static const char *prose(const struct message *m)
{
	static struct error e;

	memset(&e, 0, sizeof(e));
	channel_fault(&plan, m, &e);
	return e.text;
}

static void a_fault_becomes_prose(void)
{
	struct message m = fault(FAULT("cannot mount '%a' on '%b' (%n)"));
	struct error e = { 0 };

	m.a = offset(arena_strdup(&arena, "proc"));
	m.b = offset(arena_strdup(&arena, "/proc"));
	m.number = 3;
	m.errnum = EPERM;
	CHECK_STRING(prose(&m), "mounts, enter: cannot mount 'proc' on '/proc' (3): Operation not permitted");
	channel_fault(&plan, &m, &e);
	CHECK(e.errnum == EPERM);
	memcpy(m.detail, "proc: Unknown parameter 'x'", 28);
	m.errnum = 0;
	CHECK_STRING(prose(&m), "mounts, enter: cannot mount 'proc' on '/proc' (3): proc: Unknown parameter 'x'");
}

static void exec_speaks_like_runc(void)
{
	struct message m = fault(FAULT("exec: \"%a\": executable file not found in $PATH"));

	m.aspect = ASPECT_EXEC;
	m.a = offset(arena_strdup(&arena, "nope"));
	CHECK_STRING(prose(&m), "exec: \"nope\": executable file not found in $PATH");
}

static void hostile_texts_are_not_read(void)
{
	static const uint32_t beyond[] = { 1u << 20, INT32_MAX, UINT32_MAX };
	size_t section = (size_t)(__stop_fault_text - __start_fault_text);
	struct message m = fault(FAULT("x"));

	m.text = (uint32_t)section;
	CHECK_STRING(prose(&m), "mounts, enter: unknown fault");
	for (size_t i = 0; i < ARRAY_SIZE(beyond); i++) {
		m.text = beyond[i];
		CHECK_STRING(prose(&m), "mounts, enter: unknown fault");
	}
}

static void hostile_subjects_are_not_read(void)
{
	const uint32_t beyond[] = { 0, (uint32_t)arena.used, (uint32_t)arena.used + 1, (uint32_t)arena.used + (1u << 24), INT32_MAX, UINT32_MAX };
	struct message m = fault(FAULT("'%a' '%b'"));

	for (size_t i = 0; i < ARRAY_SIZE(beyond); i++) {
		m.a = m.b = beyond[i];
		CHECK_STRING(prose(&m), "mounts, enter: '' ''");
	}
}

/* A subject that runs to the end of what is allocated ends there: what follows is zero. */
static void unterminated_subjects_end(void)
{
	struct message m = fault(FAULT("'%a'"));
	char *last = arena_alloc(&arena, 32);
	const char *text;

	memset(last, 'y', 32);
	m.a = offset(last + 31);
	text = prose(&m);
	CHECK(strncmp(text, "mounts, enter: 'y", 17) == 0 && strlen(text) < 64);
	/* one that is longer than a message is cut */
	last = arena_alloc(&arena, 2 * FAULT_TEXT_MAX);
	memset(last, 'z', 2 * FAULT_TEXT_MAX - 1);
	m.a = offset(last);
	CHECK(strlen(prose(&m)) < FAULT_TEXT_MAX + 32);
}

static void hostile_numbers_have_names(void)
{
	struct message m = fault(FAULT("x"));

	m.aspect = UINT16_MAX;
	m.phase = UINT16_MAX;
	CHECK_STRING(prose(&m), "?, ?: x");
	m.aspect = ASPECT_MAX;
	m.phase = PHASE_MAX;
	CHECK_STRING(prose(&m), "?, ?: x");
}

static void an_unterminated_detail_ends(void)
{
	struct message m = fault(FAULT("x"));

	memset(m.detail, 'd', sizeof(m.detail));
	CHECK(strlen(prose(&m)) == strlen("mounts, enter: x: ") + FAULT_DETAIL_MAX);
}

/* ---- the socket ---- */

static int open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void make_pair(int pair[2])
{
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
}

static void close_pair(int pair[2])
{
	(void)close_fd(pair[0]);
	(void)close_fd(pair[1]);
}

static void messages_arrive(void)
{
	static const uint32_t types[] = { MESSAGE_GO, MESSAGE_SEALED, MESSAGE_FAULT, MESSAGE_WARNING };
	struct message sent = { .number = -7, .a = 1, .b = 2, .text = 3 }, got;
	int pair[2], fd;

	make_pair(pair);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		sent.type = types[i];
		CHECK(channel_send(pair[0], &sent, -1) == 0);
		memset(&got, 0xff, sizeof(got));
		CHECK(channel_receive(pair[1], &got, &fd) == 1);
		CHECK(memcmp(&sent, &got, sizeof(got)) == 0);
		CHECK(fd == NO_FD);
	}
	close_pair(pair);
}

static void descriptors_come_along(void)
{
	struct message m = { .type = MESSAGE_FD, .number = CHANNEL_FD_CONSOLE };
	int pair[2], fd = NO_FD, null = open("/dev/null", O_RDONLY | O_CLOEXEC), before;
	struct stat here, there;

	make_pair(pair);
	before = open_descriptors();
	CHECK(channel_send(pair[0], &m, null) == 0);
	CHECK(channel_receive(pair[1], &m, &fd) == 1);
	CHECK(fd >= 0 && fstat(null, &here) == 0 && fstat(fd, &there) == 0 && here.st_rdev == there.st_rdev);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	(void)close_fd(fd);
	/* one that nobody expects is not kept */
	CHECK(channel_send(pair[0], &m, null) == 0);
	CHECK(channel_receive(pair[1], &m, NULL) == 1);
	CHECK(open_descriptors() == before);
	(void)close_fd(null);
	close_pair(pair);
}

static void wrong_sizes_are_refused(void)
{
	static const size_t sizes[] = { 1, sizeof(struct message) - 1 };
	struct message m;
	char bytes[2 * sizeof(struct message)] = { 0 };
	int pair[2], fd, before;

	make_pair(pair);
	before = open_descriptors();
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		CHECK(write(pair[0], bytes, sizes[i]) == (ssize_t)sizes[i]);
		CHECK(channel_receive(pair[1], &m, &fd) == -EBADMSG);
	}
	/* with a descriptor: it is closed */
	CHECK(fd_send(pair[0], bytes, 3, &pair[0], 1) >= 0);
	CHECK(channel_receive(pair[1], &m, &fd) == -EBADMSG);
	CHECK(open_descriptors() == before);
	close_pair(pair);
}

static void end_of_file_is_zero(void)
{
	struct message m = { .type = MESSAGE_GO };
	int pair[2], fd;

	make_pair(pair);
	(void)close_fd(pair[0]);
	CHECK(channel_receive(pair[1], &m, &fd) == 0);
	CHECK(channel_send(pair[1], &m, -1) == -EPIPE); /* and no SIGPIPE */
	(void)close_fd(pair[1]);
}

int main(void)
{
	if (arena_init(&arena) < 0)
		return 1;
	(void)arena_alloc(&arena, 16);
	RUN(subjects_and_numbers_are_put_in);
	RUN(other_percent_signs_stay);
	RUN(every_size_is_kept_to);
	RUN(a_fault_becomes_prose);
	RUN(exec_speaks_like_runc);
	RUN(hostile_texts_are_not_read);
	RUN(hostile_subjects_are_not_read);
	RUN(unterminated_subjects_end);
	RUN(hostile_numbers_have_names);
	RUN(an_unterminated_detail_ends);
	RUN(messages_arrive);
	RUN(descriptors_come_along);
	RUN(wrong_sizes_are_refused);
	RUN(end_of_file_is_zero);
	arena_deinit(&arena);
	return unit_done();
}
