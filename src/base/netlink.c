/* The rtnetlink client: everything read from the kernel is measured before it is believed. */
#include "base/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/child.h"

/* messages and attributes start at multiples of four: NLMSG_ALIGNTO and NLA_ALIGNTO */
CHILD static size_t aligned(size_t length)
{
	return (length + 3) & ~(size_t)3;
}

/* Append bytes at the next aligned place and keep the message's length right. */
CHILD static void append(struct netlink_request *r, const void *data, size_t length)
{
	uint32_t total;

	if (length > sizeof(r->data) - 4 || aligned(r->length) > sizeof(r->data) - length) {
		r->cut = true;
		return;
	}
	r->length = aligned(r->length);
	if (length > 0)
		memcpy(r->data + r->length, data, length);
	r->length += length;
	total = (uint32_t)r->length;
	memcpy(r->data + offsetof(struct nlmsghdr, nlmsg_len), &total, sizeof(total));
}

CHILD void netlink_start(struct netlink_request *r, uint16_t type, uint16_t flags, const void *header, size_t length)
{
	struct nlmsghdr message = { .nlmsg_type = type, .nlmsg_flags = (uint16_t)(flags | NLM_F_REQUEST | NLM_F_ACK), .nlmsg_seq = 1 };

	memset(r, 0, sizeof(*r));
	append(r, &message, sizeof(message));
	append(r, header, length);
}

CHILD void netlink_add(struct netlink_request *r, uint16_t type, const void *data, size_t length)
{
	struct nlattr attribute = { .nla_type = type, .nla_len = (uint16_t)(sizeof(attribute) + length) };

	if (length > NETLINK_REQUEST_MAX || aligned(r->length) + sizeof(attribute) + length > sizeof(r->data)) {
		r->cut = true; /* not half an attribute */
		return;
	}
	append(r, &attribute, sizeof(attribute));
	append(r, data, length);
}

CHILD void netlink_add_string(struct netlink_request *r, uint16_t type, const char *s)
{
	netlink_add(r, type, s, strlen(s) + 1);
}

CHILD void netlink_add_u32(struct netlink_request *r, uint16_t type, uint32_t value)
{
	netlink_add(r, type, &value, sizeof(value));
}

CHILD int netlink_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? -errno : fd;
}

/* One datagram of the kernel's; others may write to our socket too, and are not listened to. Return: its length or -errno. */
CHILD static ssize_t receive(int fd, char *buffer, size_t size)
{
	struct sockaddr_nl from;
	socklen_t from_length;
	ssize_t n;

	do {
		from_length = sizeof(from);
		n = recvfrom(fd, buffer, size, MSG_TRUNC, (struct sockaddr *)&from, &from_length);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && (from_length != sizeof(from) || from.nl_pid != 0)));
	if (n < 0)
		return -errno;
	return (size_t)n > size ? -EMSGSIZE : n;
}

/*
 * The result that a control message carries: NLMSG_ERROR (0: the acknowledgement) or NLMSG_DONE.
 * Return: 1 and *ret_result, or 0: not a control message.
 */
CHILD static int is_end(const struct nlmsghdr *message, int *ret_result)
{
	const void *payload = netlink_payload(message, sizeof(int));

	if (message->nlmsg_type != NLMSG_ERROR && message->nlmsg_type != NLMSG_DONE)
		return 0;
	*ret_result = 0;
	if (payload)
		memcpy(ret_result, payload, sizeof(int)); /* struct nlmsgerr begins with the error, -errno */
	else if (message->nlmsg_type == NLMSG_ERROR)
		*ret_result = -EBADMSG;
	return 1;
}

/* Hand out the messages of one datagram. Return: 1 at the end of the answer, 0: more to come, or -EBADMSG. */
CHILD static int take_datagram(const char *data, size_t length, int (*answer)(void *, const struct nlmsghdr *), void *arg, int *result)
{
	const struct nlmsghdr *message;
	int end;

	for (; length >= sizeof(*message); data += aligned(message->nlmsg_len), length -= aligned(message->nlmsg_len)) {
		message = (const struct nlmsghdr *)(const void *)data;
		if (message->nlmsg_len < sizeof(*message) || aligned(message->nlmsg_len) > aligned(length))
			return -EBADMSG;
		if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0 && *result == 0)
			*result = -EAGAIN;
		if (is_end(message, &end)) {
			if (*result == 0)
				*result = end;
			return 1;
		}
		if (answer && *result == 0 && message->nlmsg_type >= NLMSG_MIN_TYPE)
			*result = answer(arg, message);
		if (aligned(message->nlmsg_len) >= length)
			return 0;
	}
	return length == 0 ? 0 : -EBADMSG;
}

CHILD int netlink_talk(int fd, struct netlink_request *r, int (*answer)(void *arg, const struct nlmsghdr *message), void *arg)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	_Alignas(struct nlmsghdr) char buffer[NETLINK_ANSWER_MAX];
	int result = 0, end;
	ssize_t n;

	if (r->cut)
		return -EMSGSIZE;
	do
		n = sendto(fd, r->data, r->length, 0, (const struct sockaddr *)&kernel, sizeof(kernel));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	do {
		n = receive(fd, buffer, sizeof(buffer));
		if (n < 0)
			return (int)n;
		end = take_datagram(buffer, (size_t)n, answer, arg, &result);
	} while (end == 0);
	return end < 0 ? end : result;
}

CHILD const void *netlink_payload(const struct nlmsghdr *message, size_t size)
{
	if (message->nlmsg_len < sizeof(*message) + size)
		return NULL;
	return (const char *)message + sizeof(*message);
}

CHILD const void *netlink_find(const struct nlmsghdr *message, size_t header, uint16_t type, size_t *ret_length)
{
	size_t place = sizeof(*message) + aligned(header), end = message->nlmsg_len;
	const char *data = (const char *)message;
	struct nlattr attribute;

	while (place + sizeof(attribute) <= end) {
		memcpy(&attribute, data + place, sizeof(attribute));
		if (attribute.nla_len < sizeof(attribute) || attribute.nla_len > end - place)
			return NULL;
		if ((attribute.nla_type & NLA_TYPE_MASK) == type) {
			*ret_length = attribute.nla_len - sizeof(attribute);
			return data + place + sizeof(attribute);
		}
		place += aligned(attribute.nla_len);
	}
	return NULL;
}
