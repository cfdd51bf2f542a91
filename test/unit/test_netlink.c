/* Netlink messages: built within their limits, read with suspicion; and one real question to the kernel. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include "base/netlink.h"
#include "base/scope.h"
#include "unit.h"

static void a_request_is_laid_out(void)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC, .ifi_index = 7 };
	struct netlink_request r;
	const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)r.data;
	const struct ifinfomsg *payload;
	const void *value;
	uint32_t number = 0;
	size_t length = 0;

	netlink_start(&r, RTM_GETLINK, NLM_F_DUMP, &link, sizeof(link));
	CHECK(r.length == 32 && m->nlmsg_len == 32 && m->nlmsg_type == RTM_GETLINK);
	CHECK(m->nlmsg_flags == (NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP));
	netlink_add_string(&r, IFLA_IFNAME, "eth0");
	CHECK(r.length == 32 + 4 + 5 && m->nlmsg_len == r.length);
	netlink_add_u32(&r, IFLA_NET_NS_FD, 9);
	CHECK(r.length == 32 + 12 + 8 && !r.cut);
	payload = netlink_payload(m, sizeof(*payload));
	CHECK(payload && payload->ifi_index == 7);
	value = netlink_find(m, sizeof(link), IFLA_IFNAME, &length);
	CHECK(value && length == 5 && strcmp(value, "eth0") == 0);
	value = netlink_find(m, sizeof(link), IFLA_NET_NS_FD, &length);
	CHECK(value && length == 4 && (memcpy(&number, value, 4), number == 9));
	CHECK(!netlink_find(m, sizeof(link), IFLA_MTU, &length));
	CHECK(!netlink_payload(m, 1000));
}

static void what_does_not_fit_is_not_sent(void)
{
	struct ifinfomsg link = { 0 };
	struct netlink_request r;
	char big[NETLINK_REQUEST_MAX] = "";
	size_t before;

	netlink_start(&r, RTM_GETLINK, 0, &link, sizeof(link));
	before = r.length;
	netlink_add(&r, IFLA_IFALIAS, big, sizeof(big) - before - 4);
	CHECK(!r.cut && r.length == NETLINK_REQUEST_MAX);
	netlink_add(&r, IFLA_IFALIAS, big, 0);
	CHECK(r.cut && r.length == NETLINK_REQUEST_MAX);
	netlink_start(&r, RTM_GETLINK, 0, &link, sizeof(link));
	CHECK(!r.cut);
	netlink_add(&r, IFLA_IFALIAS, big, sizeof(big) - before - 3);
	CHECK(r.cut && r.length == before);
	CHECK(netlink_talk(NO_FD, &r, NULL, NULL) == -EMSGSIZE);
}

/* lengths that a hostile or broken sender might write */
static void attributes_are_measured(void)
{
	_Alignas(struct nlmsghdr) char data[64] = "";
	struct nlmsghdr *m = (struct nlmsghdr *)(void *)data;
	struct nlattr *a = (struct nlattr *)(void *)(data + sizeof(*m));
	size_t length = 0;

	m->nlmsg_len = sizeof(*m) + sizeof(*a) + 4;
	*a = (struct nlattr){ .nla_len = 8, .nla_type = 3 };
	CHECK(netlink_find(m, 0, 3, &length) == a + 1 && length == 4);
	a->nla_len = 9; /* beyond the message */
	CHECK(!netlink_find(m, 0, 3, &length));
	a->nla_len = 3; /* shorter than itself: must not loop */
	CHECK(!netlink_find(m, 0, 3, &length));
	a->nla_len = 0;
	CHECK(!netlink_find(m, 0, 4, &length));
	m->nlmsg_len = sizeof(*m) + 2;
	CHECK(!netlink_find(m, 0, 3, &length));
	CHECK(!netlink_find(m, 100, 3, &length));
}

static int note_index(void *arg, const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = netlink_payload(message, sizeof(*link));

	*(int *)arg = link ? link->ifi_index : -1;
	return 0;
}

static int refuse(void *arg, const struct nlmsghdr *message)
{
	(void)message;
	++*(int *)arg;
	return -E2BIG;
}

static void the_kernel_answers(void)
{
	scope_fd int fd = netlink_open();
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	struct netlink_request r;
	int index = 0, calls = 0;

	CHECK(fd >= 0);
	netlink_start(&r, RTM_GETLINK, 0, &link, sizeof(link));
	netlink_add_string(&r, IFLA_IFNAME, "lo");
	CHECK(netlink_talk(fd, &r, note_index, &index) == 0 && index == (int)if_nametoindex("lo"));
	CHECK(netlink_talk(fd, &r, NULL, NULL) == 0);
	netlink_start(&r, RTM_GETLINK, 0, &link, sizeof(link));
	netlink_add_string(&r, IFLA_IFNAME, "no-such-link");
	CHECK(netlink_talk(fd, &r, note_index, &index) == -ENODEV);
	netlink_start(&r, RTM_GETLINK, NLM_F_DUMP, &link, sizeof(link));
	CHECK(netlink_talk(fd, &r, refuse, &calls) == -E2BIG && calls == 1);
	CHECK(netlink_talk(fd, &r, note_index, &index) == 0 && index > 0); /* nothing of the dump before is left */
}

int main(void)
{
	RUN(a_request_is_laid_out);
	RUN(what_does_not_fit_is_not_sent);
	RUN(attributes_are_measured);
	RUN(the_kernel_answers);
	return unit_done();
}
