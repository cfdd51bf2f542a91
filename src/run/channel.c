/* The channel: fixed-size records over SOCK_SEQPACKET, and the prose of faults. */
#include "run/channel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/scope.h"
#include "base/text.h"

/* The linker's names for the two ends of the section that FAULT() fills. */
extern const char __start_fault_text[] __attribute__((visibility("hidden")));
extern const char __stop_fault_text[] __attribute__((visibility("hidden")));

static const char *const aspect_names[] = {
#define X(id, name) [ASPECT_##id] = name,
	ASPECTS(X)
#undef X
};
_Static_assert(ARRAY_SIZE(aspect_names) == ASPECT_MAX, "every aspect has a name");

static const char *const phase_names[] = {
	[PHASE_CHECK] = "check", [PHASE_PREPARE] = "prepare", [PHASE_PARENT] = "parent", [PHASE_ENTER] = "enter",
	[PHASE_SETTLE] = "settle", [PHASE_SEAL] = "seal", [PHASE_EXEC] = "exec", [PHASE_UNDO] = "undo",
};
_Static_assert(ARRAY_SIZE(phase_names) == PHASE_MAX, "every phase has a name");

const char *aspect_name(enum aspect_id id)
{
	return (unsigned int)id < ASPECT_MAX ? aspect_names[id] : "?";
}

const char *phase_name(enum phase phase)
{
	return (unsigned int)phase < PHASE_MAX ? phase_names[phase] : "?";
}

CHILD int channel_send(int socket, const struct message *m, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec io = { (void *)(uintptr_t)m, sizeof(*m) };
	struct msghdr header = { .msg_iov = &io, .msg_iovlen = 1 };

	if (fd >= 0) {
		memset(&control, 0, sizeof(control));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
		header.msg_control = &control;
		header.msg_controllen = sizeof(control.room);
	} else if (m->type == MESSAGE_SEALED || m->type == MESSAGE_FAULT) {
		/* a system-call filter may be active: write(2) is what every filter lets through */
		ssize_t n = write(socket, m, sizeof(*m));

		return n == (ssize_t)sizeof(*m) ? 0 : -(n < 0 ? errno : EIO);
	}
	return sendmsg(socket, &header, MSG_NOSIGNAL) == (ssize_t)sizeof(*m) ? 0 : -errno;
}

CHILD int channel_receive(int socket, struct message *m, int *ret_fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec io = { m, sizeof(*m) };
	struct msghdr header = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control.room) };
	int fd = NO_FD;
	ssize_t n;

	memset(&control, 0, sizeof(control));
	/* ECONNRESET: the other side ended without having read all of ours. It is told once and before anything else: what was said last comes after it */
	do
		n = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return -errno;
	if (header.msg_controllen >= CMSG_LEN(sizeof(int)) && control.header.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(int));
	if (n != 0 && n != (ssize_t)sizeof(*m)) {
		(void)close_fd(fd);
		return -EBADMSG;
	}
	if (ret_fd)
		*ret_fd = fd;
	else
		(void)close_fd(fd);
	return n != 0;
}

/* Append @s to the text at @used; returns the new length. */
static CHILD size_t append(char *buffer, size_t size, size_t used, const char *s)
{
	while (*s && used + 1 < size)
		buffer[used++] = *s++;
	buffer[used] = '\0';
	return used;
}

CHILD void fault_render(char *buffer, size_t size, const char *text, const char *a, const char *b, int64_t number)
{
	char digits[TEXT_NUMBER_MAX + 1], *start = digits;
	size_t used = 0;

	if (number < 0)
		*start++ = '-';
	(void)text_from_u64(start, number < 0 ? -(uint64_t)number : (uint64_t)number); /* returns its argument */
	buffer[0] = '\0';
	for (; *text && used + 1 < size; text++) {
		if (text[0] == '%' && (text[1] == 'a' || text[1] == 'b' || text[1] == 'n')) {
			const char *subject = text[1] == 'a' ? a : text[1] == 'b' ? b : digits;

			used = append(buffer, size, used, subject ? subject : "");
			text++;
		} else {
			buffer[used++] = *text;
			buffer[used] = '\0';
		}
	}
}

/* A subject by its offset; the arena's last byte is always zero, so a string inside it ends inside it. */
static const char *subject(const struct plan *p, uint32_t offset)
{
	return offset != 0 && offset < p->arena->used ? p->arena->base + offset : NULL;
}

void channel_fault(const struct plan *p, const struct message *m, struct error *ret_error)
{
	size_t section = (size_t)(__stop_fault_text - __start_fault_text);
	const char *text = m->text < section ? __start_fault_text + m->text : "unknown fault";
	char prose[FAULT_TEXT_MAX], detail[FAULT_DETAIL_MAX + 1];
	bool bare = m->aspect == ASPECT_EXEC; /* engines match on the wording of runc here: nothing before it */

	fault_render(prose, sizeof(prose), text, subject(p, m->a), subject(p, m->b), m->number);
	memcpy(detail, m->detail, FAULT_DETAIL_MAX);
	detail[FAULT_DETAIL_MAX] = '\0';
	(void)fail(ret_error, m->errnum, "%s%s%s%s%s%s%s", bare ? "" : aspect_name(m->aspect), bare ? "" : ", ", bare ? "" : phase_name(m->phase),
		bare ? "" : ": ", prose, detail[0] ? ": " : "", detail); /* always -1; the error is the result */
}
