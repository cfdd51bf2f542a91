/*
 * A small rtnetlink(7) client: one request at a time, answered by messages, an acknowledgement, or an error. Fixed buffers, no allocation: all of
 * it may be called by child code.
 */
#ifndef BASE_NETLINK_H
#define BASE_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NETLINK_REQUEST_MAX = 512,
	NETLINK_ANSWER_MAX = 32768, /* the kernel's dumps come in parts of at most this */
};

/*
 * A request under construction. What does not fit sets @cut, and netlink_talk() refuses to send it.
 */
struct netlink_request {
	_Alignas(struct nlmsghdr) char data[NETLINK_REQUEST_MAX];
	size_t length;
	bool cut;
};

/**
 * netlink_start - begin a request.
 * @type: RTM_*.  @flags: NLM_F_* besides NLM_F_REQUEST and NLM_F_ACK, for example NLM_F_DUMP.
 * @header, @length: the fixed part: struct ifinfomsg, ifaddrmsg, …
 */
void netlink_start(struct netlink_request *r, uint16_t type, uint16_t flags, const void *header, size_t length);

/**
 * netlink_add - append an attribute.
 */
void netlink_add(struct netlink_request *r, uint16_t type, const void *data, size_t length);

/* netlink_add_string - with its zero, as the kernel's policies want it */
void netlink_add_string(struct netlink_request *r, uint16_t type, const char *s);

/* netlink_add_u32 - in the machine's byte order */
void netlink_add_u32(struct netlink_request *r, uint16_t type, uint32_t value);

/**
 * netlink_open - a socket to the network namespace that the caller is in; it stays there wherever the caller goes.
 * Return: a descriptor or -errno.
 */
int netlink_open(void);

/**
 * netlink_talk - send a request and read everything that answers it.
 * @answer: called for each message that is not an acknowledgement; NULL: they are skipped. A negative result is kept and the rest is read in silence.
 * Return: 0, what @answer returned, or -errno: of the kernel's answer, -EMSGSIZE (the request did not fit), -EAGAIN (a dump was disturbed).
 */
int netlink_talk(int fd, struct netlink_request *r, int (*answer)(void *arg, const struct nlmsghdr *message), void *arg);

/**
 * netlink_payload - the fixed part of a message, NULL if it is shorter than @size.
 */
const void *netlink_payload(const struct nlmsghdr *message, size_t size);

/**
 * netlink_find - an attribute of a message.
 * @header: size of the fixed part before the attributes.
 * @ret_length: bytes of the value; written when there is one.
 * Return: the value, NULL: absent.
 */
const void *netlink_find(const struct nlmsghdr *message, size_t header, uint16_t type, size_t *ret_length);

#endif
